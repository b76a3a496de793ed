"""What becomes of items that only Fabric knows.

This product moves Power BI. Of Fabric it moves dataflows of the second generation, whose definition is whole without
data beside it; all else is named with its type, so that nobody finds out after the cutover.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.assessment.model import Route
from shared.assessment.reading import text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, by_hand, stays_behind
from shared.assessment.verdicts_effort import minutes


class _Group(NamedTuple):
    types: frozenset[str]
    todo: str
    effort: str
    lost: tuple[str, ...] = ()


_WITH_THEIR_PARENT = {
    "sqlendpoint": "a lakehouse or mirrored database",
    "warehousesnapshot": "a warehouse",
    "orgappaudience": "an organisational app",
}
_DATA_STORES = frozenset(
    [
        "lakehouse",
        "warehouse",
        "eventhouse",
        "kqldatabase",
        "sqldatabase",
        "mirroreddatabase",
        "mirroredwarehouse",
        "mirroredcatalog",
        "mirroredazuredatabrickscatalog",
        "snowflakedatabase",
        "cosmosdbdatabase",
        "azuredatabricksstorage",
    ]
)
_CODE = frozenset(
    [
        "notebook",
        "sparkjobdefinition",
        "datapipeline",
        "environment",
        "userdatafunction",
        "copyjob",
        "databuildtooljob",
        "apacheairflowjob",
        "kqlqueryset",
        "kqldashboard",
        "variablelibrary",
    ]
)
_GROUPS = (
    _Group(
        frozenset({"scorecard", "goals"}),
        "Create it again with its goals and connected values.",
        "scorecard",
        ("check-ins and their history",),
    ),
    _Group(
        _DATA_STORES,
        "Create it in the target and load or copy its data before what reads from it.",
        "dataStore",
        ("its data",),
    ),
    _Group(
        _CODE,
        "Export its definition, import it in the target, connect it to its data there.",
        "code",
        ("run history, schedules",),
    ),
)


def draft_fabric_item(item: Item, _place: Place) -> Draft:
    kind = text(item.raw, "type") or "Fabric item"
    parent = _WITH_THEIR_PARENT.get(kind.lower())
    if parent is not None:
        return stays_behind(f"{kind}: the service makes it with {parent}.")
    reason = f"{kind}: this product does not move items of this type."
    for group in _GROUPS:
        if kind.lower() in group.types:
            return by_hand(reason, group.todo, lost=group.lost, minutes=minutes(group.effort))
    return by_hand(reason, "Create it in the target again and test it.", minutes=minutes("fabricItem"))


def draft_gen2(place: Place) -> Draft:
    cost = Cost(
        ("refresh history",),
        ("Choose or make its connections in the target, then refresh it.",),
        minutes("dataflowConnections"),
    )
    if place.facts.on_capacity is False:
        reason = "A dataflow of the second generation needs a Fabric capacity, and its workspace gets none."
        return Draft(Route.BY_HAND, reason, Cost(cost.lost, cost.todo, minutes("dataflow")))
    return Draft(Route.DEFINITION, "A dataflow of the second generation: it goes by definition.", cost)
