"""Recorded histories replay with the orchestrator that made them, and with no other."""

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from durabletask import task
from local_support import Running, eventually

from local.errors import HistoryMismatch
from local.hub import TaskHub
from local.recording import RecordedHistory, Recorder, record
from local.replay import replay


def journey(ctx: task.OrchestrationContext, number: int) -> Any:
    first = yield ctx.call_activity("double", input=number)
    yield ctx.create_timer(timedelta(milliseconds=20))
    child = yield ctx.call_sub_orchestrator("child", input={"activities": 1}, instance_id="journey-child")
    return (yield ctx.call_activity("echo_async", input=[first, child]))


def without_timer(ctx: task.OrchestrationContext, number: int) -> Any:
    first = yield ctx.call_activity("double", input=number)
    child = yield ctx.call_sub_orchestrator("child", input={"activities": 1}, instance_id="journey-child")
    return (yield ctx.call_activity("echo_async", input=[first, child]))


def with_another_activity_at_the_end(ctx: task.OrchestrationContext, number: int) -> Any:
    result = yield from journey(ctx, number)  # type: ignore[misc]
    yield ctx.call_activity("double", input=1)
    return result


def renamed(ctx: task.OrchestrationContext, number: int) -> Any:
    first = yield ctx.call_activity("triple", input=number)
    yield ctx.create_timer(timedelta(milliseconds=20))
    return first


def reordered(ctx: task.OrchestrationContext, number: int) -> Any:
    yield ctx.create_timer(timedelta(milliseconds=20))
    return (yield ctx.call_activity("double", input=number))


def other_input(ctx: task.OrchestrationContext, number: int) -> Any:
    first = yield ctx.call_activity("double", input=number + 1)
    yield ctx.create_timer(timedelta(milliseconds=20))
    child = yield ctx.call_sub_orchestrator("child", input={"activities": 1}, instance_id="journey-child")
    return (yield ctx.call_activity("echo_async", input=[first, child]))


def other_child(ctx: task.OrchestrationContext, number: int) -> Any:
    first = yield ctx.call_activity("double", input=number)
    yield ctx.create_timer(timedelta(milliseconds=20))
    yield ctx.call_sub_orchestrator("child", input={"activities": 1}, instance_id="another")
    return first


def other_result(ctx: task.OrchestrationContext, number: int) -> Any:
    yield from journey(ctx, number)  # type: ignore[misc]
    return "something else"


CHANGED = [
    without_timer,
    with_another_activity_at_the_end,
    renamed,
    reordered,
    other_input,
    other_child,
    other_result,
]


@pytest.fixture
def history(start_host: Callable[..., Running], tmp_path: Path) -> RecordedHistory:
    running = start_host(orchestrators=[journey])
    running.run("journey", 21, instance_id="j")
    path = record(running.host.hub, "j").save(tmp_path / "journey.json")
    return RecordedHistory.load(path)


def test_an_unchanged_orchestrator_replays_to_its_result(history: RecordedHistory) -> None:
    assert replay(journey, history) == [42, 0]


@pytest.mark.parametrize("orchestrator", CHANGED, ids=lambda f: f.__name__)
def test_a_changed_orchestrator_is_found(history: RecordedHistory, orchestrator: Callable[..., Any]) -> None:
    with pytest.raises(HistoryMismatch):
        replay(orchestrator, history)


def test_a_history_is_the_same_after_a_round_trip(history: RecordedHistory) -> None:
    assert RecordedHistory.from_dict(copy.deepcopy(history.to_dict())) == history


def test_executions_ended_by_continue_as_new_are_recorded_too(
    start_host: Callable[..., Running], tmp_path: Path
) -> None:
    running = start_host(hub=TaskHub(on_execution_end=Recorder(tmp_path)))
    start = {"ticks": 0, "until": 2, "timeout_ms": 60_000}
    running.client.schedule_new_orchestration("counting", input=start, instance_id="c/1")
    running.client.raise_orchestration_event("c/1", "tick")
    running.client.raise_orchestration_event("c/1", "tick")
    files = eventually(lambda: found if len(found := sorted(tmp_path.iterdir())) == 2 else [])
    assert [path.name for path in files] == ["counting.c_1.1.json", "counting.c_1.2.json"]
    results = [replay(running.sample.counting, RecordedHistory.load(path)) for path in files]
    assert results[1] == {"ticks": 2}


def test_the_handle_of_a_registered_orchestrator_replays_too(running: Running) -> None:
    running.run("retrying", {"key": "k", "succeeds_at": 2}, instance_id="r")
    handle = running.host.functions.orchestrators["retrying"].call
    assert replay(handle, record(running.host.hub, "r")) == "at last"


def test_a_history_still_open_replays_as_far_as_it_goes(running: Running) -> None:
    running.client.schedule_new_orchestration("waiting", instance_id="w")
    eventually(lambda: (s := running.client.get_orchestration_state("w")) and s.serialized_custom_status)
    assert replay(running.sample.waiting, record(running.host.hub, "w")) is None
