"""Folders of a workspace, and what workspaces are called on the other side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activities.context import Context
from activities.planning import read_selection
from shared.models import ItemRow
from shared.run_documents import folders_path

_ADDRESS = b"powerbi://"


def folder_of(context: Context, item: ItemRow) -> str:
    """The target folder of an item, "" where it lies in none."""
    path = folders_path(context.call.migration, context.call.workspace)
    known: Any = context.services.documents.read_json(path) or {}
    return str(known.get("items", {}).get(item.source_id.lower(), ""))


def workspace_names(context: Context, content: Iterable[bytes]) -> Mapping[str, str]:
    """Source name to target name of all that move, for content that names a workspace in an address; else none."""
    if not any(_ADDRESS in piece.lower() for piece in content):
        return {}
    selection = read_selection(context.services, context.call.migration)
    return {entry["name"]: entry["targetName"] for entry in selection["workspaces"] if entry["moves"]}
