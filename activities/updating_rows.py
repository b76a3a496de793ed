"""What a row tells of an update: `sha256` of what was read last, `sent_sha256` of what the target has."""

from __future__ import annotations

from activities.context import Context
from shared.blobs import Staged
from shared.models import ItemRow, Kind
from shared.outcomes import Done

UNCHANGED = Done({"changed": False})


def is_new(context: Context, item: ItemRow) -> bool:
    """Something was read and not sent yet, and still lies there in full."""
    waiting = item.sent_sha256 and item.sha256 != item.sent_sha256
    return bool(waiting and item.blob) and context.services.staging.size(item.blob) == item.length


def noted(context: Context, item: ItemRow, staged: Staged) -> ItemRow | None:
    """The row with what was read; None where the target has just that."""
    has = item.sent_sha256 or item.sha256
    if staged.sha256 == has:
        if not item.links:  # else it is wanted once more when what it names has come
            context.services.staging.delete(staged.blob)
        return None
    facts = {"blob": staged.blob, "length": staged.length, "sha256": staged.sha256}
    return _update(context, item, **facts, sent_sha256=has or "none")


def finished(context: Context, item: ItemRow, sent_sha256: str = "") -> None:
    """The target has it; a model is to be refreshed once more."""
    call, services = context.call, context.services
    _update(context, item, sent_sha256=sent_sha256 or item.sha256)
    model = item.source_id if item.kind == Kind.DATASET else item.dataset_id
    services.gate.forget(call.migration, call.workspace, "refresh", model or item.source_id)
    if not item.links:
        services.staging.delete(item.blob)


def _update(context: Context, item: ItemRow, **changes: object) -> ItemRow:
    call = context.call
    return context.services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, **changes
    )
