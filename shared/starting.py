"""Starting durable instances under ids that mean something: running ones are left alone, ended ones replaced."""

from __future__ import annotations

from typing import Any

import grpc
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationStatus
from durabletask.internal import orchestrator_service_pb2 as pb

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


def ensure_running(
    client: SyncDurableFunctionsClient, orchestrator: str, instance_id: str, payload: dict[str, Any]
) -> None:
    """Start an instance unless one of that id runs. Two starters at once: the task hub lets one of them win."""
    state = client.get_orchestration_state(instance_id, fetch_payloads=False)
    if state is not None and state.runtime_status in _LIVE:
        return
    try:
        client.schedule_new_orchestration(
            orchestrator,
            input=payload,
            instance_id=instance_id,
            reuse_id_policy=pb.OrchestrationIdReusePolicy(replaceableStatus=_ENDED),
        )
    except grpc.RpcError as refused:
        if refused.code() != grpc.StatusCode.ALREADY_EXISTS:  # pyright: ignore[reportAttributeAccessIssue]
            raise
