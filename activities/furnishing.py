"""What a new workspace gets before its contents: description, storage format, folders."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from activities.context import Context, open_context
from activities.documents import workspace_document
from activities.frame import Call
from activities.rights import is_of_lag
from shared.assessment.reading import lower, record, text
from shared.errors import ServiceError, TerminalError, TransientError
from shared.models import Kind, WorkspaceRow
from shared.outcomes import Done, Outcome
from shared.polling import VISIBILITY
from shared.run_documents import folders_path
from shared.services import Services

type Row = Mapping[str, Any]

_LARGE = "Large"
_log = logging.getLogger(__name__)


def furnish_workspace(services: Services, call: Call) -> Outcome:
    """Workspaces_UpdateWorkspace, Groups_UpdateGroup, Groups_AssignToDataflowStorage, Folders_CreateFolder.

    As far as the source has any of it. What is refused, or fails for long, is said and stops nothing. A workspace that
    this migration did not make keeps its settings.
    """
    context = open_context(services, call)
    row = context.workspace()
    try:
        if row.origin == "created":
            _apply_settings(context, row, workspace_document(context))
        _make_folders(context, row)
    except TransientError as trouble:
        if trouble.retry_at is not None:  # told when: the frame waits
            raise
        again = VISIBILITY.again(call.state, services.clock.now(), call.scale)
        if again is not None:
            return again
        _not_applied(context, row, "settings or folders", trouble)
    return Done()


def _apply_settings(context: Context, row: WorkspaceRow, document: Row) -> None:
    target, group = context.target, _group(context)
    if description := text(document, "description"):
        _apply(
            context,
            row,
            "Workspaces_UpdateWorkspace",
            "description",
            lambda: target.fabric.update_workspace(row.target_id, description[:4000]),
        )
    formats = (document, group)  # a scan does not always tell it
    if (
        any(lower(each, "defaultDatasetStorageFormat") == _LARGE.lower() for each in formats)
        and row.target_capacity
    ):
        _apply(
            context,
            row,
            "Groups_UpdateGroup",
            "storage format",
            lambda: target.groups.update(row.target_id, defaultDatasetStorageFormat=_LARGE),
        )
    if storage := lower(group, "dataflowStorageId"):
        _apply_storage(context, row, storage)
    if record(group, "logAnalyticsWorkspace"):
        _leave(context, row, "Connect Log Analytics in the settings of the target workspace.")


def _group(context: Context) -> Row:
    """Groups_GetGroup of the source: what neither a scan nor a list tells of a workspace."""
    try:
        return context.source.groups.get(context.call.workspace)
    except TerminalError as refused:
        _log.info("the settings of a source workspace were not read: %s", refused.code)
        return {}


def _apply_storage(context: Context, row: WorkspaceRow, storage: str) -> None:
    """Groups_AssignToDataflowStorage with the target's storage account of the same name; before any dataflow comes."""
    target = context.target.groups
    try:
        named = next(
            (text(s, "name") for s in context.source.groups.dataflow_storages() if lower(s, "id") == storage),
            "",
        )
        twin = next(
            (
                text(s, "id")
                for s in target.dataflow_storages()
                if named and lower(s, "name") == named.lower()
            ),
            "",
        )
    except TerminalError as refused:
        return _not_applied(context, row, "dataflow storage", refused)
    if not twin:
        what = f"the dataflow storage {named!r}" if named else "dataflow storage"
        return _leave(context, row, f"Connect {what} in the settings of the target workspace.")
    _apply(
        context,
        row,
        "Groups_AssignToDataflowStorage",
        "dataflow storage",
        lambda: target.assign_dataflow_storage(row.target_id, twin),
    )


def _leave(context: Context, row: WorkspaceRow, todo: str) -> None:
    """For a person; said when the workspace is done."""
    now = context.workspace().todo
    if todo not in now:
        context.update_workspace(todo=f"{now} {todo}".strip())


