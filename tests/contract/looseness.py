"""Where the official contract (Oct 2024) is knowingly tighter or older than the service: the one table, with reasons.

Rules that hold for every answer (in schemas.py):
- an optional property may be null: OData serialisers write what has no value as null;
- a time may lack its zone: the contract's own examples and activity events do;
- a property spelled with a capital (`IsRefreshable`, `Url`) may begin with a small letter, as examples and
  FACTS 4 show;
- `@odata.context` may stand anywhere: the contract spells it `odata.context`, the wire has the at sign.

Requests get none of these. Whatever is not here is held against the contract as it stands.
"""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
OBJECT: Schema = {"type": "object"}
NUMBER_AS_TEXT: Schema = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]}
FAILURE: Schema = {
    "type": "object",
    "properties": {"code": STRING, "message": STRING, "details": {}},
    "required": ["code"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """One property of one definition's answers, added or re-typed."""

    definition: str
    property: str
    schema: Schema
    reason: str


EXAMPLE = "the contract's own example shows it"

ALLOWANCES = (
    Allowance(
        "ReportBaseProperties", "format", STRING, "FACTS 3: PBIR, PBIRLegacy or RDL, newer than the contract"
    ),
    Allowance("Import", "error", FAILURE, "FACTS 4: what made an import fail, newer than the contract"),
    Allowance("Import", "dataflows", {"type": "array", "items": OBJECT}, "what an imported model.json made"),
    Allowance("Import", "connectionType", STRING, EXAMPLE),
    Allowance("Import", "source", STRING, EXAMPLE),
    Allowance("GroupAdminProperties", "capacityMigrationStatus", STRING, EXAMPLE),
    Allowance("RefreshSchedule", "notifyOption", STRING, EXAMPLE),
    Allowance("DatasetRefreshDetail", "status", STRING, "FACTS 9: Cancelled is newer than the contract"),
    Allowance("Page", "order", NUMBER_AS_TEXT, EXAMPLE),
    Allowance("PipelineStage", "order", NUMBER_AS_TEXT, EXAMPLE),
    Allowance("Workload", "maxMemoryPercentageSetByUser", NUMBER_AS_TEXT, EXAMPLE),
)

QUERY_PARAMETERS: dict[tuple[str, str], str] = {
    (
        "Reports_ExportReportInGroup",
        "preferClientRouting",
    ): "FACTS 0, 3: in the operation's prose, not declared",
    ("Reports_ExportReport", "preferClientRouting"): "FACTS 0: in the operation's prose, not declared",
}
"""(operation, parameter) the service takes although the contract does not declare it; any text goes."""

NOT_REQUIRED: dict[tuple[str, str], str] = {
    ("DatasetRefreshRequest", "notifyOption"): "FACTS 9: an enhanced refresh must leave it out",
}
"""(definition, property) that requests may leave out although the contract requires it."""

BROKEN_PATTERNS = ("\\u10000",)
"""Patterns that mean `\\U00010000` but say `\\u1000` and a zero: they forbid what they should allow, so not applied."""
