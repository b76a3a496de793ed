"""What becomes of a semantic model.

PBIX is the first choice: it brings the data along, so nothing must be refreshed before people can read. It needs a
report that carries the model (there is no download of a model alone) and a model the service gives out. Those it is
known not to give out go by definition, and are filled by a full refresh.

Two things are not taken as proof against a download, since a wrong guess would leave a file behind that could have
moved: a provider without "Pbix" in its name, and a change by XMLA, which no API tells. There the download is
tried, and the definition is the way on if it is refused.

A push model is recreated (Datasets_PostDatasetInGroup from the tables of the scan): it has no PBIX, and the
definition operations serve models of the modelling engine, which it is not. Where its tables are not told, by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from shared.assessment import parameters
from shared.assessment.model import Json, Route
from shared.assessment.reading import field, listed, lower, name_of, rows, text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, by_hand, stays_behind
from shared.assessment.verdicts_effort import minutes


class Nature(StrEnum):
    """What decides a model's route."""

    ORDINARY = "ordinary"
    LARGE = "large"
    DIRECT_LAKE = "directLake"
    INCREMENTAL = "incremental"
    AUTHORED = "authored"  # in the service: there never was a file
    LIVE = "live"  # a connection to Analysis Services, no data of its own
    PUSH = "push"
    STREAMING = "streaming"
    FILE = "file"  # made by the service from an Excel or CSV file
    USAGE = "usage"


CARRIED = frozenset({Nature.ORDINARY, Nature.LIVE})  # a report of theirs brings them along
_LOADED = frozenset({Nature.ORDINARY, Nature.AUTHORED, Nature.LARGE, Nature.INCREMENTAL})

# ContentProviderType by how it begins; the first that fits.
_PROVIDERS = (
    ("usagemetrics", Nature.USAGE),
    ("realtimeinpushmode", Nature.PUSH),
    ("realtime", Nature.STREAMING),
    ("powerbimodelingservice", Nature.AUTHORED),
    ("excel", Nature.FILE),
    ("csv", Nature.FILE),
    ("pbixinliveconnection", Nature.LIVE),
    ("asazure", Nature.LIVE),
    ("asonprem", Nature.LIVE),
)
_USAGE_NAMES = frozenset(
    {"report usage metrics model", "dashboard usage metrics model", "usage metrics report"}
)
_INCREMENTAL = {"RangeStart", "RangeEnd"}  # the names the feature prescribes
_LAKES = (
    "datawarehouse.fabric.microsoft.com",
    "datawarehouse.pbidedicated.windows.net",
    "onelake.dfs.fabric",
)


def nature(dataset: Mapping[str, Any]) -> Nature:
    provider = lower(dataset, "contentProviderType")
    told = next((kind for begin, kind in _PROVIDERS if provider.startswith(begin)), None)
    if told == Nature.AUTHORED:
        stored = _storage(dataset, provider)
        return told if stored == Nature.ORDINARY else stored
    if told is not None:
        return told
    if field(dataset, "addRowsAPIEnabled") is True:
        return Nature.PUSH
    if not provider and name_of(dataset).lower() in _USAGE_NAMES:
        return Nature.USAGE
    return _storage(dataset, provider)


def _storage(dataset: Mapping[str, Any], provider: str) -> Nature:
    mode = lower(dataset, "targetStorageMode")
    if "directlake" in provider or "directlake" in mode or _reads_a_lake(dataset):
        return Nature.DIRECT_LAKE
    if mode == "premiumfiles":
        return Nature.LARGE
    names = {parameter["name"] for parameter in parameters.of_dataset(dataset)}
    return Nature.INCREMENTAL if names >= _INCREMENTAL else Nature.ORDINARY


def _reads_a_lake(dataset: Mapping[str, Any]) -> bool:
    """Its tables say so; else one expression names a lake and no table has a query that would load from it."""
    tables = rows(dataset, "tables")
    if any("directlake" in lower(table, "storageMode", "mode") for table in tables):
        return True
    shared = (lower(expression, "expression") for expression in rows(dataset, "expressions"))
    if not any(lake in expression for expression in shared for lake in _LAKES):
        return False
    return not any(text(source, "expression") for table in tables for source in rows(table, "source"))


def is_refreshable(dataset: Mapping[str, Any]) -> bool:
    """Does it hold data that a refresh loads? The lists say it; in a scan it follows from what the model is."""
    told = field(dataset, "isRefreshable")
    if isinstance(told, bool):
        return told
    return nature(dataset) in _LOADED and "directquery" not in lower(dataset, "contentProviderType")


def draft_model(item: Item, *, carried: bool, place: Place) -> Draft:
    """`carried`: a report of its workspace brings it along."""
    kind = nature(item.raw)
    if kind in CARRIED and carried:
        draft = Draft(Route.PBIX, "It comes with the PBIX of the report that carries it.")
    else:
        draft = _RULES[kind](item.raw, place)
    return draft.and_also((_history(item.raw), _roles(item.raw), _sources_elsewhere(item.raw, place)))


