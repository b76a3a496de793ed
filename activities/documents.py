"""What the inventory told of one item, in the service's own words."""

from __future__ import annotations

from typing import Any

from activities.context import Context
from shared.assessment.verdicts_contents import contents
from shared.models import ItemRow, Kind
from shared.run_documents import inventory_path

type Json = dict[str, Any]


def workspace_document(context: Context) -> Json:
    """The inventory document of this call's workspace; empty where there is none."""
    path = inventory_path(context.call.migration, context.call.workspace)
    return context.services.documents.read_json(path) or {}


def raw_of(context: Context, item: ItemRow) -> Json:
    """Empty where the inventory does not hold it."""
    known = contents(workspace_document(context))[Kind(item.kind)]
    return next((each.raw for each in known if each.key == item.source_id.lower()), {})
