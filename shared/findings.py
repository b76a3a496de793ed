"""Findings: every obstacle and observation of a run, each of one code of the catalogue.

A finding is stored once per (code, object, key): the same activity run twice adds nothing. Row keys begin
with the severity, so that a listing shows blockers first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import batched

from shared.assessment.model import Obstacle
from shared.finding_codes import CATALOGUE
from shared.manifest import Listing
from shared.models import Finding, Severity
from shared.tables import Table, Tables, hashed, key

_TABLE = "PbiFindings"
_RANK = {Severity.BLOCKER: "0", Severity.WARNING: "1", Severity.INFO: "2"}
_TOGETHER = 100  # rows in one transaction
_MESSAGE_CHARS = 4000  # a service's error text may be a whole HTML page


# Codes, or areas of them, that an attempt at a workspace adds and the next attempt decides anew. What a plan found
# about the workspace itself (that it is orphaned, that its lineage leads outside) is no attempt's to forget.
_OF_A_RUN = (
    "access.",
    "capacity.failed",
    "dataset.",
    "item.failed",
    "principal.kept",
    "principal.refused",
    "principal.unmapped",
    "report.",
    "rollback.",
    "validation.",
    "workspace.busy",
    "workspace.failed",
    "workspace.gone",
    "workspace.leased",
    "workspace.nameTaken",
)


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
        found = _finding(Obstacle(code, kind, id, name, message, workspace_id, key))
        self._table.insert(migration_id, _row_key(found), found.to_dict())

    def add_all(self, migration_id: str, obstacles: Iterable[Obstacle]) -> None:
        """Record many, each as `add` does, a hundred at a time; two of one code on one object are one."""
        for some in batched(map(_finding, obstacles), _TOGETHER, strict=False):
            rows = {_row_key(found): found.to_dict() for found in some}
            if self._table.insert_all(migration_id, rows):
                continue
            for row_key, values in rows.items():  # some of them are there already
                self._table.insert(migration_id, row_key, values)

    def of_code(self, migration_id: str, code: str) -> Iterator[Finding]:
        """All of one code."""
        return (Finding.from_dict(row) for row in self._table.where(migration_id, "code", code))

    def counts(self, migration_id: str) -> dict[str, dict[str, int]]:
        """`{severity: {code: how many}}`."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in self._table.partition(migration_id):
            codes = found[str(row["severity"])]
            codes[str(row["code"])] = codes.get(str(row["code"]), 0) + 1
        return dict(found)

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

    def retract(self, migration_id: str, obstacle: Obstacle) -> None:
        """Forget one that was overcome, if it was there; its message does not matter."""
        self._table.delete(migration_id, _row_key(_finding(obstacle)))

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


def _finding(obstacle: Obstacle) -> Finding:
    entry = CATALOGUE[obstacle.code]
    return Finding(
        entry.severity,
        obstacle.code,
        obstacle.kind,
        obstacle.id,
        obstacle.name,
        obstacle.workspace_id,
        obstacle.message[:_MESSAGE_CHARS],
        entry.remedy,
        obstacle.key,
    )


def _row_key(finding: Finding) -> str:
    """Its identity, in which ids count without regard to case: lists, scans and requests spell them differently."""
    identity = "\n".join(
        [finding.kind, finding.id.lower(), finding.workspace_id.lower(), finding.name, finding.key]
    )
    return key(_RANK[Severity(finding.severity)], finding.code, hashed(identity))
