"""What a failed import left in the target: removed where it is provably ours, named in a finding where not."""

from __future__ import annotations

from collections.abc import Callable

from activities.context import Context
from activities.remains import Facts, Remains, remains
from activities.survey import Row, Survey, contents, read
from shared.errors import EntityNotFound, TerminalError
from shared.models import ItemRow, Kind
from shared.writes import Intent


class Overtaken(Exception):
    """Another execution of the same activity was quicker: what is in the target now is no longer ours to judge."""


def import_intent(context: Context, item: ItemRow) -> Intent:
    """Each import of one report is a write of its own, as one that failed is known to be over."""
    number = "" if item.import_tries == 0 else f"-{item.import_tries + 1}"
    return context.intent("import", item.source_id + number, "Imports_PostImportInGroup", item.source_name)


def facts_of(context: Context, item: ItemRow, before: Survey) -> Facts:
    """What was there before an import began, and what became of the other items of this workspace."""
    call, services = context.call, context.services
    items = services.manifest.items_of(call.migration, call.workspace)
    arrived = {each.target_id.lower() for each in items if each.target_id}
    own = services.own_principals(context.request.target)
    known = frozenset(before.imports | (before.objects or frozenset()) | arrived)
    return Facts(item.source_name, known, before.objects is not None, own)


def survey_of(context: Context, item: ItemRow) -> Survey:
    """The survey with which the item's present import began; one that says nothing where it is not recorded."""
    recorded = context.services.gate.recorded(import_intent(context, item))
    return read(context, recorded[1]) if recorded else Survey(frozenset(), None)


def remove_remains(context: Context, item: ItemRow, failed: Row) -> None:
    """Reports_DeleteReportInGroup and Datasets_DeleteDatasetInGroup for what the failed import made.

    What stays is named in a finding. Raises Overtaken where the item's import is another one by now.
    """
    workspace = context.workspace().target_id
    left = remains(facts_of(context, item, survey_of(context, item)), contents(context, workspace), failed)
    refused = _remove_all(context, item, workspace, left)
    if left.unproved or refused:
        _report_leftover(context, item, str(failed["id"]), left.unproved, refused)


def _remove_all(context: Context, item: ItemRow, workspace: str, left: Remains) -> list[str]:
    """Reports before their datasets; the reasons of those that were refused."""
    target, refused = context.target, list[str]()
    work: list[tuple[str, str, Callable[[str, str], None]]] = [
        *((each, "Reports_DeleteReportInGroup", target.reports.delete) for each in left.reports),
        *((each, "Datasets_DeleteDatasetInGroup", target.datasets.delete) for each in left.datasets),
    ]
    for identity, operation, delete in work:
        try:
            _remove(context, item, workspace, identity, operation, delete)
        except TerminalError as reason:
            refused.append(f"{identity} ({reason.code})")
    return refused


def _remove(
    context: Context,
    item: ItemRow,
    workspace: str,
    identity: str,
    operation: str,
    delete: Callable[[str, str], None],
) -> None:
    call, services = context.call, context.services
    now = services.manifest.item(call.migration, call.workspace, Kind.REPORT, item.source_id)
    if now.import_id != item.import_id:
        raise Overtaken

    def act() -> dict[str, str]:
        try:
            delete(workspace, identity)
        except EntityNotFound:
            return {"removed": ""}  # by an earlier try, or with its dataset
        return {"removed": identity}

    services.gate.write(
        context.intent("remove", identity, operation, item.source_name),
        look=lambda before: None,
        act=act,
        repeatable=True,
    )


def _report_leftover(
    context: Context, item: ItemRow, import_id: str, unproved: list[str], refused: list[str]
) -> None:
    parts = [
        f"{', '.join(unproved)}, which nothing proves to be of this import" if unproved else "",
        f"{', '.join(refused)}, which the service did not let us delete" if refused else "",
    ]
    context.finding(
        "report.leftover",
        kind=Kind.REPORT,
        id=item.source_id,
        name=item.source_name,
        message=f"After the failed import {import_id} there stays: {'; '.join(part for part in parts if part)}.",
        key=import_id,
    )
