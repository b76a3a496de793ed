"""Dataflows of the second generation by definition: a mashup and what is said of its queries."""

from sandbox import definitions
from sandbox.definition_kind import Kind, Place, corrupted
from sandbox.definitions import Payloads
from sandbox.holdings import FabricItem
from sandbox.replies import refused
from sandbox.state import Workspace, new_id
from sandbox.timing import iso, now


def _dataflows(space: Workspace) -> list[FabricItem]:
    return [item for item in space.fabric_items if item.kind == "Dataflow"]


def _dataflow_payloads(place: Place, item: FabricItem) -> Payloads:
    return definitions.dataflow_payloads(item)


def _check_dataflow(payloads: Payloads) -> None:
    missing = {"mashup.pq", "queryMetadata.json"} - payloads.keys()
    if missing:
        raise corrupted(f"{min(missing)} is missing")


def _apply_dataflow(place: Place, item: FabricItem, payloads: Payloads) -> None:
    item.parts, item.modified = definitions.encoded(payloads), iso(now())


def _add_dataflow(place: Place, name: str) -> FabricItem:
    if place.workspace.capacity_id is None:
        raise refused(403, "FeatureNotAvailable", message="The workspace is not on a Fabric capacity")
    made = FabricItem(new_id(), "Dataflow", name, creator_id=place.caller.id, modified=iso(now()))
    place.workspace.fabric_items.append(made)
    return made


def _remove_dataflow(space: Workspace, item: FabricItem) -> None:
    space.fabric_items.remove(item)


DATAFLOWS = Kind(
    "Dataflow",
    "dataflows",
    _dataflows,
    _dataflow_payloads,
    _check_dataflow,
    _apply_dataflow,
    _add_dataflow,
    _remove_dataflow,
    "CreateArtifact",
    needs_definition=False,
)
