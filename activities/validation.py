"""Step 10: every item once, reports bound to their models, bytes the exported ones, models refreshed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from activities.context import Context, open_context
from activities.documents import raw_of
from activities.frame import Call
from activities.identities import target_of
from activities.ways import way_of
from shared.assessment.model import Route
from shared.assessment.verdicts_models import is_refreshable
from shared.errors import BadRequest
from shared.models import ItemRow, ItemState, Kind, Need, WorkspaceRow
from shared.outcomes import Done, Failed, Json, Outcome
from shared.polling import REFRESH
from shared.powerbi.datasets import find_refresh, is_already_refreshing
from shared.powerbi.service_errors import parse_refresh_failure
from shared.services import Services
from shared.writes import Intent

_LISTED = frozenset({Kind.REPORT, Kind.PAGINATED_REPORT, Kind.DATASET})  # by the lists that are read anyway
_HISTORY = 20  # refreshes looked at; ours is among the newest


def check_workspace(services: Services, call: Call) -> Outcome:
    """Reports_GetReportsInGroup and Datasets_GetDatasetsInGroup of the target against the manifest.

    Returns one page of the models to refresh: `{"datasets": [source ids], "cursor"}`.
    """
    context = open_context(services, call)
    row = context.update_workspace(step="validate")
    items = [
        i for i in services.manifest.items_of(call.migration, call.workspace) if i.state == ItemState.DONE
    ]
    datasets = {str(d["id"]).lower(): d for d in context.target.datasets.list(row.target_id)}
    if call.cursor is None:
        there = {Kind.DATASET: datasets, **_listed(context, row, items)}
        _check(context, row, items, there)
    return Done(_page(context, items, datasets))


def refresh_model(services: Services, call: Call) -> Outcome:
    """Datasets_RefreshDatasetInGroup once; a refresh that runs already is waited for instead."""
    context = open_context(services, call)
    row, model = context.workspace(), _model(services, call)
    try:
        services.gate.write(
            _refresh_intent(context, model),
            survey=lambda: {"refreshes": _refreshes(context, row, model)},
            look=lambda before: _new_refresh(context, row, model, before),
            act=lambda: {"request": _refresh(context, row, model)},
        )
    except BadRequest as refused:
        if not is_already_refreshing(refused):
            raise
    return Done()


def await_refresh(services: Services, call: Call) -> Outcome:
    """Datasets_GetRefreshHistoryInGroup until our refresh (or the one that was running) has ended."""
    context = open_context(services, call)
    row, model = context.workspace(), _model(services, call)
    history = context.target.datasets.refresh_history(row.target_id, model.target_id, _HISTORY)
    entry = _ours(services.gate.recorded(_refresh_intent(context, model)), history)
    status = str((entry or {}).get("status", "Unknown"))
    if status == "Completed":
        return Done()
    if entry is not None and status != "Unknown":
        fault = parse_refresh_failure(entry.get("serviceExceptionJson"))
        return Failed(fault.code or f"refresh.{status}", fault.message or f"The refresh ended as {status}.")
    again = REFRESH.again(call.state, services.clock.now(), call.scale)
    return again or Failed("refresh.deadline", "The refresh did not end in time.")


def record_refresh_failure(services: Services, call: Call) -> Outcome:
    """The model arrived but its data could not be loaded: the workspace is not validated."""
    context = open_context(services, call)
    model, reason = _model(services, call), f"{call.code}: {call.message}"
    _fault(context, "validation.refreshFailed", model, f"The test refresh failed: {reason}")
    return Done()


def _listed(
    context: Context, row: WorkspaceRow, items: list[ItemRow]
) -> dict[Kind, dict[str, Mapping[str, Any]]]:
    """What the target lists of each kind that was brought, by id; a list for each kind, and only where needed."""
    there: dict[Kind, dict[str, Mapping[str, Any]]] = {Kind.REPORT: {}, Kind.PAGINATED_REPORT: {}}
    for report in context.target.reports.list(row.target_id):
        paginated = report.get("reportType") == "PaginatedReport"
        there[Kind.PAGINATED_REPORT if paginated else Kind.REPORT][str(report["id"]).lower()] = report
    for kind, route in sorted({(each.kind, each.route) for each in items if each.kind not in _LISTED}):
        found = way_of(ItemRow("", kind, "", "", route=route)).listed(context, row.target_id)
        known = there.setdefault(Kind(kind), {})
        known.update({str(each.get("id") or each.get("objectId")).lower(): each for each in found})
    return there


def _check(
    context: Context,
    row: WorkspaceRow,
    items: list[ItemRow],
    there: Mapping[Kind, Mapping[str, Mapping[str, Any]]],
) -> None:
    for item in items:
        found = there[Kind(item.kind)].get(item.target_id.lower())
        if found is None:
            _fault(context, "validation.missing", item, "It arrived, but the target no longer lists it.")
        elif item.kind == Kind.REPORT:
            _check_report(context, item, found)
    if row.origin != "merged":
        for kind, known in there.items():
            _check_once(context, items, kind, known)


def _check_report(context: Context, item: ItemRow, there: Mapping[str, Any]) -> None:
    bound, wanted = str(there.get("datasetId") or ""), _model_of(context, item)
    if bound.lower() != wanted.lower():
        _fault(context, "validation.unbound", item, f"It is bound to {bound or 'no model'}, not {wanted}.")
    if item.sent_sha256 and item.sha256 != item.sent_sha256:
        _fault(context, "validation.content", item, f"Exported {item.sha256}, sent {item.sent_sha256}.")


def _model_of(context: Context, report: ItemRow) -> str:
    """The target id of its model, which may lie in another workspace."""
    needed = [need for need in map(Need.parse, report.needs) if need.kind == Kind.DATASET]
    own = Need(context.call.workspace, Kind.DATASET, report.dataset_id)
    return target_of(context, needed[0] if needed else own).target_id


def _check_once(
    context: Context, items: list[ItemRow], kind: Kind, there: Mapping[str, Mapping[str, Any]]
) -> None:
    """In a workspace of ours no name may occur more often than we brought it."""
    brought = Counter(item.target_name.casefold() for item in items if item.kind == kind)
    found = Counter(
        str(each.get("displayName") or each.get("name") or "").casefold() for each in there.values()
    )
    for item in items:
        name = item.target_name.casefold()
        if item.kind == kind and found[name] > brought[name]:
            _fault(
                context, "validation.twice", item, f"{found[name]} of that name, {brought[name]} expected."
            )


def _page(
    context: Context, items: list[ItemRow], datasets: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    models = sorted((item for item in items if item.kind == Kind.DATASET), key=lambda item: item.source_id)
    rest = [item for item in models if item.source_id > (context.call.cursor or "")]
    page, refreshable = rest[: context.call.page], list[str]()
    for model in page:
        there = datasets.get(model.target_id.lower(), {})
        if (there.get("isRefreshable") or _is_empty(context, model)) and not there.get("addRowsAPIEnabled"):
            refreshable.append(model.source_id)
        elif there:
            _fault(context, "validation.notRefreshable", model, "The service says it can't be refreshed.")
    return {"datasets": refreshable, "cursor": page[-1].source_id if rest[context.call.page :] else None}


def _is_empty(context: Context, model: ItemRow) -> bool:
    """It came without data, and the service calls no model refreshable that never was refreshed."""
    return model.route == Route.DEFINITION and is_refreshable(raw_of(context, model))


def _fault(context: Context, code: str, item: ItemRow, message: str) -> None:
    """A finding about an item; one that means "not proved" also fails the workspace when it is closed."""
    context.about(item, code, message)
    if code != "validation.notRefreshable":
        context.update_workspace(
            error_code=code, error_message=f"{item.kind} {item.source_name!r}: {message}"[:2000]
        )


def _model(services: Services, call: Call) -> ItemRow:
    return services.manifest.item(call.migration, call.workspace, Kind.DATASET, call.dataset)


def _refresh_intent(context: Context, model: ItemRow) -> Intent:
    return context.intent(
        "refresh", context.call.dataset, "Datasets_RefreshDatasetInGroup", model.target_name
    )


def _refresh(context: Context, row: WorkspaceRow, model: ItemRow) -> str:
    """Of a workspace that is not ours we don't know the capacity: counted as on the shared one."""
    on_shared = not row.target_capacity or row.origin == "merged"
    return context.target.datasets.refresh(row.target_id, model.target_id, on_shared=on_shared)


def _ours(recorded: tuple[Json, Json] | None, history: list[Json]) -> Json | None:
    """The history row to wait for: by our request's id, else the oldest that was not there before us.

    Not every service puts the request id of the answer into its history. Where a refresh was running already
    there is no record of ours, and the newest row is the one.
    """
    if recorded is None:
        return next(iter(history), None)
    result, before = recorded
    known = set(before["refreshes"])
    fresh = [row for row in history if str(row.get("requestId", "")).lower() not in known]
    named = find_refresh(history, result["request"]) if result["request"] else None
    return named or (fresh[-1] if fresh else None)


def _refreshes(context: Context, row: WorkspaceRow, model: ItemRow) -> list[str]:
    history = context.target.datasets.refresh_history(row.target_id, model.target_id, _HISTORY)
    return [str(entry.get("requestId", "")).lower() for entry in history]


def _new_refresh(
    context: Context, row: WorkspaceRow, model: ItemRow, before: Mapping[str, Any]
) -> dict[str, Any] | None:
    known = set(before["refreshes"])
    fresh = [each for each in _refreshes(context, row, model) if each not in known]
    return {"request": fresh[0]} if fresh else None
