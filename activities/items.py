"""Every item that comes with no PBIX: its content read in the source, made in the target, waited for.

Three short activities for all kinds and routes; what differs is in the ways (`ways.py`). A way that the service
refuses ends as work for a person, with all that is known about it; everything else that fails may be tried again.
"""

from __future__ import annotations

import json
from typing import Any

from activities import live_connect
from activities.context import Context, open_context
from activities.frame import Call
from activities.identities import sources_in
from activities.long_running import of_the_question
from activities.making import (
    Ambiguous,
    Refused,
    Row,
    Way,
    adopted,
    arrive,
    intent_of,
    make,
    namesake_in_hand,
    staged_bytes,
    whereabouts,
)
from activities.needs import NOT_THERE, await_needs
from activities.renewing import not_renewed, renew
from activities.rights import is_of_lag
from activities.ways import has_way, way_of
from shared.assessment.lineage import waves
from shared.assessment.model import Route
from shared.errors import (
    AlreadyExists,
    AppError,
    ContentError,
    IdentityRefused,
    ServiceError,
    TerminalError,
    TransientError,
)
from shared.models import ItemRow, ItemState, Kind, Need
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import DEFINITION, NEIGHBOUR, VISIBILITY
from shared.run_documents import content_path
from shared.services import Services

_OPEN = frozenset({ItemState.PLANNED, ItemState.CREATING})
TRIES = 3  # of what ends without success in the target
_RENAME = "Make it by hand under another name, or publish it from Power BI Desktop."
_LONGEST = 4  # polls after which the pause is the longest
_OVER = {"over": True}  # nothing more is to be done about the item in this run

# What each phase of a workspace takes, in this order.
PHASES: dict[str, frozenset[Kind]] = {
    "dataflows": frozenset({Kind.DATAFLOW}),
    "definitions": frozenset({Kind.DATASET}),
    "reports": frozenset({Kind.REPORT, Kind.PAGINATED_REPORT}),
    "dashboards": frozenset({Kind.DASHBOARD}),
}


def next_items(services: Services, call: Call) -> Outcome:
    """One page of a phase's open items: `{"items": [[kind, id], …], "cursor"}`, each after those it needs."""
    items = services.manifest.items_of(call.migration, call.workspace)
    depth = waves({item.source_id.lower(): [Need.parse(need).id for need in item.needs] for item in items})
    ours = [item for item in items if item.kind in PHASES[call.phase]]
    wanted = [item for item in ours if item.state in _OPEN or (item.renew and has_way(item))]
    places = sorted((depth[item.source_id.lower()], item.kind, item.source_id) for item in wanted)
    after = tuple(json.loads(call.cursor)) if call.cursor else (0, "", "")
    rest = [place for place in places if place > after]
    page = rest[: call.page]
    cursor = json.dumps(page[-1]) if rest[call.page :] else None
    return Done({"items": [[kind, identity] for _, kind, identity in page], "cursor": cursor})


def read_item(services: Services, call: Call) -> Outcome:
    """What it is made of, into the staging container; `{"over": true}` where nothing is left to be done."""
    context = open_context(services, call)
    item = _item(services, call)
    if item.renew:
        return renew(context, item)
    if item.state not in _OPEN or adopted(context, item, way_of(item)):
        return Done(_OVER)
    if (missing := await_needs(context, item)) is not None:
        return missing
    context.update_workspace(step="export")
    item = _update(context, state=ItemState.CREATING)
    return (_with_sources if _staged(services, item) else _read)(context, item, way_of(item))


def _read(context: Context, item: ItemRow, way: Way) -> Outcome:
    if way.read is None:
        return Done()
    call, state = context.call, dict(context.call.state)
    try:
        content = way.read(context, item, state)
    except (Refused, TerminalError, ContentError) as error:
        return _refused(context, item, way, error)
    if content is None:
        again = DEFINITION.again(state, context.services.clock.now(), call.scale)
        operation = {"operation": state["operation"]}
        return Wait(again.until, {**again.state, **operation}) if again else _late("definition")
    path = content_path(call.migration, call.workspace, item.kind, item.source_id)
    staged = context.services.staging.stage(path, content)
    item = _update(context, blob=staged.blob, length=staged.length, sha256=staged.sha256)
    return _with_sources(context, item, way)


def _with_sources(context: Context, item: ItemRow, way: Way) -> Outcome:
    """Its content may name what no list has told that it reads: begun anew, it waits for that too."""
    found = {str(need) for need in sources_in(context, item, way.names(context, staged_bytes(context, item)))}
    if found <= set(item.needs):
        return Done()
    _update(context, needs=[*item.needs, *sorted(found - set(item.needs))])
    return Done({"again": True})


def make_item(services: Services, call: Call) -> Outcome:
    """The one write; what it takes time for is waited for by `await_item`."""
    context = open_context(services, call)
    item = _item(services, call)
    if (otherwise := _over_or_later(context, item)) is not None:
        return otherwise
    context.update_workspace(step="import")
    try:
        way_of(item).prepare(context)
        make(context, item, way_of(item))
    except Ambiguous as unclear:
        return Failed("item.ambiguous", str(unclear))
    except AlreadyExists as taken:
        return _name_taken(context, item, taken)
    except (Refused, TerminalError, ContentError) as error:
        return _refused(context, item, way_of(item), error)
    return Done()


def _name_taken(context: Context, item: ItemRow, taken: AlreadyExists) -> Outcome:
    """By our own write, whose answer was lost; by its namesake; or by somebody's."""
    call, services = context.call, context.services
    again = VISIBILITY.again(call.state, services.clock.now(), call.scale)
    if again is not None and services.gate.is_open(intent_of(context, item, way_of(item))):
        return again
    if _name_repeats(services, call, item):
        return _by_hand(
            context, item, Refused(f"The service takes no second one: {taken.message}", "", _RENAME)
        )
    return Failed("item.nameTaken", f"The target has something of that name already: {taken.message}")


