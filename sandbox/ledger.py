"""Every call and every breach of trust, as data: the measure by which a client is judged."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Entry = dict[str, Any]


READS = frozenset(
    {
        "WorkspaceInfo_PostWorkspaceInfo",
        "Users_RefreshUserPermissions",
        "Datasets_ExecuteQueriesInGroup",
        "Entra_Token",
        "Graph_Batch",
        "Fabric_GetSemanticModelDefinition",
        "Fabric_GetReportDefinition",
        "Fabric_GetPaginatedReportDefinition",
        "Fabric_GetDataflowDefinition",
        "Fabric_GetItemDefinition",
    }
)
"""Operations that are asked with POST and change nothing."""


@dataclass(slots=True)
class Ledger:
    """Calls are numbered from 1. `record` keeps JSON bodies too (for contract checks)."""

    record: bool = False
    entries: list[Entry] = field(default_factory=list[Entry])
    violations: list[Entry] = field(default_factory=list[Entry])
    _next: int = 1

    def add(self, entry: Entry) -> None:
        """Written when the answer is known; the caller may complete the same entry once the body has left."""
        entry["seq"] = self._next
        self.entries.append(entry)
        self._next += 1

    def since(self, seq: int) -> list[Entry]:
        return [entry for entry in self.entries if entry["seq"] > seq]

    def writes(self, tenant: str = "") -> list[Entry]:
        """Calls meant to change a tenant (of that name, or any), however they were answered."""
        return [entry for entry in self.entries if tenant in ("", entry["tenant"]) and is_write(entry)]

    def totals(self) -> dict[str, Any]:
        """How many calls, how answered, of which operations: without their thousands of entries."""
        statuses = Counter(entry["status"] for entry in self.entries)
        operations = Counter(entry["operation"] for entry in self.entries)
        violations = Counter(entry["kind"] for entry in self.violations)
        return {
            "calls": len(self.entries),
            "throttled": statuses[429],
            "statuses": {str(status): count for status, count in sorted(statuses.items())},
            "operations": dict(operations.most_common()),
            "violations": dict(violations),
        }

    def violate(self, kind: str, **facts: Any) -> None:
        self.violations.append({"kind": kind, **facts})


def is_write(entry: Entry) -> bool:
    """By method and operation. What asks a route that does not exist with another method counts too."""
    return entry["method"] not in ("GET", "HEAD", "OPTIONS") and entry["operation"] not in READS
