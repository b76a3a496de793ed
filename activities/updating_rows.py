"""What a row tells of an update: `sha256` of what was read last, `sent_sha256` of what the target has."""

from __future__ import annotations

from activities.context import Context
from shared.blobs import Staged
from shared.models import ItemRow, Kind
from shared.outcomes import Done, Json

UNCHANGED = Done({"changed": False})
_UNKNOWN = "none"  # `sent_sha256` where nobody knows the bytes that the target has


def life(item: ItemRow) -> str:
    """Tells one update of an item from every other, also where the source goes back to what it was before."""
    return f"{item.source_id}-{item.sha256[:16]}-{item.renew or item.sent_sha256}"


def is_unsent(item: ItemRow) -> bool:
    """Something was read that is not known to have arrived."""
    return bool(item.sent_sha256) and item.sha256 != item.sent_sha256


def is_new(context: Context, item: ItemRow) -> bool:
    """Something was read and not sent yet, and still lies there in full."""
    is_there = is_unsent(item) and bool(item.blob)
    return is_there and context.services.staging.size(item.blob) == item.length


def noted(context: Context, item: ItemRow, staged: Staged) -> ItemRow | None:
    """The row with what was read; None where the target has just that."""
    has = item.sent_sha256 or item.sha256
    if staged.sha256 == has:
        if not item.links:  # else it is wanted once more when what it names has come
            context.services.staging.delete(staged.blob)
        if item.sha256 != has:  # of something newer that was never sent, and is not there any more
            _update(context, item, sha256=has)
        return None
    facts = {"blob": staged.blob, "length": staged.length, "sha256": staged.sha256}
    return _update(context, item, **facts, sent_sha256=has or _UNKNOWN)


def put_back(context: Context, item: ItemRow) -> Json:
    """The changes to a row whose newer content does not go there: it tells of what the target has, and nothing of
    the newer one is kept."""
    if not is_unsent(item):
        return {}
    if item.blob:
        context.services.staging.delete(item.blob)
    has = "" if item.sent_sha256 == _UNKNOWN else item.sent_sha256
    return {"sha256": has, "sent_sha256": has, "blob": "", "length": 0}


def forget_sent(context: Context, item: ItemRow) -> None:
    """Whether the target has what was read, nobody knows."""
    _update(context, item, sent_sha256=_UNKNOWN)


def finished(context: Context, item: ItemRow, *, model: str = "", sent_sha256: str = "") -> None:
    """The target has it. `model`: the source id of one that came with it, which is to be refreshed once more: a try
    that died forgets its refresh again, so that comes first."""
    call, services = context.call, context.services
    if model:
        services.gate.forget(call.migration, call.workspace, "refresh", model)
    item = _update(context, item, sent_sha256=sent_sha256 or item.sha256)
    if not item.links:
        services.staging.delete(item.blob)


def reads(context: Context, item: ItemRow, what: Json) -> ItemRow:
    """The new content is there: the row says what that needs."""
    return _update(context, item, **what)


def _update(context: Context, item: ItemRow, **changes: object) -> ItemRow:
    call = context.call
    return context.services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, **changes
    )
