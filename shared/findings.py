"""Findings: every obstacle and observation, from one catalogue of codes with their remedies.

A finding is stored once per (code, object, key): the same activity run twice adds nothing. Row keys begin
with the severity, so that a listing shows blockers first.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.manifest import Listing
from shared.models import Finding, Severity
from shared.tables import Table, Tables, hashed, key

_TABLE = "PbiFindings"
_RANK = {Severity.BLOCKER: "0", Severity.WARNING: "1", Severity.INFO: "2"}
_MESSAGE_CHARS = 4000  # a service's error text may be a whole HTML page


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the catalogue: what a code means for the migration, and what a person can do."""

    severity: Severity
    remedy: str


# Areas of codes that an attempt at a workspace adds, and the next attempt decides anew.
_OF_A_RUN = (
    "access.",
    "capacity.failed",
    "dataset.",
    "principal.",
    "report.",
    "rollback.",
    "validation.",
    "workspace.",
)

_B, _W, _I = Severity.BLOCKER, Severity.WARNING, Severity.INFO

CATALOGUE: dict[str, Entry] = {
    "inventory.unknownWorkspace": Entry(
        _B, "Correct the name or id in workspaces, or give the source identity access to the workspace."
    ),
    "inventory.empty": Entry(
        _B, "Check that the source identity may call the admin APIs or is a member of the workspaces."
    ),
    "inventory.noAdmin": Entry(
        _W,
        "Only workspaces the source identity is a member of were seen. For the whole tenant let an admin "
        "allow it 'Service principals can access read-only admin APIs' (ADMIN_CLIENT_ID for one of its own).",
    ),
    "inventory.incomplete": Entry(_W, "Retry once the service can read it."),
    "capacity.unknownTarget": Entry(
        _B, "Correct the capacity in capacities, or make the target identity an admin or contributor of it."
    ),
    "capacity.unknownSource": Entry(
        _W, "Correct the source capacity in capacities; no workspace matched it."
    ),
    "capacity.unmapped": Entry(
        _W, "The workspace arrives on shared capacity. Add its source capacity, or '*', to capacities."
    ),
    "capacity.failed": Entry(
        _B,
        "Let a capacity admin give the target identity the right to assign, then retry.",
    ),
    "access.source": Entry(
        _B,
        "Add the source identity to the source workspace as Contributor or higher, then retry.",
    ),
    "workspace.nameTaken": Entry(
        _B,
        'Rename the other workspace, use naming, or set existing to "merge" and make the target identity '
        "an admin of it.",
    ),
    "workspace.failed": Entry(_B, "Read the service's reason, remove it, then retry."),
    "workspace.busy": Entry(_B, "Wait until the other migration of this workspace is at rest, then retry."),
    "connection.refused": Entry(
        _B,
        "Set the connection's new CLIENT_SECRET (or certificate, or password) in the app settings; the work goes on "
        "by itself. Where that came too late, retry.",
    ),
    "quota.longWait": Entry(
        _I,
        "Nothing to do: the work goes on by itself. Other tools use the same quotas; QUOTA_SHARE leaves them a part.",
    ),
    "workspace.gone": Entry(
        _B,
        "Give the target identity access to the workspace again. If it was deleted, roll this migration back to "
        '"nothing", which clears its record, then retry.',
    ),
    "workspace.leased": Entry(
        _I, "Nothing to do: it begins here once the other migration has finished this workspace."
    ),
    "migration.failed": Entry(_B, "Read the reason, remove it, then retry."),
    "report.exportFailed": Entry(
        _B, "Read the service's reason. Download the report in the portal and publish it by hand if it stays."
    ),
    "report.importFailed": Entry(
        _B, "Read the service's reason. Publish the report by hand from Power BI Desktop if it stays."
    ),
    "report.importAmbiguous": Entry(
        _B, "Look at the named imports in the target workspace and delete those that are not wanted."
    ),
    "report.importStuck": Entry(
        _B,
        "Look at the import in the target workspace. Once it has ended there, retry: it is not sent a second time.",
    ),
    "report.leftover": Entry(
        _W, "Look at the named objects in the target workspace and delete those that nobody needs."
    ),
    "dataset.renamed": Entry(
        _W, "An import names the model after its report. Rename the model in the target where that matters."
    ),
    "principal.unmapped": Entry(
        _W, 'Add the principal to principals ("old": "new", "@old": "@new", or null to drop it knowingly).'
    ),
    "principal.refused": Entry(
        _W, "Check that the principal exists in the target tenant, then add it to the workspace by hand."
    ),
    "principal.kept": Entry(
        _W, "The workspace is not ours, so the right that was there stays. Change it by hand if it is wrong."
    ),
    "rollback.kept": Entry(
        _W,
        "Decide what becomes of it. It stays because others use it, or because nothing proves that it is ours.",
    ),
    "rollback.refused": Entry(
        _B,
        "Read the service's reason, remove it (mostly: make the target identity an admin of the workspace), "
        "then roll back again.",
    ),
    "rollback.handedOver": Entry(
        _B, 'Roll the named later migration back to "nothing" first, then this one again.'
    ),
    "validation.missing": Entry(_B, "Look for who deleted the item in the target, then retry."),
    "validation.twice": Entry(_B, "Decide which of the two items is right and delete the other one."),
    "validation.unbound": Entry(_B, "Bind the report to its model in the target."),
    "validation.content": Entry(_B, "Retry: other bytes were sent than were exported."),
    "validation.refreshFailed": Entry(
        _B, "Give the model's data sources credentials and a gateway in the target, then refresh it."
    ),
    "validation.notRefreshable": Entry(_I, "Nothing to do: the model has no data to load by itself."),
    "manual.notMoved": Entry(
        _W,
        "Rebuild or publish the item by hand in the target workspace; this version moves PBIX reports, "
        "their models and workspace users.",
    ),
    "manual.notApplied": Entry(
        _W, "Set this by hand in the target; this version does not apply that section of the request."
    ),
    "drift.unreadable": Entry(
        _W,
        "Let the admin identity of that connection read the activity events again; the service keeps them for 28 days.",
    ),
    "drift.incomplete": Entry(_W, "Look at that day in the audit log by hand."),
    "drift.activity": Entry(
        _I, "Look whether the change belongs into the target (or was meant for the source)."
    ),
}


