"""Waiting and stopping, on the local host's own task hub: long waits go on in new generations, stops unwind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.client import SyncDurableFunctionsClient
from core_support import next_id
from durabletask.task import OrchestrationContext
from hub_support import hub_of

from orchestrators.waiting import MAX_WAITS, Steps, Tally, generations, step
from orchestrators.windows import fan_out
from shared.outcomes import Done, Failed, Json, Stopped, Wait, to_dict
from shared.starting import ensure_running

CALLS: dict[str, list[int]] = {}  # per instance: how far the state of each call had counted

app = df.DFApp()


def count_up(payload: dict) -> dict:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Waits until it has been called so often, and remembers that in its state alone."""
    position = int(payload.get("position", 0))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    CALLS.setdefault(payload["name"], []).append(position)  # pyright: ignore[reportUnknownArgumentType]
    now = datetime.now(UTC)
    if position < payload["times"]:
        return to_dict(Wait(now, {"position": position + 1}), now)
    return to_dict(Done({"reached": position}), now)


def told(payload: dict) -> dict:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Stopped from the third child on."""
    CALLS.setdefault(payload["name"], []).append(payload["child"])  # pyright: ignore[reportUnknownArgumentType]
    return to_dict(Stopped() if payload["child"] >= 2 else Done(), datetime.now(UTC))


@generations
def patient(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    first = yield from step(ctx, count_up, {**payload, "times": 1}, tally)
    second = yield from step(ctx, count_up, payload, tally)
    assert not isinstance(first, Failed)
    assert not isinstance(second, Failed)
    return {"reached": second.value["reached"]}


@generations
def child(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    yield from step(ctx, told, payload, tally)
    return {}


@generations
def parent(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    def start(number: int) -> Any:
        return ctx.call_sub_orchestrator(child.__name__, input={**payload, "child": number})

    yield from fan_out(range(10), start, 2)
    return {"stopped": False}


for orchestrator in (patient, parent, child):
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in (count_up, told):
    app.activity_trigger(input_name="payload")(activity)


@pytest.fixture(scope="module")
def client() -> Iterator[SyncDurableFunctionsClient]:
    with hub_of(app) as client:
        yield client


def run(client: SyncDurableFunctionsClient, name: str, **payload: Any) -> Any:
    instance = next_id("w")
    ensure_running(client, name, instance, {"scale": 0.01, "name": instance, **payload})
    state = client.wait_for_orchestration_completion(instance, timeout=120)
    assert state is not None
    assert state.serialized_output is not None, state.failure_details
    return instance, json.loads(state.serialized_output)


def test_waiting_longer_than_a_generation_lasts_is_no_failure(client: SyncDurableFunctionsClient) -> None:
    instance, output = run(client, "patient", times=MAX_WAITS + 20)
    assert output == {"reached": MAX_WAITS + 20}
    first, rest = CALLS[instance][:2], CALLS[instance][2:]
    assert first == [0, 1]
    # The new generation begins with the first step again, which only looks, and goes on with the second's state.
    again = rest.index(0, 1)
    assert rest[again : again + 2] == [0, 1]
    counted = rest[:again] + rest[again + 2 :]
    assert counted == list(range(MAX_WAITS + 21))


def test_a_stopped_child_lets_no_other_begin_and_unwinds_its_parent(
    client: SyncDurableFunctionsClient,
) -> None:
    instance, output = run(client, "parent")
    assert output == {"stopped": True}
    assert sorted(CALLS[instance])[:3] == [0, 1, 2]
    assert max(CALLS[instance]) <= 3, "no child was started after the first that was stopped"
