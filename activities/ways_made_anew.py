"""Made anew by API from what the inventory tells: dashboards (empty: no operation pins tiles) and push models."""

from __future__ import annotations

from collections.abc import Iterable

from activities.context import Context
from activities.documents import raw_of
from activities.making import Json, Refused, Row, Way
from shared.content.push import push_body
from shared.errors import AppError, ContentError
from shared.models import ItemRow

_BY_HAND = "Let the program that feeds it create it in the target and send there."


def _dashboards(context: Context, workspace: str) -> Iterable[Row]:
    return context.target.dashboards.list(workspace)


def _add_dashboard(context: Context, workspace: str, item: ItemRow, content: None) -> Json:
    return {"id": str(context.target.dashboards.create(workspace, item.source_name)["id"])}


def _models(context: Context, workspace: str) -> Iterable[Row]:
    return context.target.datasets.list(workspace)


def _body(context: Context, item: ItemRow) -> Json:
    return push_body(raw_of(context, item))


def _add_push_model(context: Context, workspace: str, item: ItemRow, content: Json) -> Json:
    return {"id": str(context.target.datasets.create_push(workspace, content)["id"])}


def _refusal(error: AppError) -> Refused | None:
    if isinstance(error, ContentError):
        return Refused(error.message, error.code, _BY_HAND)
    return None


DASHBOARD = Way("Dashboards_AddDashboardInGroup", _dashboards, _add_dashboard)
PUSH_MODEL = Way("Datasets_PostDatasetInGroup", _models, _add_push_model, content=_body, refusal=_refusal)
