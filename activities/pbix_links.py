"""What a PBIX report names of the old tenant by id: said, not changed, since a file arrives as it was exported.

Looked for in the staged file, of which only the report's own pages are read: the model is most of it, and is dealt
with in `repointing`. What takes more than a few looks is not worth them.
"""

from __future__ import annotations

from activities.context import Context
from activities.identities import ids_for
from activities.leftovers import tell_links
from shared.blobs import Staged
from shared.content import pbix
from shared.content.ids import guids
from shared.errors import ContentError
from shared.models import ItemRow
from shared.powerbi.imports import MULTIPART_LIMIT

_REPORT = "report/"  # members with what people see and click


def name_pbix_links(context: Context, item: ItemRow) -> str:
    """A finding where it names anything known; the answer is a note where it could not be looked through."""
    if not item.blob:
        return ""
    if item.length > MULTIPART_LIMIT:
        return "Not looked through for links to the old tenant: the file is too large."
    try:
        named = _named(context, item)
    except ContentError as unread:
        return f"Not looked through for links to the old tenant: {unread.message}"
    known = ids_for(context, named, item.needs) if named else None
    if known is not None:
        moved = {each: f"what is {known.targets[each]} now" for each in named & known.targets.keys()}
        tell_links(context, item, {**moved, **known.unmoved})
    return ""


def _named(context: Context, item: ItemRow) -> set[str]:
    staged = Staged(item.blob, item.length, item.sha256)
    with context.services.staging.seekable(staged) as file:
        return {
            each
            for path, text in pbix.texts(file)
            if path.lower().startswith(_REPORT)
            for each in guids(text)
        }
