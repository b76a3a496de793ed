"""Folders of a workspace: a tree by parent, and which item lies in which."""

from collections.abc import Iterable, Iterator

from sandbox.holdings import Folder
from sandbox.replies import bad_request, not_found
from sandbox.state import Workspace

DEEPEST = 10
"""Levels of folders below a workspace."""


def find_folder(workspace: Workspace, folder_id: str) -> Folder:
    """404 FolderNotFound, as every operation says of one that is not in this workspace."""
    found = next((item for item in workspace.folders if item.id == folder_id.lower()), None)
    if found is None:
        raise not_found("FolderNotFound")
    return found


def wanted_folder(workspace: Workspace, sent: object) -> str | None:
    """The id of the folder that a request names for what it creates; None where it names none."""
    if sent in (None, ""):
        return None
    if not isinstance(sent, str):
        raise bad_request("The folder id must be a GUID", "InvalidInput")
    return find_folder(workspace, sent).id


def place(workspace: Workspace, folder_id: str | None, items: Iterable[str]) -> None:
    """Into the folder, or out of all."""
    for item in items:
        if folder_id is None:
            workspace.placed.pop(item, None)
        else:
            workspace.placed[item] = folder_id


def item_ids(workspace: Workspace) -> set[str]:
    """Of everything that can lie in a folder and is there."""
    plain = (*workspace.reports, *workspace.datasets, *workspace.dashboards, *workspace.datamarts)
    return {item.id for item in (*plain, *workspace.fabric_items)} | {
        flow.object_id for flow in workspace.dataflows
    }


def ancestors(workspace: Workspace, folder: Folder | None) -> Iterator[Folder]:
    """Itself, then its parents, innermost first."""
    known = {item.id: item for item in workspace.folders}
    while folder is not None:
        yield folder
        folder = known.get(folder.parent_id or "")


def path_of(workspace: Workspace, folder_id: str | None) -> tuple[str, ...]:
    """The names from the workspace down; () for no folder."""
    start = next((item for item in workspace.folders if item.id == folder_id), None)
    return tuple(item.name for item in ancestors(workspace, start))[::-1]
