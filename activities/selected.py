"""The selection of a run, as it is stored: a small head, and its workspaces in batches.

What many activities read is small, and who reads all of a large tenant holds one batch at a time. The head is written
last: where it is there, the rest is. An entry is `{"id", "name", "kind", "capacity", "targetCapacity", "targetName",
"moves"}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched

from shared.models import Record
from shared.outcomes import Json
from shared.run_documents import batch_path, beside_path, chosen_path, names_path, selection_path
from shared.services import Services

SCAN_BATCH = 100  # ids per getInfo call
MEMBER_BATCH = 10  # workspaces one activity lists by itself, five calls each
_NAMED_BATCH = 1000  # of those that nobody reads


@dataclass(frozen=True, slots=True)
class Selection(Record):
    """How many workspaces there are, and in how many batches; of `beside`, which are only named, too."""

    mode: str = "member"  # scanner | member
    attempt: int = 0
    workspaces: int = 0
    batches: int = 0
    beside: int = 0  # batches


def store_selection(
    services: Services, run: str, mode: str, attempt: int, workspaces: list[Json], beside: list[Json]
) -> Selection:
    """Both lists in their order: those whose contents are read, and those that are only named."""
    documents = services.documents
    read = list(batched(workspaces, SCAN_BATCH if mode == "scanner" else MEMBER_BATCH, strict=False))
    named = list(batched(beside, _NAMED_BATCH, strict=False))
    for number, entries in enumerate(read):
        documents.write_json(batch_path(run, number), entries)
    for number, entries in enumerate(named):
        documents.write_json(beside_path(run, number), entries)
    documents.write_json(names_path(run), [_named(entry) for entry in workspaces if entry["moves"]])
    chosen = [entry["id"].lower() for entry in workspaces if entry["moves"]]
    documents.write_json(chosen_path(run), {"mode": mode, "chosen": chosen})
    selection = Selection(mode, attempt, len(workspaces), len(read), len(named))
    documents.write_json(selection_path(run), selection.to_dict())
    return selection


def find_selection(services: Services, run: str) -> Selection | None:
    held: Json | None = services.documents.read_json(selection_path(run))
    return None if held is None else Selection.from_dict(held)


def read_selection(services: Services, run: str) -> Selection:
    """An empty one where nothing was selected yet."""
    return find_selection(services, run) or Selection()


def read_batch(services: Services, run: str, batch: int) -> list[Json]:
    """The entries that one batch of the inventory reads."""
    return services.documents.read_json(batch_path(run, batch)) or []


def selected(services: Services, run: str) -> Iterator[Json]:
    """All entries that are read."""
    for batch in range(read_selection(services, run).batches):
        yield from read_batch(services, run, batch)


def named_only(services: Services, run: str) -> Iterator[Json]:
    """All entries that are only named."""
    for batch in range(read_selection(services, run).beside):
        yield from services.documents.read_json(beside_path(run, batch)) or []


def names_of_moving(services: Services, run: str) -> list[Json]:
    """Of all that move `{"id" (lower case), "name", "targetName"}`, in one read."""
    return services.documents.read_json(names_path(run)) or []


def _named(entry: Json) -> Json:
    return {"id": entry["id"].lower(), "name": entry["name"], "targetName": entry["targetName"]}


def read_chosen(services: Services, run: str) -> Json:
    """`{"mode", "chosen": [ids of the workspaces that move, lower case]}`."""
    return services.documents.read_json(chosen_path(run)) or {"mode": "member", "chosen": []}
