"""Durable flows through the host: chains, retries, events, continue-as-new, sub-orchestrations, ids."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from durabletask.client import OrchestrationStatus
from local_support import Running, eventually, output

from local.host import LocalHost
from local.hub import TaskHub


def test_a_chain_of_activities_completes(running: Running) -> None:
    state = running.run("chain", 1)
    assert state.runtime_status is OrchestrationStatus.COMPLETED
    assert output(state) == 8


@pytest.mark.parametrize(
    "payload",
    [None, 0, "", "text", "[1]", "null", [], {}, {"a": [1, None, {"é": "√"}]}, 1.5, True, "\u2028 🎈"],
    ids=repr,
)
def test_json_passes_an_activity_unchanged(running: Running, payload: object) -> None:
    assert output(running.run("fidelity", payload)) == payload


def test_an_activity_is_retried_by_its_policy(running: Running) -> None:
    assert output(running.run("retrying", {"key": "k", "succeeds_at": 3})) == "at last"
    assert len(running.sample.SEEN["k"]) == 3


def test_the_policy_gives_up(running: Running) -> None:
    state = running.run("retrying", {"key": "k", "succeeds_at": 4})
    assert state.runtime_status is OrchestrationStatus.FAILED
    assert len(running.sample.SEEN["k"]) == 3


def test_an_exception_without_a_message_is_still_a_failure(running: Running) -> None:
    assert "ValueError" in str(output(running.run("failing")))


def test_a_result_that_is_not_json_fails_the_activity(running: Running) -> None:
    assert output(running.run("unencodable")) == "refused"


def test_an_unknown_orchestrator_fails_and_says_so(running: Running) -> None:
    state = running.run("no_such_thing")
    assert state.runtime_status is OrchestrationStatus.FAILED
    assert "no_such_thing" in state.failure_details.message


def test_an_event_reaches_a_waiting_orchestration(running: Running) -> None:
    running.client.schedule_new_orchestration("waiting", instance_id="w")
    eventually(lambda: (s := running.client.get_orchestration_state("w")) and s.serialized_custom_status)
    running.client.raise_orchestration_event("w", "go", data={"n": 1})
    state = running.client.wait_for_orchestration_completion("w", timeout=30)
    assert output(state) == {"n": 1}


def test_events_survive_continue_as_new(running: Running) -> None:
    start = {"ticks": 0, "until": 5, "timeout_ms": 60_000}
    running.client.schedule_new_orchestration("counting", input=start, instance_id="c")
    for n in range(5):
        running.client.raise_orchestration_event("c", "tick", data=n)
    assert output(running.client.wait_for_orchestration_completion("c", timeout=30)) == {"ticks": 5}


def test_a_timer_of_an_ended_execution_does_not_wake_the_next_one(running: Running) -> None:
    running.client.schedule_new_orchestration("stale_timer", input=0, instance_id="s")
    running.client.raise_orchestration_event("s", "next")
    waited = output(running.client.wait_for_orchestration_completion("s", timeout=30))
    assert isinstance(waited, float) and waited >= 1.4


def test_results_of_an_ended_execution_do_not_reach_the_next_one(running: Running) -> None:
    running.client.schedule_new_orchestration("stale_results", input=0, instance_id="s")
    running.client.raise_orchestration_event("s", "next")
    state = running.client.wait_for_orchestration_completion("s", timeout=30)
    assert output(state) == ["new", "new"]


def test_no_event_is_lost_between_executions(running: Running) -> None:
    ids, ticks = [f"c{n}" for n in range(30)], 10
    for instance_id in ids:
        start = {"ticks": 0, "until": ticks, "timeout_ms": 60_000}
        running.client.schedule_new_orchestration("counting", input=start, instance_id=instance_id)
    with ThreadPoolExecutor(8) as pool:
        raised = [pool.submit(running.client.raise_orchestration_event, i, "tick") for i in ids * ticks]
        assert [future.result() for future in raised] == [None] * len(raised)
    for instance_id in ids:
        state = running.client.wait_for_orchestration_completion(instance_id, timeout=60)
        assert output(state) == {"ticks": ticks}


def test_sub_orchestrations_fan_in(running: Running) -> None:
    assert output(running.run("parent", {"children": 5, "activities": 3})) == {"children": 5, "total": 30}


def test_a_failed_sub_orchestration_tells_its_parent_why(running: Running) -> None:
    kind, message = output(running.run("parent_of_failure"))  # type: ignore[misc]
    assert "ValueError" in kind and "the child fails" in message


@pytest.mark.slow
def test_a_sub_orchestration_of_35_seconds_reports_to_its_parent(running: Running) -> None:
    state = running.run("parent", {"children": 1, "activities": 1, "delay": 35})
    assert state.runtime_status is OrchestrationStatus.COMPLETED


def test_four_hundred_sub_orchestrations_with_ten_activities_each(running: Running) -> None:
    state = running.run("parent", {"children": 400, "activities": 10})
    assert output(state) == {"children": 400, "total": 400 * 90}


def test_an_id_still_running_is_refused(running: Running) -> None:
    running.client.schedule_new_orchestration("waiting", instance_id="once")
    with pytest.raises(grpc.RpcError) as refused:
        running.client.schedule_new_orchestration("waiting", instance_id="once")
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS  # type: ignore[attr-defined]


def test_an_id_that_ended_may_be_used_again(running: Running) -> None:
    assert output(running.run("chain", 1, instance_id="again")) == 8
    assert output(running.run("chain", 2, instance_id="again")) == 16


def test_a_payload_of_six_mebibytes_passes(running: Running) -> None:
    text = "x" * (6 * 1024 * 1024)
    assert output(running.run("fidelity", text)) == text


def test_an_instance_that_outgrows_its_history_fails_and_says_so(start_host: Callable[..., Running]) -> None:
    running = start_host(hub=TaskHub(max_history_events=60))
    state = running.run("endless")
    assert state.runtime_status is OrchestrationStatus.FAILED
    assert "continue-as-new" in state.failure_details.message


def test_ended_instances_are_kept_up_to_a_number_of_events(start_host: Callable[..., Running]) -> None:
    running = start_host(hub=TaskHub(retained_events=70))
    for n in range(6):
        running.run("chain", n, instance_id=f"i{n}")
    kept = [n for n in range(6) if running.client.get_orchestration_state(f"i{n}") is not None]
    assert kept == list(range(kept[0], 6)) and kept[0] > 0


def test_terminate_suspend_and_resume(running: Running) -> None:
    running.client.schedule_new_orchestration("waiting", instance_id="t")
    running.client.suspend_orchestration("t")
    eventually(lambda: status(running, "t") is OrchestrationStatus.SUSPENDED)
    running.client.raise_orchestration_event("t", "go", data=1)
    running.client.resume_orchestration("t")
    assert output(running.client.wait_for_orchestration_completion("t", timeout=30)) == 1
    running.client.schedule_new_orchestration("waiting", instance_id="t2")
    running.client.terminate_orchestration("t2", output="enough")
    state = running.client.wait_for_orchestration_completion("t2", timeout=30)
    assert state is not None and state.runtime_status is OrchestrationStatus.TERMINATED


def status(running: Running, instance_id: str) -> OrchestrationStatus | None:
    state = running.client.get_orchestration_state(instance_id)
    return state.runtime_status if state else None


def test_instances_get_the_default_version_of_host_json(running: Running) -> None:
    running.run("parent", {"children": 1, "activities": 1}, instance_id="v")
    assert {running.host.hub._instances[i].version for i in ("v", "v-0")} == {"1"}


def test_the_hub_listens_on_this_machine_only(running: Running) -> None:
    assert isinstance(running.host, LocalHost)
    assert '"rpcBaseUrl": "http://127.0.0.1:' in running.host.client_configuration
