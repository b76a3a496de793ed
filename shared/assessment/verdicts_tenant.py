"""What becomes of items that belong to the tenant: deployment pipelines, data sources of gateways."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.assessment.extracts import data_source_key, details_of
from shared.assessment.model import Facts, Json, Route, Verdict
from shared.assessment.reading import as_object, identity, lower, name_of, rows, text
from shared.assessment.verdicts_contents import Contents, Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, by_hand, stays_behind
from shared.assessment.verdicts_effort import minutes
from shared.models import Kind

_TENANT = Place("", Contents(), Facts(), frozenset())
_RULES_OF_STAGES = Cost(("deployment rules and history",), ("Enter its deployment rules again.",))


def judge_tenant(
    parts: Mapping[str, Any],
    selected: Collection[str],
    gateways: Mapping[str, str] | None = None,
    used: Collection[str] | None = None,
) -> list[Verdict]:
    """Verdicts without a workspace.

    `parts`: {"source-pipelines" | "source-gateways" | "target-gateways": rows, or `{"rows": rows}`}. `selected`: ids of
    the workspaces that move. `gateways`: the request's mapping; None where there is no target yet. `used`: the data
    source keys that the selected workspaces use (see `Extract.sources`); None where that is not known.
    """
    chosen = {identity.lower() for identity in selected}
    pipelines = [
        _pipeline(row, chosen).verdict(_TENANT, _item(Kind.PIPELINE, row))
        for row in _rows(parts, "source-pipelines")
    ]
    target = _target_gateways(_rows(parts, "target-gateways"))
    return _once([*pipelines, *_data_sources(parts, _Mapping(gateways, target), used)])


def _pipeline(row: Json, selected: set[str]) -> Draft:
    stages = [workspace for stage in rows(row, "stages") if (workspace := lower(stage, "workspaceId"))]
    if not stages:
        return stays_behind("No workspace is assigned to any of its stages.")
    moving = [workspace for workspace in stages if workspace in selected]
    if not moving:
        return stays_behind("None of its workspaces is among those that move.")
    cost = Cost(_RULES_OF_STAGES.lost, _RULES_OF_STAGES.todo, minutes("pipelineRules"))
    if len(moving) < len(stages):
        cost += Cost((f"{len(stages) - len(moving)} of its stages, whose workspaces do not move",))
    return Draft(Route.RECREATE, "It is made by API, its stages are assigned, its users added.", cost)


class _Mapping:
    """The request's `gateways`: an id beats a name beats `*`; targets are those the identity administers."""

    def __init__(self, wanted: Mapping[str, str] | None, target: Mapping[str, set[str]]):
        self.decided = wanted is not None
        self._wanted = {key.lower(): value.lower() for key, value in (wanted or {}).items()}
        self._target = target

    def wanted(self, gateway: Json) -> str:
        names = (lower(gateway, "id"), lower(gateway, "name"), "*")
        return next((self._wanted[name] for name in names if name in self._wanted), "")

    def sources_at(self, target: str) -> set[str] | None:
        """The keys of its data sources, None where the target identity does not administer it."""
        return self._target.get(target)


def _target_gateways(gateways: list[Json]) -> dict[str, set[str]]:
    """By name, then by id, which beats it."""
    named = {lower(gateway, "name"): _keys(gateway) for gateway in gateways}
    return named | {lower(gateway, "id"): _keys(gateway) for gateway in gateways}


def _keys(gateway: Json) -> set[str]:
    return {_key(source) for source in rows(gateway, "datasources")}


def _key(source: Json) -> str:
    return data_source_key(text(source, "datasourceType"), details_of(source))


def _data_sources(
    parts: Mapping[str, Any], mapping: _Mapping, used: Collection[str] | None
) -> Iterator[Verdict]:
    for gateway in _rows(parts, "source-gateways"):
        for row in rows(gateway, "datasources"):
            item = _item(Kind.GATEWAY_DATASOURCE, row)
            if used is not None and _key(row) not in used:
                draft = stays_behind("Nothing that moves uses it.")
            else:
                draft = _data_source(gateway, row, mapping)
            yield draft.verdict(_TENANT, item)


def _data_source(gateway: Json, row: Json, mapping: _Mapping) -> Draft:
    target = mapping.wanted(gateway)
    there = mapping.sources_at(target)
    if not mapping.decided:
        todo = (
            "Install a gateway in the target tenant, make the target identity its admin, name it in gateways."
        )
        return Draft(Route.RECREATE, _MADE, Cost(todo=(todo,), minutes=minutes("gatewayRight")))
    if not target:
        return _hand(
            f"gateways gives gateway {name_of(gateway) or text(gateway, 'id')} no place in the target."
        )
    if there is None:
        return _hand(f"The target identity does not administer gateway {target}.")
    if _key(row) in there:
        return Draft(
            Route.RECREATE, "The target's gateway has a data source of the same type and connection: used."
        )
    if lower(row, "credentialType") == "oauth2":
        return _hand("No operation creates gateway data sources that sign in by OAuth2.")
    return Draft(Route.RECREATE, _MADE)


_MADE = "It is made by API on the target's gateway, with credentials encrypted for it."


def _hand(reason: str) -> Draft:
    todo = "Add a data source of the same type and connection to the target's gateway."
    return by_hand(reason, todo, minutes=minutes("dataSource"))


def _item(kind: Kind, row: Json) -> Item:
    named = row if name_of(row) else {**row, "name": text(row, "datasourceName")}
    return Item(kind, identity(kind, row), named)


def _rows(parts: Mapping[str, Any], part: str) -> list[Json]:
    """A part as its blob holds it, or only its rows."""
    held = as_object(parts.get(part))
    return rows(held, "rows") if held else rows(parts, part)


def _once(verdicts: list[Verdict]) -> list[Verdict]:
    """Lists repeat rows across pages."""
    return list(
        {(verdict.kind, verdict.source_id.lower()): verdict for verdict in reversed(verdicts)}.values()
    )[::-1]
