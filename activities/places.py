"""Folders of a workspace, and what workspaces are called on the other side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activities.context import Context
from activities.rights import is_of_lag
from activities.selected import names_of_moving
from shared.errors import TerminalError
from shared.models import ItemRow
from shared.run_documents import folders_path

_ADDRESSES = (b"powerbi://", b"powerbiworkspacename")  # the latter in paginated reports


def folder_of(context: Context, item: ItemRow) -> str:
    """The target folder of an item, "" where it lies in none."""
    path = folders_path(context.call.migration, context.call.workspace)
    known: Any = context.services.documents.read_json(path) or {}
    return str(known.get("items", {}).get(item.source_id.lower(), ""))


def put_in_folder(context: Context, item: ItemRow, made: str, lies_in: str = "") -> None:
    """Items_MoveItem, where it does not lie in its folder already. Refused, it stays where it is and that is said."""
    folder, workspace = folder_of(context, item), context.workspace().target_id
    if folder == lies_in:
        return
    try:
        context.services.gate.write(
            context.intent("place", f"{item.kind}.{item.source_id}", "Items_MoveItem", item.source_name),
            look=lambda before: None,
            act=lambda: _move(context, workspace, made, folder),
            repeatable=True,
        )
    except TerminalError as refused:
        if is_of_lag(context.services, context.call, refused):
            raise
        context.about(
            item,
            "workspace.settingRefused",
            f"It could not be put into its folder: {refused.code}: {refused.message}",
        )


def _move(context: Context, workspace: str, made: str, folder: str) -> dict[str, Any]:
    context.target.fabric.move_item(workspace, made, folder)
    return {"folder": folder}


def workspaces_called(context: Context, names: Iterable[str]) -> set[str]:
    """The source ids (lower case) of the workspaces that move and have one of these names."""
    wanted = {name.casefold() for name in names}
    if not wanted:
        return set()
    entries = names_of_moving(context.services, context.call.migration)
    return {entry["id"] for entry in entries if entry["name"].casefold() in wanted}


def workspace_names(context: Context, content: Iterable[bytes]) -> Mapping[str, str]:
    """Source name to target name of all that move, for content that names a workspace by its name; else none."""
    if not any(address in piece.lower() for piece in content for address in _ADDRESSES):
        return {}
    entries = names_of_moving(context.services, context.call.migration)
    return {entry["name"]: entry["targetName"] for entry in entries}