class Findings:
    def __init__(self, tables: Tables):
        self._tables = tables

    def add(
        self,
        migration_id: str,
        code: str,
        *,
        kind: str,
        id: str,
        name: str,
        message: str,
        workspace_id: str = "",
        key: str = "",
    ) -> None:
        """Record a finding of the catalogue; one that is there already stays as it is."""
        entry = CATALOGUE[code]
        finding = Finding(
            entry.severity, code, kind, id, name, workspace_id, message[:_MESSAGE_CHARS], entry.remedy, key
        )
        self._table.insert(migration_id, _row_key(finding), finding.to_dict())

    def clear(self, migration_id: str) -> None:
        """Forget everything, as the plan is made anew."""
        for row in list(self._table.partition(migration_id)):
            self._table.delete(migration_id, row["RowKey"])

    def of_workspace(
        self, migration_id: str, workspace_id: str, areas: str | tuple[str, ...]
    ) -> list[Finding]:
        """The findings about one workspace whose codes begin so."""
        rows = self._table.where(migration_id, "workspace_id", workspace_id)
        return [Finding.from_dict(row) for row in rows if str(row["code"]).startswith(areas)]

    def clear_run(self, migration_id: str, workspace_id: str, areas: tuple[str, ...] = _OF_A_RUN) -> None:
        """Forget what an earlier attempt at a workspace met; what the plan found stays."""
        for finding in self.of_workspace(migration_id, workspace_id, areas):
            self._table.delete(migration_id, _row_key(finding))

    def withdraw(self, migration_id: str, code: str) -> None:
        """Forget what was true for a while only."""
        for row in list(self._table.where(migration_id, "code", code)):
            self._table.delete(migration_id, row["RowKey"])

    def page(self, migration_id: str, top: int, token: str | None = None) -> Listing[Finding]:
        page = self._table.page(migration_id, migration_id, top, token)
        return Listing([Finding.from_dict(row) for row in page.rows], page.token)

    def first_blocker(self, migration_id: str) -> Finding | None:
        """The first blocker that concerns the whole migration, not one workspace."""
        for row in self._table.partition(migration_id):
            finding = Finding.from_dict(row)
            if finding.severity != Severity.BLOCKER:
                return None  # rows come by severity
            if not finding.workspace_id:
                return finding
        return None

    @property
    def _table(self) -> Table:
        return self._tables[_TABLE]


def _row_key(finding: Finding) -> str:
    identity = "\n".join([finding.kind, finding.id, finding.workspace_id, finding.name, finding.key])
    return key(_RANK[Severity(finding.severity)], finding.code, hashed(identity))
