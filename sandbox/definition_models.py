"""Semantic models by definition: TMDL files in, a model without data out."""

from sandbox import definitions
from sandbox.definition_kind import Kind, Place, corrupted
from sandbox.definitions import Payloads
from sandbox.filling import describe, trace
from sandbox.state import Dataset, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.tmdl_reading import Unreadable


def _model_payloads(place: Place, item: Dataset) -> Payloads:
    return definitions.model_payloads(item)


def _check_model(payloads: Payloads) -> None:
    if "definition.pbism" not in payloads:
        raise corrupted("definition.pbism is missing")
    try:
        describe(Dataset("", ""), payloads)
    except Unreadable as fault:
        raise corrupted(str(fault)) from fault


def _apply_model(place: Place, item: Dataset, payloads: Payloads) -> None:
    item.parts = definitions.encoded(payloads)
    item.file_id = None
    describe(item, payloads)
    trace(place.service.state, item)


def _add_model(place: Place, name: str) -> Dataset:
    made = Dataset(new_id(), name, configured_by=place.caller.name, created_date=iso(now()))
    made.content_provider_type = "InImportMode"
    large = place.workspace.capacity_id and place.workspace.default_dataset_storage_format == "Large"
    made.target_storage_mode = "PremiumFiles" if large else "Abf"
    place.workspace.datasets.append(made)
    return made


def _remove_model(space: Workspace, item: Dataset) -> None:
    space.datasets.remove(item)
    space.reports = [report for report in space.reports if report.dataset_id != item.id]


MODELS = Kind(
    "SemanticModel",
    "semanticModels",
    lambda space: space.datasets,
    _model_payloads,
    _check_model,
    _apply_model,
    _add_model,
    _remove_model,
    "CreateDataset",
)
