"""What a target workspace holds under one name, remembered before an import of that name is first sent.

Only so can what our import made be told from what was there: by its ids. Names may repeat in a workspace, and
people may give theirs while we work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.context import Context
from shared.errors import NotFound
from shared.models import ItemRow

_ROW_CHARS = 20_000  # of a survey kept in the intent's row; a larger one is a document

type Json = dict[str, Any]
type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Survey:
    """Ids in lower case. `objects`: reports and datasets, None where a version before this one looked."""

    imports: frozenset[str]
    objects: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a target workspace lists that an import can make."""

    imports: list[Row]
    reports: list[Row]
    datasets: list[Row]


def contents(context: Context, workspace: str) -> Contents:
    """Datasets_GetDatasetsInGroup, Reports_GetReportsInGroup, Imports_GetImportsInGroup.

    Imports last: whichever object is listed, the import that made it is listed too.
    """
    target = context.target
    datasets, reports = target.datasets.list(workspace), target.reports.list(workspace)
    return Contents([*target.imports.list(workspace)], [*reports], [*datasets])


def take(context: Context, workspace: str, item: ItemRow) -> Json:
    """The ids under this name, small enough for an intent row: very many go into a document of their own."""
    there = contents(context, workspace)
    named = named_like(item.source_name, there)
    document = {
        "imports": sorted(identities(named.imports)),
        "objects": sorted(identities([*named.reports, *named.datasets])),
    }
    text = json.dumps(document)
    if len(text) <= _ROW_CHARS:
        return document
    path = f"{context.call.migration}/surveys/{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    context.services.documents.write_json(path, document)
    return {"document": path}


def read(context: Context, before: Row) -> Survey:
    """A survey as `take` left it in an intent. NotFound where its document is gone: then nothing can be told."""
    path = before.get("document")
    found: Any = context.services.documents.read_json(path) if path else before
    if found is None:
        raise NotFound(f"the survey {path} before the first import is gone", "import.surveyGone")
    objects = found.get("objects")
    return Survey(
        frozenset(each.lower() for each in found["imports"]), None if objects is None else frozenset(objects)
    )


def named_like(name: str, there: Contents) -> Contents:
    """What has this name, compared as the service compares; an import may be called after its file."""
    wanted, file = {name.casefold()}, f"{name}.pbix".casefold()
    return Contents(
        [each for each in there.imports if _name(each) in {*wanted, file}],
        [each for each in there.reports if _name(each) in wanted],
        [each for each in there.datasets if _name(each) in wanted],
    )


def identities(rows: Iterable[Row]) -> set[str]:
    """The ids of listed rows: the service spells one id in two ways."""
    return {str(row["id"]).lower() for row in rows}


def _name(row: Row) -> str:
    return str(row.get("name") or "").casefold()
