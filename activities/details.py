"""Step 1, plans only: what no list tells of a workspace's models and reports, asked for one by one.

Refresh schedules, and where the scan did not tell them parameters and data sources, per model; subscriptions per report
and dashboard. All of it goes into the workspace's inventory document; what is refused is missing, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.inventory import judge_late
from activities.tenant_lists import reason
from shared.assessment.obstacles_unknown import not_checkable
from shared.assessment.reading import lower, rows, text
from shared.assessment.verdicts_models import is_refreshable
from shared.errors import IdentityRefused, ServiceError, TerminalError, Throttled
from shared.outcomes import Done, Json, Outcome, Wait
from shared.powerbi.connect import PowerBI
from shared.run_documents import inventory_path
from shared.services import Services

_PER_CALL = 25  # service calls per activity
_PATIENCE = timedelta(minutes=1)  # scaled; how long it waits for the quota of subscriptions, 200 an hour
_SUBSCRIPTIONS = "subscriptions"

type Read = Callable[[PowerBI], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One call, and where its answer belongs in the document; `owner` is a model's id."""

    part: str
    owner: str
    read: Read


def read_details(services: Services, call: Call) -> Outcome:
    """Datasets_GetRefreshScheduleInGroup and the like of `call.workspace`, a few calls per activity."""
    context = open_context(services, call)
    path = inventory_path(call.migration, call.workspace)
    document: Json | None = services.documents.read_json(path)
    if document is None or not document.get("complete"):
        return Done()
    asked = questions(document)
    if why := _why_not(document):
        asked = [each for each in asked if each.part == _SUBSCRIPTIONS]
        document = _with_reason(document, "details", why)
    position = int(call.state.get("position", 0))
    document, position = _asked(context, document, asked, position)
    services.documents.write_json(path, document)
    if position < len(asked):
        return Wait(services.clock.now(), {"position": position})
    if document.get(_SUBSCRIPTIONS):
        judge_late(context, context.workspace(), document)
        services.manifest.count_workspace(call.migration, call.workspace)
    return Done()


def _asked(context: Context, document: Json, asked: list[Question], position: int) -> tuple[Json, int]:
    """The answers to the next questions. One that has to wait leaves those before it answered: asked again with
    every try, they would use up the quota it waits for."""
    begin = position
    for question in asked[begin : begin + _PER_CALL]:
        try:
            document = _answered(context, document, question)
        except ServiceError:
            if position == begin:
                raise
            break
        position += 1
    return document, position


def questions(document: Mapping[str, Any]) -> list[Question]:
    """In a stable order. The scan's own answers cost nothing and are not asked for again."""
    group = text(document, "id")
    scanned = text(document, "mode") == "scanner"
    asked: list[Question] = []
    for dataset in rows(document, "datasets"):
        asked += _of_model(group, dataset, scanned=scanned)
    if scanned:  # else the admin APIs were refused
        for report in rows(document, "reports"):
            if not text(report, "appId"):
                asked.append(_subscriptions_of(report, lambda tenant: tenant.subscriptions.of_report))
        for dashboard in rows(document, "dashboards"):
            asked.append(_subscriptions_of(dashboard, lambda tenant: tenant.subscriptions.of_dashboard))
    return asked


def _of_model(group: str, dataset: Mapping[str, Any], *, scanned: bool) -> list[Question]:
    own_id = text(dataset, "id")
    wanted: list[tuple[str, Read]] = []
    if is_refreshable(dataset):
        wanted.append(("refreshSchedule", lambda tenant: tenant.datasets.refresh_schedule(group, own_id)))
    elif "directquery" in lower(dataset, "contentProviderType") or dataset.get("isRefreshable") is False:
        part = "directQueryRefreshSchedule"
        wanted.append((part, lambda tenant: tenant.datasets.direct_query_schedule(group, own_id)))
    told = dataset.get("expressions") or dataset.get("tables")  # where the scan was allowed to look inside
    if not told:
        wanted.append(("parameters", lambda tenant: tenant.datasets.parameters(group, own_id)))
    if not scanned:
        wanted.append(("datasources", lambda tenant: tenant.datasets.datasources(group, own_id)))
    return [Question(part, own_id.lower(), read) for part, read in wanted]


def _subscriptions_of(item: Mapping[str, Any], reader: Callable[[PowerBI], Callable[[str], Any]]) -> Question:
    own_id = text(item, "id")
    return Question(_SUBSCRIPTIONS, "", lambda tenant: reader(tenant)(own_id))


def _answered(context: Context, document: Json, question: Question) -> Json:
    if question.part == _SUBSCRIPTIONS:
        return _with_subscriptions(context, document, question)
    try:
        answer = question.read(context.source)
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        answer = {"unread": reason(refused)}
    details: Json = document.get("details") or {}
    of_model = {**details.get(question.owner, {}), question.part: answer}
    return {**document, "details": {**details, question.owner: of_model}}


def _with_subscriptions(context: Context, document: Json, question: Question) -> Json:
    """As far as the hour's calls last: a plan does not wait for days because somebody has many reports."""
    if _SUBSCRIPTIONS in (document.get("unread") or {}):
        return document
    try:
        found = question.read(context.source)
    except Throttled as busy:
        if busy.retry_at - context.services.clock.now() <= _PATIENCE * context.call.scale:
            raise
        return _over_budget(context, document)
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        return _with_reason(document, _SUBSCRIPTIONS, reason(refused))
    known = {lower(row, "id"): row for row in [*rows(document, _SUBSCRIPTIONS), *found]}
    return {**document, _SUBSCRIPTIONS: list(known.values())}


def _over_budget(context: Context, document: Json) -> Json:
    why = "The service tells subscriptions of 200 reports and 200 dashboards an hour, and these calls are used up."
    context.services.findings.add_all(
        context.call.migration,
        [not_checkable(_SUBSCRIPTIONS, f"{why} The inventory has those of the first workspaces only.")],
    )
    return _with_reason(document, _SUBSCRIPTIONS, why)


def _why_not(document: Mapping[str, Any]) -> str:
    """Where the identity is not in the workspace every call would be refused."""
    return "The source identity is not in this workspace." if document.get("ourRight") == "none" else ""


def _with_reason(document: Json, part: str, why: str) -> Json:
    return {**document, "unread": {**(document.get("unread") or {}), part: why}}
