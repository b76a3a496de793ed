"""Sending one staged file as an import: what an earlier try of it made is looked for before it is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities import survey
from activities.context import Context
from activities.delivery import Place, deliver
from activities.places import folder_of
from activities.remains import find
from activities.removal import facts_of
from shared.blobs import Staged
from shared.errors import BadRequest
from shared.models import ItemRow, ItemState, Kind
from shared.powerbi.imports import NameConflict

MODEL_STANDS = (
    "Its model is still in the target, and an import can't go over that model alone: "
    "delete the model, then retry."
)

TRIES = 3  # imports of one report that fail, or staged copies of it that are damaged

type Json = dict[str, Any]


class Ambiguous(Exception):
    """More than one import may be what an earlier try made; choosing would be guessing."""


class Sending:
    """The three ways in which the gate uses one import: `look` for an earlier try's, then `send`."""

    def __init__(self, context: Context, workspace: str, item: ItemRow, staged: Staged):
        self._context = context
        self._workspace = workspace
        self._item = item
        self._staged = staged
        self._unclear: list[str] = []

    def look(self, before: Json) -> Json | None:
        """The import of this name that was not there before our first try and belongs to no namesake.

        Without one, a report with its model that came since, in no import: a service that lost the answer may
        have lost the import as well. Less than that may be the beginning of either, so it is waited for.
        """
        known, there = survey.read(self._context, before), survey.contents(self._context, self._workspace)
        taken = known.imports | self._namesakes()
        named = survey.named_like(self._item.source_name, there).imports
        mine = [str(row["id"]) for row in named if str(row["id"]).lower() not in taken]
        if len(mine) > 1:
            raise Ambiguous(f"Imports {', '.join(mine)} of {self._item.source_name!r} may each be ours.")
        if mine:
            return {"import": mine[0], "sha256": self._item.sha256}
        found = find(facts_of(self._context, self._item, known), there)
        if known.objects is None or found.pair is None:
            self._unclear = found.ids if known.objects is not None else []
            return None
        report, dataset = (_essence(row) for row in found.pair)
        return {"import": "", "sha256": self._item.sha256, "report": report, "dataset": dataset}

    def send(self) -> Json:
        """By the way its size allows; the hash is that of the bytes as they were sent."""
        if self._unclear:
            raise Ambiguous(
                f"Since its answer was lost {', '.join(self._unclear)} came up in no import; it was not sent again."
            )
        item, context = self._item, self._context
        place = Place(self._workspace, f"{item.source_name}.pbix", folder_of(context, item))
        return deliver(
            context, self._staged, place, self._on_conflict(), may_fetch=item.import_tries % TRIES == 0
        )

    def _namesakes(self) -> set[str]:
        """The imports that are known to be of this workspace's other reports, or of earlier tries."""
        call, gate = self._context.call, self._context.services.gate
        return {result["import"].lower() for result in gate.results(call.migration, call.workspace, "import")}

    def _on_conflict(self) -> NameConflict:
        """`Abort` refuses a second report of one name, so a name the source has twice needs `Ignore`. A model
        whose report went missing is one that we brought: its report comes back together with it, over it."""
        if _name_repeats(self._context, self._item):
            return "Ignore"
        if not _model_stands(self._context, self._item):
            return "Abort"
        if not _is_alone(self._context, self._workspace, self._item):
            raise BadRequest("report.modelStands", MODEL_STANDS)
        return "CreateOrOverwrite"


def has_a_model_in_its_way(context: Context, item: ItemRow) -> bool:
    """The model we brought stands without its report, and can't be written over, as its name is not unique."""
    return _name_repeats(context, item) and _model_stands(context, item)


def _is_alone(context: Context, workspace: str, item: ItemRow) -> bool:
    """Of all that is in the target only our model has the report's name. An import goes over whatever has it:
    over what people made meanwhile, and past a model that was given back its own name."""
    call, manifest = context.call, context.services.manifest
    model = manifest.item(call.migration, call.workspace, Kind.DATASET, item.dataset_id)
    there = survey.named_like(item.source_name, survey.contents(context, workspace))
    return not there.reports and survey.identities(there.datasets) == {model.target_id.lower()}


def _name_repeats(context: Context, item: ItemRow) -> bool:
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    name = item.source_name.casefold()
    return sum(each.kind == Kind.REPORT and each.source_name.casefold() == name for each in items) > 1


def _model_stands(context: Context, item: ItemRow) -> bool:
    call, manifest = context.call, context.services.manifest
    model = manifest.item(call.migration, call.workspace, Kind.DATASET, item.dataset_id)
    return model.state == ItemState.DONE and bool(model.target_id)


def _essence(row: Mapping[str, Any]) -> Json:
    return {"id": str(row["id"]), "name": str(row.get("name") or "")}
