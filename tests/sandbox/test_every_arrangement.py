"""What people arranged in the estate of every kind; and dataflows moved by hand that compare as equal."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from service_client import Client

from sandbox import bare
from sandbox.dataflow_documents import mashup, upstream
from sandbox.everykind import arranged, flows
from sandbox.folders import item_ids, path_of
from sandbox.generate import Estate, generate
from sandbox.modeljson import document
from sandbox.server import Sandbox
from sandbox.state import Access, Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return generate(tmp_path_factory.mktemp("arranged"), workspaces=0, every_kind=True)


def space(made: Estate, name: str) -> Workspace:
    (found,) = [held for held in made.source.workspaces.values() if held.name == name]
    return found


def test_folders_are_nested_and_hold_what_is_there(made: Estate) -> None:
    held = space(made, arranged.FOLDERS)
    paths = {"/".join(path_of(held, folder.id)) for folder in held.folders}
    assert "Sales/Archive und Ablage/2026" in paths and "Archive und Ablage" in paths
    assert held.placed.keys() <= item_ids(held) and set(held.placed.values()) <= {f.id for f in held.folders}


def test_settings_and_storage_have_a_counterpart(made: Estate) -> None:
    held = space(made, arranged.SETTINGS)
    accounts = made.source.storage_accounts, made.target.storage_accounts
    names, ids = ([{getattr(a, key) for a in side.values()} for side in accounts] for key in ("name", "id"))
    assert names[0] == names[1] and not ids[0] & ids[1]
    assert held.dataflow_storage_id in ids[0] and held.default_dataset_storage_format == "Large"


def test_push_models_repeat_a_name_and_hide_a_schema(made: Estate) -> None:
    held = space(made, arranged.PUSHED).datasets
    assert [model.name for model in held].count("Sensors") == 2
    assert [model.name for model in held if not model.tables] == ["Untold"]


def test_a_pipeline_has_three_workspaces(made: Estate) -> None:
    lines = [item for item in made.source.pipelines.values() if None not in item.stages]
    assert [len(item.stages) for item in lines] == [3]


def test_a_chain_is_linked_within_and_across_workspaces(made: Estate) -> None:
    above, below = space(made, flows.ABOVE), space(made, flows.BELOW)
    named = {flow.name: flow for held in (above, below) for flow in held.dataflows}
    links = {
        name: [(link.workspace_id, link.item_id) for link in upstream(document(made.source, flow))]
        for name, flow in named.items()
    }
    assert links == {
        "Landing": [],
        "Curated": [(above.id, named["Landing"].object_id)],
        "Mart": [(above.id, named["Curated"].object_id)],
    }
    entities = document(made.source, named["Landing"])["entities"]
    assert entities[0]["pbi:refreshPolicy"]["$type"] == "IncrementalRefreshPolicy"
    assert len(entities[0]["partitions"]) == 3


def test_a_chain_that_was_moved_by_hand_is_equal(sandbox: Sandbox, made: Estate) -> None:
    """Export, other ids, no partitions, import by the master user; in the order of lineage."""
    source = bare.two_tenants()[0]
    source.workspaces = {
        held.id: replace(held, users=[Access(source.actors["migration"], "Admin")], capacity_id=None)
        for held in (space(made, name) for name in (flows.ABOVE, flows.BELOW))
    }
    sandbox.control.put_state("contoso", source.to_dict())
    old, new = Client(sandbox, "CONTOSO"), Client(sandbox, "FABRIKAM", user=True)
    ids: dict[str, str] = {}
    for name in (flows.ABOVE, flows.BELOW):
        ids[space(made, name).id] = new.workspace(name)
    for name in (flows.ABOVE, flows.BELOW):
        held = space(made, name)
        for flow in held.dataflows:
            sent = old.get(f"groups/{held.id}/dataflows/{flow.object_id}").json()
            ids[flow.object_id] = _import(sandbox, new, ids[held.id], rewritten(sent, ids))
    result = sandbox.control.compare({"principals": {}, "workspaces": ["*"]})
    assert [row for row in result["differences"] if row["kind"] == "dataflow"] == []
    assert result["counts"]["dataflow"]["equal"] == 3


def rewritten(sent: dict[str, Any], ids: dict[str, str]) -> bytes:
    for entity in sent["entities"]:
        entity.pop("partitions", None)
    text = json.dumps(sent)
    for old, new in ids.items():
        text = text.replace(old, new)
    return text.encode()


def _import(sandbox: Sandbox, client: Client, group: str, content: bytes) -> str:
    answer = client.import_file(group, "model.json", content, "Abort")
    assert answer.status_code == 202, answer.text
    sandbox.control.advance()
    (flow,) = client.get(f"groups/{group}/imports/{answer.json()['id']}").json()["dataflows"]
    return flow["objectId"]


def test_parameters_of_a_model_name_a_dataflow(made: Estate) -> None:
    held = space(made, flows.BELOW)
    (model,) = held.datasets
    values = {item["name"]: item["currentValue"] for item in model.parameters}
    assert values == {"Dataflow workspace": held.id, "Dataflow": held.dataflows[0].object_id}


def test_the_same_seed_writes_the_same_files(made: Estate, tmp_path: Path) -> None:
    again = generate(tmp_path, workspaces=0, every_kind=True)
    for name in (flows.ABOVE, flows.BELOW):
        for first, second in zip(space(made, name).dataflows, space(again, name).dataflows, strict=True):
            assert mashup(first.document) == mashup(second.document)
