"""Folders of a workspace, and what workspaces are called on the other side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.context import Context
from shared.models import ItemRow
from shared.run_documents import folders_path


def folder_of(context: Context, item: ItemRow) -> str:
    """The target folder of an item, "" where it lies in none."""
    path = folders_path(context.call.migration, context.call.workspace)
    known: Any = context.services.documents.read_json(path) or {}
    return str(known.get("items", {}).get(item.source_id.lower(), ""))


def workspace_names(context: Context) -> Mapping[str, str]:
    """Source name to target name of this workspace, for content that names it by name."""
    row = context.workspace()
    return {row.source_name: row.target_name}
