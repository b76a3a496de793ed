"""Capacities, and the asynchronous move of a workspace onto one."""

from __future__ import annotations

from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]
UNASSIGN = "00000000-0000-0000-0000-000000000000"


class Capacities:
    """Operations on capacities."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self) -> list[Row]:
        """Capacities_GetCapacities: those visible; `capacityUserAccessRight` is None, Assign or Admin."""
        return self._client.call(op.LIST_CAPACITIES).rows()

    def list_as_admin(self) -> list[Row]:
        """Admin_GetCapacitiesAsAdmin: every capacity of the tenant."""
        return self._client.call(op.LIST_CAPACITIES_AS_ADMIN).rows()

    def assign(self, group_id: str, capacity_id: str) -> None:
        """Groups_AssignToCapacity: accepted, not done; see assignment_status. UNASSIGN takes it off again."""
        self._client.call(op.ASSIGN_TO_CAPACITY, {"group": group_id}, json={"capacityId": capacity_id})

    def assignment_status(self, group_id: str) -> Row:
        """Groups_CapacityAssignmentStatus.

        `status` is Pending, InProgress, CompletedSuccessfully or AssignmentFailed. It
        may still show an older assignment: compare `capacityId` and `startTime`.
        """
        return self._client.call(op.CAPACITY_ASSIGNMENT_STATUS, {"group": group_id}).object()
