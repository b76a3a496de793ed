"""What an activity of one migration works with: its request and the two tenants' clients."""

from __future__ import annotations

from dataclasses import dataclass

from activities.frame import Call
from shared.assessment.model import Obstacle
from shared.config import Connection
from shared.models import ItemRow, MigrationRequest, WorkspaceRow
from shared.powerbi.connect import PowerBI
from shared.services import Services
from shared.writes import Intent


@dataclass(frozen=True, slots=True)
class Context:
    """One migration's request and both sides; built per execution, from the stored request."""

    services: Services
    call: Call
    request: MigrationRequest

    @property
    def source(self) -> PowerBI:
        return self.services.power_bi(self.request.source)

    @property
    def target(self) -> PowerBI:
        return self.services.power_bi(self.request.target)

    @property
    def target_connection(self) -> Connection:
        return self.services.connection(self.request.target)

    def workspace(self) -> WorkspaceRow:
        return self.services.manifest.workspace(self.call.migration, self.call.workspace)

    def update_workspace(self, **changes: object) -> WorkspaceRow:
        return self.services.manifest.update_workspace(self.call.migration, self.call.workspace, **changes)

    def finding(self, code: str, *, kind: str, id: str, name: str, message: str, key: str = "") -> None:
        """A finding about this call's workspace, or about the migration where the call has none."""
        self.services.findings.add(
            self.call.migration,
            code,
            kind=kind,
            id=id,
            name=name,
            message=message,
            workspace_id=self.call.workspace,
            key=key,
        )

    def about(self, item: ItemRow, code: str, message: str, key: str = "") -> None:
        """A finding about one item of this call's workspace."""
        self.finding(code, kind=item.kind, id=item.source_id, name=item.source_name, message=message, key=key)

    def withdraw(self, item: ItemRow, code: str) -> None:
        """Forget what `about` has said of it."""
        was = Obstacle(code, item.kind, item.source_id, item.source_name, "", self.call.workspace)
        self.services.findings.retract(self.call.migration, was)

    def intent(self, action: str, subject: str, operation: str, target: str) -> Intent:
        connection = self.target_connection
        return Intent(
            self.call.migration,
            self.call.workspace,
            action,
            subject,
            operation,
            target,
            connection.name,
            connection.client_id,
        )


def open_context(services: Services, call: Call) -> Context:
    return Context(services, call, services.request_of(call.migration))