def _over_or_later(context: Context, item: ItemRow) -> Outcome | None:
    """None where it is to be made now."""
    call = context.call
    if item.state not in _OPEN:
        return Done(_OVER)
    if not namesake_in_hand(context, item, way_of(item)):
        return None
    return NEIGHBOUR.again(call.state, context.services.clock.now(), call.scale)


def await_item(services: Services, call: Call) -> Outcome:
    """Until it is there; then its new id goes into the manifest."""
    context = open_context(services, call)
    item = _item(services, call)
    way = way_of(item)
    if item.state not in _OPEN:
        return Done(_OVER)
    recorded = services.gate.recorded(intent_of(context, item, way))
    if recorded is None:
        return Done({"again": True})
    try:
        found = whereabouts(context, item, way, *recorded)
    except ServiceError as error:
        return _came_to_nothing(context, item, way, error)
    if found:
        return _arrive(context, item, way, found)
    if found is not None:
        return _shown_late(context, item, way)
    return DEFINITION.again(call.state, services.clock.now(), call.scale) or _late("item")


def _shown_late(context: Context, item: ItemRow, way: Way) -> Outcome:
    """Its operation is over, or forgotten: what that made shows within minutes, or was never made."""
    call = context.call
    state = call.state if call.state.get("position") else {}  # from here on another deadline counts
    again = VISIBILITY.again(state, context.services.clock.now(), call.scale)
    if again is not None:
        return Wait(again.until, {**again.state, "position": 1})
    return Done({"again": True}) if _begun_anew(context, item, way) else _late("item")


def _begun_anew(context: Context, item: ItemRow, way: Way) -> bool:
    """What was begun has made nothing: the next try is another write. False once there were enough of them."""
    context.services.gate.drop(intent_of(context, item, way))
    tries = item.import_tries + 1
    _update(context, import_tries=tries)
    return tries % TRIES > 0


def _arrive(context: Context, item: ItemRow, way: Way, found: Row) -> Outcome:
    try:
        arrive(context, item, way, found)
    except Refused as closed:  # it was there, and is not any more
        return _by_hand(context, item, closed)
    return Done(_OVER)


def record_failure(services: Services, call: Call) -> Outcome:
    """The item has failed: its row and a finding say why, the rest of the workspace goes on."""
    context = open_context(services, call)
    item = _item(services, call)
    reason = f"{call.code}: {call.message}"
    if item.renew:  # it has arrived, and stays as it is
        not_renewed(context, item, reason)
        return Done()
    if call.code == NOT_THERE:
        return _by_hand(context, item, Refused(call.message, call.code, item.todo))
    context.about(item, "item.failed", reason, key=call.code)  # before the row, which nobody looks at again
    _update(context, state=ItemState.FAILED, note=reason[:2000])
    return Done()


def _came_to_nothing(context: Context, item: ItemRow, way: Way, error: ServiceError) -> Outcome:
    """What was begun in the target has failed there, or is not to be asked after just now.

    The first is known to have made nothing: the next try is another write, and there are three of them.
    """
    if error.retry_at is not None or isinstance(error, IdentityRefused) or of_the_question(error):
        raise error
    more = _begun_anew(context, item, way)
    if not isinstance(error, TransientError):
        return _refused(context, item, way, error)
    pause = VISIBILITY.again({"polls": _LONGEST}, context.services.clock.now(), context.call.scale)
    return Wait(pause.until) if more and pause else Failed(error.code, error.message[:2000])


def _refused(context: Context, item: ItemRow, way: Way, error: AppError) -> Outcome:
    """A closed way is work for a person; every other error is the item's failure, or a wait (see `frame`)."""
    if is_of_lag(context.services, context.call, error):
        raise error
    closed = error if isinstance(error, Refused) else way.refusal(error)
    if closed is None:
        raise error
    if (item.kind, item.route) == (Kind.REPORT, Route.DEFINITION):
        return live_connect.rerouted(context, item, closed)
    return _by_hand(context, item, closed)


def _by_hand(context: Context, item: ItemRow, why: Refused) -> Outcome:
    told = why.message if why.message.endswith(".") or not why.todo else f"{why.message}."
    note = f"{told} {why.todo}".rstrip()
    context.withdraw(item, "item.rerouted")  # no other way led there either: nothing of it is true any more
    # Before the row: else a death loses the task.
    context.about(item, "manual.notMoved", f"Not moved: {note}")
    _update(context, state=ItemState.MANUAL, note=note[:2000])
    return Done(_OVER)


def _name_repeats(services: Services, call: Call, item: ItemRow) -> bool:
    """The source has several of this kind and name, and the target takes only one of them by this way."""
    items = services.manifest.items_of(call.migration, call.workspace)
    name = item.source_name.casefold()
    return sum(each.kind == item.kind and each.source_name.casefold() == name for each in items) > 1


def _late(what: str) -> Failed:
    return Failed(f"{what}.deadline", f"The service did not end making the {what} in time.")


def _staged(services: Services, item: ItemRow) -> bool:
    return bool(item.blob) and services.staging.size(item.blob) == item.length


def _item(services: Services, call: Call) -> ItemRow:
    return services.manifest.item(call.migration, call.workspace, Kind(call.kind), call.item)


def _update(context: Context, **changes: Any) -> ItemRow:
    call = context.call
    return context.services.manifest.update_item(
        call.migration, call.workspace, Kind(call.kind), call.item, **changes
    )
