"""What the demo moves: everything of the simulated estate but the workspaces that something was planted to stop.

What a plan says of those is for tests; here people want to see a migration that comes through.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.remote import Control

type Json = dict[str, Any]

_STOPPING = frozenset(
    {"workspaceOrphaned", "workspaceClassic", "noExportRight", "nameTaken", "capacityNotMapped"}
)
_UNKNOWN = frozenset({"principalUnmapped", "principalUnknown"})


def request(control: Control, migration: str) -> Json:
    """The suggested one for these workspaces; people who are nobody in the target are left out knowingly."""
    suggested, planted = control.suggested_request(), control.planted()
    stopped = {row["workspaceId"] for row in planted if row["obstacle"] in _STOPPING}
    stopped |= {used for row in planted if row["obstacle"] == "capacityPaused" for used in row["used"]}
    nobody = [row for row in planted if row["obstacle"] in _UNKNOWN]
    names = {row["id"] if row["kind"] == "group" else row["name"]: None for row in nobody}
    spaces = control.state(suggested["source"])["workspaces"]
    names_of_all = Counter(each["name"].casefold() for each in spaces)
    chosen = [
        each["name"] if names_of_all[each["name"].casefold()] == 1 else each["id"]
        for each in spaces
        if _is_ordinary(each) and each["id"] not in stopped
    ]
    return {
        "id": migration,
        **suggested,
        "workspaces": chosen,
        "principals": {**suggested["principals"], **names},
    }


def _is_ordinary(space: Json) -> bool:
    return space["type"] == "Workspace" and space["state"] == "Active"
