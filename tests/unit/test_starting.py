"""Starting by id, against the local host's own task hub: running instances are left alone, ended ones replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.client import SyncDurableFunctionsClient
from core_support import at_once, next_id
from hub_support import hub_of

from local.host import LocalHost
from local.settings import HostSettings
from shared.errors import Away
from shared.starting import ensure_running

app = df.DFApp()


def wait_for_word(ctx: Any, payload: dict[str, Any]) -> Any:
    """Ends when told to; its output says which start it came from."""
    word = yield ctx.wait_for_external_event("go")
    if word == "fail":
        raise RuntimeError("told to")
    return payload


app.orchestration_trigger(context_name="ctx")(wait_for_word)
NAME = wait_for_word.__name__


@pytest.fixture(scope="module")
def client() -> Iterator[SyncDurableFunctionsClient]:
    with hub_of(app) as client:
        yield client


def ended(client: SyncDurableFunctionsClient, instance: str, word: str = "end") -> Any:
    client.raise_orchestration_event(instance, "go", data=word)
    state = client.wait_for_orchestration_completion(instance, timeout=30)
    assert state is not None
    return state


def output(state: Any) -> Any:
    return json.loads(state.serialized_output)


def test_an_instance_is_started_under_its_id(client: SyncDurableFunctionsClient) -> None:
    instance = next_id("s")
    ensure_running(client, NAME, instance, {"n": 1})
    assert output(ended(client, instance)) == {"n": 1}


def test_a_running_instance_is_left_alone(client: SyncDurableFunctionsClient) -> None:
    instance = next_id("s")
    ensure_running(client, NAME, instance, {"n": 1})
    client.wait_for_orchestration_start(instance, timeout=30)
    ensure_running(client, NAME, instance, {"n": 2})
    assert output(ended(client, instance)) == {"n": 1}


@pytest.mark.parametrize("word", ["end", "fail"])
def test_an_ended_instance_is_replaced(client: SyncDurableFunctionsClient, word: str) -> None:
    instance = next_id("s")
    ensure_running(client, NAME, instance, {"n": 1})
    ended(client, instance, word)
    ensure_running(client, NAME, instance, {"n": 2})
    assert output(ended(client, instance)) == {"n": 2}


def test_a_terminated_instance_is_replaced(client: SyncDurableFunctionsClient) -> None:
    instance = next_id("s")
    ensure_running(client, NAME, instance, {"n": 1})
    client.terminate_orchestration(instance)
    client.wait_for_orchestration_completion(instance, timeout=30)
    ensure_running(client, NAME, instance, {"n": 2})
    assert output(ended(client, instance)) == {"n": 2}


def test_of_many_starters_at_once_one_wins_and_none_fails(client: SyncDurableFunctionsClient) -> None:
    instance = next_id("s")
    jobs = [
        lambda number=number: ensure_running(client, NAME, instance, {"n": number}) for number in range(8)
    ]
    assert at_once(*jobs) == [None] * 8
    assert output(ended(client, instance))["n"] in range(8)


def test_a_hub_that_is_away_is_told_from_other_refusals() -> None:
    with LocalHost(df.DFApp(), HostSettings.from_host_json({})) as host:
        gone = SyncDurableFunctionsClient(host.client_configuration)
    with pytest.raises(Away):
        ensure_running(gone, NAME, next_id("s"), {})
    gone.close()