def _apply(context: Context, row: WorkspaceRow, operation: str, what: str, act: Callable[[], None]) -> None:
    try:
        context.services.gate.repeat(context.intent("setting", what, operation, row.target_name), act)
    except TerminalError as refused:
        _not_applied(context, row, what, refused)


def _make_folders(context: Context, row: WorkspaceRow) -> None:
    """Where a folder of that name is in that place already, it is used."""
    try:
        folders = list(context.source.fabric.folders(context.call.workspace))
        items = list(context.source.fabric.items(context.call.workspace)) if folders else []
    except TerminalError as refused:
        context.services.findings.add(
            context.call.migration,
            "workspace.foldersUnread",
            kind="connection",
            id=context.request.source,
            name=context.request.source,
            message=f"Folders of workspaces can't be read: {refused.code}: {refused.message}",
        )
        return
    if not folders:
        return
    made: dict[str, str] = {}
    try:
        there = _there(context.target.fabric.folders(row.target_id))
    except TerminalError as refused:
        return _not_applied(context, row, "folders", refused)
    refused = set[str]()  # what lies in these comes to lie above them, but for their own folders
    for folder in _from_the_top(folders):
        identity, parent = lower(folder, "id"), lower(folder, "parentFolderId")
        try:
            if parent not in refused:
                _make_folder(context, row, folder, made, there)
                continue
        except TerminalError as why:
            _not_applied(context, row, f"folder {text(folder, 'displayName')!r}, with those in it,", why)
        refused.add(identity)
        made[identity] = made.get(parent, "")
    placed = {str(item["id"]).lower(): made.get(lower(item, "folderId"), "") for item in items}
    document = {"folders": made, "items": {item: folder for item, folder in placed.items() if folder}}
    context.services.documents.write_json(
        folders_path(context.call.migration, context.call.workspace), document
    )


def _make_folder(
    context: Context, row: WorkspaceRow, folder: Row, made: dict[str, str], there: dict[tuple[str, str], str]
) -> None:
    identity, name = lower(folder, "id"), text(folder, "displayName")
    parent = made.get(lower(folder, "parentFolderId"), "")
    if (parent, name.casefold()) not in there:
        fabric = context.target.fabric
        result = context.services.gate.write(
            context.intent("folder", identity, "Folders_CreateFolder", name),
            look=lambda before: _found(_there(fabric.folders(row.target_id)), parent, name),
            act=lambda: {"id": str(fabric.create_folder(row.target_id, name, parent)["id"])},
        )
        there[parent, name.casefold()] = str(result["id"])
    made[identity] = there[parent, name.casefold()]


def _there(folders: Iterable[Row]) -> dict[tuple[str, str], str]:
    """Ids by parent and name: no two folders of one parent share a name."""
    return {(text(f, "parentFolderId"), text(f, "displayName").casefold()): str(f["id"]) for f in folders}


def _found(there: Mapping[tuple[str, str], str], parent: str, name: str) -> dict[str, Any] | None:
    identity = there.get((parent, name.casefold()))
    return {"id": identity} if identity else None


def _from_the_top(folders: Sequence[Row]) -> list[Row]:
    """Each after the one it lies in; one whose parent is not told lies at the top."""
    known, ordered, left = set[str](), list[Row](), list(folders)
    ids = {lower(folder, "id") for folder in folders}
    while left:
        ready = [
            f for f in left if lower(f, "parentFolderId") in known or lower(f, "parentFolderId") not in ids
        ]
        if not ready:  # they lie in each other, which no service should tell
            return ordered
        ordered += ready
        known |= {lower(folder, "id") for folder in ready}
        left = [folder for folder in left if lower(folder, "id") not in known]
    return ordered


def _not_applied(context: Context, row: WorkspaceRow, what: str, refused: ServiceError) -> None:
    """Unless it is a right on a new workspace that does not hold yet, which is waited for."""
    if is_of_lag(context.services, context.call, refused):
        raise refused
    context.finding(
        "workspace.settingRefused",
        kind=Kind.WORKSPACE,
        id=row.source_id,
        name=row.source_name,
        message=f"The {what} could not be set in the target: {refused.code}: {refused.message}",
        key=what,
    )
