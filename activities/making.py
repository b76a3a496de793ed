"""One item made in the target that comes with no PBIX: by its definition, as a file of its own, or anew.

However it is made, it is made once: what has its name is remembered before the first try, and what has come up since
is taken for that try's. Each way says only how its content is read, sent, and found to have arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.adoption import adopt_item, arrived
from activities.context import Context
from activities.places import put_in_folder
from shared.blobs import Staged
from shared.errors import AppError
from shared.models import ItemRow, ItemState, Kind
from shared.writes import Intent

type Json = dict[str, Any]
type Row = Mapping[str, Any]

_SLOWEST_BYTES_S = 4 * 1024 * 1024


class Ambiguous(Exception):
    """More than one object may be what an earlier try made; choosing would be guessing."""


class Refused(AppError):
    """This way does not lead there: a person has to do it (`todo`)."""

    def __init__(self, message: str, code: str, todo: str = "") -> None:
        super().__init__(message, code)
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Way:
    """One way into the target. `read` gives the content in pieces, or None for what needs none or is not ready
    (it has put the long-running operation into `state` then); `content` makes of it what the target gets; `send`
    answers with `{"id"}`, or with what is to be waited for (`{"operation"}` or `{"import"}`); `ended` gives the
    object, or None while it is not there."""

    operation: str
    listed: Callable[[Context, str], Iterable[Row]]
    send: Callable[[Context, str, ItemRow, Any], Json]
    content: Callable[[Context, ItemRow], Any] = lambda context, item: None
    # The GUIDs in what was read, lower case, and those of the workspaces it names otherwise.
    names: Callable[[Context, bytes], Iterable[str]] = lambda context, content: ()
    renew: Callable[[Context, str, ItemRow, Any], Json] | None = None  # sends it over the item it has become
    finish: Callable[[Context, ItemRow, str], None] = lambda context, item, made: None  # once it is there
    read: Callable[[Context, ItemRow, dict[str, Any]], Iterable[bytes] | None] | None = None
    ended: Callable[[Context, str, ItemRow, Json], Row | None] | None = None
    pending: Callable[[Context, str, ItemRow], Iterable[Row]] | None = None  # imports that may become it
    is_placed: bool = False  # `send` has put it into its folder
    prepare: Callable[[Context], None] = lambda context: None  # writes of their own before it is sent
    # Where the error says that this way is closed.
    refusal: Callable[[AppError], Refused | None] = lambda error: None


def intent_of(context: Context, item: ItemRow, way: Way) -> Intent:
    return context.intent("make", f"{item.kind}.{item.source_id}", way.operation, item.source_name)


def make(context: Context, item: ItemRow, way: Way) -> Json:
    """Bring it about once. Raises Ambiguous, ContentError, or what the service refused with."""
    workspace, content = context.workspace().target_id, way.content(context, item)
    return context.services.gate.write(
        intent_of(context, item, way),
        survey=lambda: _survey(context, workspace, item, way),
        look=lambda before: _look(context, workspace, item, way, before),
        act=lambda: way.send(context, workspace, item, content),
        longest_s=item.length / _SLOWEST_BYTES_S * context.call.scale,
    )


def adopted(context: Context, item: ItemRow, way: Way) -> bool:
    """True where an earlier migration of this app has brought it, and it is still there."""
    row = context.workspace()
    if not row.earlier:
        return False
    return adopt_item(context, item, {identity_of(each) for each in way.listed(context, row.target_id)})


def arrive(context: Context, item: ItemRow, way: Way, made: Row) -> None:
    """Its row is done, and what is to be done about it once it is there."""
    name = str(made.get("displayName") or made.get("name") or item.source_name)
    identity = str(made.get("id") or made.get("objectId"))
    way.finish(context, item, identity)
    if not way.is_placed:
        put_in_folder(context, item, identity)
    arrived(context, Kind(item.kind), item.source_id, identity, name)


def staged_bytes(context: Context, item: ItemRow) -> bytes:
    """The content as it was read, whole: it has a limit where it is read."""
    return b"".join(context.services.staging.body(Staged(item.blob, item.length, item.sha256)))


def whereabouts(context: Context, item: ItemRow, way: Way, made: Json, before: Row) -> Row | None:
    """What came of a write that is done: the object; None while it is being made, empty where that is over and
    nothing of it is to be seen (yet). Raises what it failed of."""
    workspace = context.workspace().target_id
    found: Row | None = (
        made if made.get("id") or way.ended is None else way.ended(context, workspace, item, made)
    )
    if found is None or found.get("id") or found.get("objectId"):
        return found
    return next(iter(newly_named(context, workspace, item, way, before)), {})


def settled(context: Context, item: ItemRow, way: Way) -> tuple[Json, Json] | None:
    """The write that was begun and what was there before it, without writing; None where nothing comes of it."""
    gate, intent, workspace = (
        context.services.gate,
        intent_of(context, item, way),
        context.workspace().target_id,
    )
    longest_s = item.length / _SLOWEST_BYTES_S * context.call.scale
    made = gate.settle(
        intent, lambda before: _look(context, workspace, item, way, before), longest_s=longest_s
    )
    return gate.recorded(intent) if made is not None else None


def newly_named(context: Context, workspace: str, item: ItemRow, way: Way, before: Row) -> list[Row]:
    """What has its name, was not there before the first try and is no other item of this workspace."""
    known = {*before.get("ids", ()), *_others(context, item)}
    return [
        row
        for row in way.listed(context, workspace)
        if _is_named(row, item) and identity_of(row) not in known
    ]


def _survey(context: Context, workspace: str, item: ItemRow, way: Way) -> Json:
    named = [identity_of(row) for row in way.listed(context, workspace) if _is_named(row, item)]
    pending = [identity_of(row) for row in way.pending(context, workspace, item)] if way.pending else []
    return {"ids": sorted([*named, *pending])}


def _look(context: Context, workspace: str, item: ItemRow, way: Way, before: Row) -> Json | None:
    found = newly_named(context, workspace, item, way, before)
    if len(found) > 1:
        raise Ambiguous(f"{', '.join(identity_of(row) for row in found)} may each be {item.source_name!r}.")
    known = before.get("ids", ())
    pending = way.pending(context, workspace, item) if way.pending else ()
    sent = [str(row["id"]) for row in pending if identity_of(row) not in known]
    if len(sent) > 1 and not found:
        raise Ambiguous(f"Imports {', '.join(sent)} may each be of {item.source_name!r}.")
    made = {"import": sent[0]} if len(sent) == 1 else {}  # a rollback knows by it that it is ours
    return {**made, "id": identity_of(found[0])} if found else made or None


def _others(context: Context, item: ItemRow) -> set[str]:
    """What other items of the workspace have become, also where only the answer to their write says so yet."""
    call, services = context.call, context.services
    items = services.manifest.items_of(call.migration, call.workspace)
    known = {each.target_id.lower() for each in items if each.source_id != item.source_id}
    told = services.gate.results(call.migration, call.workspace, "make")
    return (known | {str(result["id"]).lower() for result in told if result.get("id")}) - {""}


def namesake_in_hand(context: Context, item: ItemRow, way: Way) -> bool:
    """True while another of its kind and name is being made: only one after the other can be told apart.

    Who has begun goes on; of those that have not, the first by id.
    """
    call, services = context.call, context.services
    begun = services.gate.is_open(intent_of(context, item, way))
    for other in services.manifest.items_of(call.migration, call.workspace):
        if other.kind != item.kind or other.state != ItemState.CREATING or other.source_id == item.source_id:
            continue
        if other.source_name.casefold() != item.source_name.casefold():
            continue
        other_begun = services.gate.is_open(intent_of(context, other, way))
        if (not other_begun, other.source_id) < (not begun, item.source_id):
            return True
    return False


def _is_named(row: Row, item: ItemRow) -> bool:
    return str(row.get("displayName") or row.get("name") or "").casefold() == item.source_name.casefold()


def identity_of(row: Row) -> str:
    return str(row.get("id") or row.get("objectId")).lower()