def _ordinary(_dataset: Json, _place: Place) -> Draft:
    reason = (
        "No report of its workspace carries it, and a model alone can't be downloaded: it goes by definition."
    )
    return Draft(Route.DEFINITION, reason)


def _authored(_dataset: Json, _place: Place) -> Draft:
    return Draft(
        Route.DEFINITION, "It was made in the service, so there is no PBIX of it: it goes by definition."
    )


def _live(_dataset: Json, _place: Place) -> Draft:
    return by_hand(
        "It is a connection to Analysis Services without a report that carries it.",
        "Connect to the same server from Power BI Desktop and publish.",
        minutes=minutes("report"),
    )


def _large(_dataset: Json, place: Place) -> Draft:
    reason = "The service gives no PBIX of a model in the large storage format: it goes by definition."
    if place.facts.on_capacity is False:
        return Draft(Route.DEFINITION, reason, Cost(("large storage format (it needs a capacity)",)))
    return Draft(Route.DEFINITION, reason)


def _incremental(_dataset: Json, _place: Place) -> Draft:
    reason = (
        "It has the parameters of incremental refresh, and the service gives no PBIX of such a model: it goes by "
        "definition, refresh policy included."
    )
    return Draft(
        Route.DEFINITION, reason, Cost(("loaded partitions older than what the source still holds",))
    )


def _direct_lake(_dataset: Json, place: Place) -> Draft:
    cost = Cost(
        todo=(
            "Load the tables of its lakehouse or warehouse in the target first, then point the model at them.",
        ),
        minutes=minutes("directLake"),
    )
    if place.facts.on_capacity is False:
        return Draft(Route.BY_HAND, "Direct Lake needs a capacity, and its workspace gets none.", cost)
    return Draft(
        Route.DEFINITION, "The service gives no PBIX of a Direct Lake model: it goes by definition.", cost
    )


def _push(dataset: Json, _place: Place) -> Draft:
    tables = rows(dataset, "tables")
    lost = ("rows pushed so far",)
    if not tables or not all(rows(table, "columns") for table in tables):
        return by_hand(
            "It is a push model, and the API does not tell its tables.",
            "Let the program that feeds it create it in the target and send there.",
            lost=lost,
            minutes=minutes("pushSender"),
        )
    todo = "Give the program that sends its rows the new dataset id, and its identity a right in the target."
    reason = "It is a push model: there is no file of it, so its tables are made anew."
    return Draft(Route.RECREATE, reason, Cost(lost, (todo,), minutes("pushSender")))


def _file(_dataset: Json, _place: Place) -> Draft:
    return by_hand(
        "The service made it from an uploaded Excel or CSV file and gives out neither file nor definition.",
        "Upload the file to the target workspace again.",
        minutes=minutes("fileModel"),
    )


def _usage(_dataset: Json, _place: Place) -> Draft:
    return stays_behind("Usage metrics are made by the service itself, for each tenant from its own log.")


_RULES: dict[Nature, Callable[[Json, Place], Draft]] = {
    Nature.ORDINARY: _ordinary,
    Nature.AUTHORED: _authored,
    Nature.LIVE: _live,
    Nature.LARGE: _large,
    Nature.INCREMENTAL: _incremental,
    Nature.DIRECT_LAKE: _direct_lake,
    Nature.PUSH: _push,
    Nature.STREAMING: _push,
    Nature.FILE: _file,
    Nature.USAGE: _usage,
}


def _history(dataset: Json) -> Cost:
    return Cost(("refresh history",)) if is_refreshable(dataset) else Cost()


def _roles(dataset: Json) -> Cost:
    """Roles travel in the model; their members are principals of the old tenant, and no REST operation sets them."""
    names = [name_of(role) for role in rows(dataset, "roles") if rows(role, "members")]
    if not names:
        return Cost()
    shown = listed(names)
    todo = f"Add the members of the roles {shown} again (Security of the model)."
    return Cost((f"members of the roles {shown}",), (todo,), minutes("role", len(names)))


def _sources_elsewhere(dataset: Json, place: Place) -> Cost:
    """What it uses in a workspace that stays: it arrives, but still reads from the old tenant."""
    used = {*_groups(dataset, "upstreamDatasets"), *_groups(dataset, "upstreamDataflows")}
    outside = sorted(group for group in used if not place.moves(group))
    todo: list[str] = []
    if outside:
        todo.append(f"It uses items of workspaces that do not move ({listed(outside)}): point it at others.")
    if rows(dataset, "upstreamDatamarts"):
        todo.append("It reads a datamart, which does not move: point it at what takes its place.")
    return Cost((), tuple(todo), minutes("repoint", len(todo)))


def _groups(item: Json, part: str) -> set[str]:
    return {group for row in rows(item, part) if (group := lower(row, "groupId"))}
