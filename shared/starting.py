"""Starting durable instances under ids that mean something: running ones are left alone, ended ones replaced."""

from __future__ import annotations

from typing import Any

import grpc
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationStatus
from durabletask.internal import orchestrator_service_pb2 as pb

from shared.clock import Clock, SystemClock
from shared.errors import Away

_LIVE = frozenset(
    {
        OrchestrationStatus.RUNNING,
        OrchestrationStatus.PENDING,
        OrchestrationStatus.SUSPENDED,
        OrchestrationStatus.CONTINUED_AS_NEW,
    }
)
_ENDED = (
    pb.ORCHESTRATION_STATUS_COMPLETED,
    pb.ORCHESTRATION_STATUS_FAILED,
    pb.ORCHESTRATION_STATUS_TERMINATED,
)
# What the hub answers while the storage it stands on, or itself, is away.
_AWAY = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
    }
)

ENDING_S = 10.0  # an instance with nothing more to do ends within a moment; the watchdog is the safety net
_LOOK_S = 0.1


def ensure_running(
    client: SyncDurableFunctionsClient,
    orchestrator: str,
    instance_id: str,
    payload: dict[str, Any],
    *,
    ending: bool = False,
    clock: Clock | None = None,
) -> None:
    """Start an instance unless one of that id runs. Two starters at once: the task hub lets one of them win.
    Raises Away where the hub can't be reached.

    `ending`: what still runs under that id has nothing more to do, so its end is awaited (up to ENDING_S).
    """
    try:
        if _lives(client, instance_id) and not (
            ending and _ends(client, instance_id, clock or SystemClock())
        ):
            return
        client.schedule_new_orchestration(
            orchestrator,
            input=payload,
            instance_id=instance_id,
            reuse_id_policy=pb.OrchestrationIdReusePolicy(replaceableStatus=_ENDED),
        )
    except grpc.RpcError as refused:
        code = refused.code()  # pyright: ignore[reportAttributeAccessIssue]
        if code in _AWAY:
            raise Away("The task hub can't be reached at present; try again in a moment.") from refused
        if code != grpc.StatusCode.ALREADY_EXISTS:
            raise


def _lives(client: SyncDurableFunctionsClient, instance_id: str) -> bool:
    state = client.get_orchestration_state(instance_id, fetch_payloads=False)
    return state is not None and state.runtime_status in _LIVE


def _ends(client: SyncDurableFunctionsClient, instance_id: str, clock: Clock) -> bool:
    deadline = clock.monotonic() + ENDING_S
    while clock.monotonic() < deadline:
        if not _lives(client, instance_id):
            return True
        clock.sleep(_LOOK_S)
    return False
