"""One request on its way through the service: who, what, and the questions every handler asks."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from sandbox import odata
from sandbox.access import Caller, require_right
from sandbox.activity import record
from sandbox.replies import bad_request, not_found
from sandbox.routing import Operation
from sandbox.state import Dataset, Report, Right, Workspace
from sandbox.world import Service


@dataclass(slots=True)
class Call:
    service: Service
    request: Request
    operation: Operation
    params: dict[str, str]
    request_id: str
    arrived: float
    """Epoch seconds."""
    identity: Caller | None = None
    """Set by the guard; None on open operations."""
    notes: dict[str, Any] = field(default_factory=dict[str, Any])
    """Facts for the ledger, such as the hash of an uploaded body."""

    @property
    def caller(self) -> Caller:
        if self.identity is None:
            raise RuntimeError("an open operation has no caller")
        return self.identity

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)

    async def body(self) -> dict[str, Any]:
        """The JSON object sent; 400 if it is none."""
        raw = await self.request.body()
        try:
            sent = json.loads(raw) if raw else {}
        except ValueError:
            raise bad_request("The request body is not valid JSON") from None
        if not isinstance(sent, dict):
            raise bad_request("The request body must be an object")
        return sent

    def workspace(self, right: Right = "Viewer") -> Workspace:
        """The workspace of the path, if the caller may do in it what needs `right`."""
        return require_right(self.service, self.caller, self.params["groupId"], right)

    def report(self, workspace: Workspace) -> Report:
        return find_in(workspace.reports, self.params["reportId"])

    def dataset(self, workspace: Workspace) -> Dataset:
        return find_in(workspace.datasets, self.params["datasetId"])

    def page(self, rows: list[dict[str, Any]], fields: frozenset[str] | None = None) -> list[dict[str, Any]]:
        """By $filter, $skip and $top, as honestly as the list is set to be."""
        lie = self.service.world.lies.get(self.operation.id)
        return odata.page(rows, self.query, fields=fields, lie=lie)

    def audit(self, event: str, workspace: Workspace | None = None, **facts: Any) -> None:
        """One activity event, seen by the admin API after its lag."""
        record(self.service, event, self.caller.name, self.request_id, workspace, **facts)


def find_in[T: (Report, Dataset)](items: list[T], wanted: str) -> T:
    """By id, whatever its case; 404 as the service says it."""
    for item in items:
        if item.id == wanted.lower():
            return item
    raise not_found()
