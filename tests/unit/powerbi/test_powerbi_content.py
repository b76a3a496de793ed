"""Content that no file carries: dataflows, push models, parameters, dashboards, pipelines, folders, settings."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from powerbi_support import Reply, Rig, Service, error, reply_json, rig_on

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    BadRequest,
    ContentError,
    EntityNotFound,
    is_transient,
)
from shared.powerbi import dataflows

GROUP, ITEM = "g-1", "i-1"
MODEL = b'\r\n{"name": "Sales",  "entities": []}\n'
FILE = {"Content-Type": "application/json"}


class Body:
    """A small file as a request body."""

    def __len__(self) -> int:
        return len(MODEL)

    def __iter__(self) -> Any:
        yield MODEL


def exported(rig: Rig, *replies: Reply) -> bytes:
    rig.service.in_turn(*replies)
    return rig.tenant.dataflows.export(GROUP, ITEM)


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream", ""])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_dataflow_comes_byte_for_byte(rig: Rig, kind: str, mark: bytes) -> None:
    assert exported(rig, Reply(200, mark + MODEL, {"Content-Type": kind} if kind else {})) == mark + MODEL
    assert rig.service.received[0].target == f"/v1.0/myorg/groups/{GROUP}/dataflows/{ITEM}"


@pytest.mark.parametrize(
    ("content", "passes"),
    [
        (b"", False),
        (b"<html>sign in</html>", False),
        (b"[]", False),
        (b'"text"', False),
        (b'{"a": }', False),
        (b"{" * 200_000, True),
        (b'{"a": [' * 100_000 + b"]}", False),
        (MODEL[:-5], True),
        (codecs.BOM_UTF8 + MODEL[:-5], True),
    ],
)
def test_what_is_no_model_json_is_told_from_one_that_was_cut_off(
    rig: Rig, content: bytes, passes: bool
) -> None:
    with pytest.raises(ContentError) as caught:
        exported(rig, Reply(200, content, FILE, without_length=True))
    assert caught.value.code == "content.notFile"
    assert is_transient(caught.value) is passes


def test_a_dataflow_cut_off_by_length_is_noticed(rig: Rig) -> None:
    with pytest.raises(ContentError) as caught:
        exported(rig, Reply(200, MODEL, FILE, cut_after=10))
    assert caught.value.code == "content.truncated"


def test_a_dataflow_beyond_the_limit_is_not_read_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataflows, "EXPORT_LIMIT", 1000)
    assert exported(rig, Reply(200, b'{"a":"%s"}' % (b"x" * 992), FILE))
    with pytest.raises(ContentError) as caught:
        exported(rig, Reply(200, b'{"a":"%s"}' % (b"x" * 993), FILE))
    assert caught.value.code == "content.tooLarge"


def test_a_model_json_goes_by_the_user_and_is_looked_for_by_the_user(service: Service) -> None:
    rig = rig_on(service, USERNAME="u@contoso.com", PASSWORD="p4ssword-of-user")
    service.in_turn(
        reply_json({"id": "i-1"}, 202), reply_json({"importState": "Succeeded"}), reply_json({"value": []})
    )
    imports = rig.tenant.imports
    assert imports.post_file(GROUP, "model.json", "Abort", Body(), as_user=True) == "i-1"
    imports.get(GROUP, "i-1", as_user=True)
    imports.list(GROUP, as_user=True)
    assert service.received[0].query == {"datasetDisplayName": "model.json", "nameConflict": "Abort"}
    assert [call.identity for call in rig.calls] == ["user"] * 3
    assert [form["grant_type"] for form in service.token_requests] == ["password"]
    imports.get(GROUP, "i-1")
    assert rig.calls[-1].identity == "main"


def test_a_file_goes_into_its_folder(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "i-1"}, 202))
    rig.tenant.imports.post_file(GROUP, "a.rdl", "Overwrite", Body(), folder_id="f")
    rig.tenant.imports.post_file_url(GROUP, "a.pbix", "Ignore", "https://x/y?sig=z", folder_id="f")
    assert [each.query["subfolderObjectId"] for each in rig.service.received] == ["f", "f"]


def test_parameters_are_set_a_hundred_at_a_time(rig: Rig) -> None:
    rig.service.in_turn(Reply(200))
    values = {f"p{number}": str(number) for number in range(201)}
    rig.tenant.datasets.update_parameters(GROUP, ITEM, values)
    sent = [request.json()["updateDetails"] for request in rig.service.received]
    assert [len(details) for details in sent] == [100, 100, 1]
    assert {row["name"]: row["newValue"] for details in sent for row in details} == values
    rig.service.received.clear()
    rig.tenant.datasets.update_parameters(GROUP, ITEM, {})
    assert rig.service.received == []


def test_unknown_parameters_are_named_by_the_service(rig: Rig) -> None:
    rig.service.in_turn(error(404, "ItemNotFound", "Dataset parameters at positions 1 - 4 cannot be found"))
    with pytest.raises(EntityNotFound, match="positions 1 - 4"):
        rig.tenant.datasets.update_parameters(GROUP, ITEM, {"a": "b"})


@pytest.mark.parametrize("status", [201, 202])
def test_a_push_model_is_created(rig: Rig, status: int) -> None:
    rig.service.in_turn(reply_json({"id": "d", "AddRowsAPIEnabled": True}, status))
    body = {"name": "P", "defaultMode": "Push", "tables": []}
    assert rig.tenant.datasets.create_push(GROUP, body) == {"id": "d", "addRowsAPIEnabled": True}
    assert rig.service.received[0].json() == body


CREATES: dict[str, Any] = {
    "dashboard": lambda t: t.dashboards.create(GROUP, "n"),
    "push model": lambda t: t.datasets.create_push(GROUP, {"name": "n", "tables": []}),
    "pipeline": lambda t: t.pipelines.create("n"),
    "folder": lambda t: t.fabric.create_folder(GROUP, "n"),
    "stage": lambda t: t.pipelines.assign(ITEM, 0, GROUP),
    "right": lambda t: t.pipelines.add_user(ITEM, "o", "User"),
    "refresh": lambda t: t.dataflows.refresh(GROUP, ITEM),
}


@pytest.mark.parametrize("name", CREATES)
def test_what_makes_something_new_is_never_sent_twice(rig: Rig, name: str) -> None:
    rig.service.in_turn(Reply(hang_up=True))
    with pytest.raises(AmbiguousWrite):
        CREATES[name](rig.tenant)
    assert len(rig.service.received) == 1


SETTINGS: dict[str, Any] = {
    "workspace": lambda t: t.groups.update(GROUP, defaultDatasetStorageFormat="Large"),
    "description": lambda t: t.fabric.update_workspace(GROUP, "d"),
    "storage": lambda t: t.groups.assign_dataflow_storage(GROUP, "s"),
    "dataset": lambda t: t.datasets.update(GROUP, ITEM, targetStorageMode="PremiumFiles"),
    "parameters": lambda t: t.datasets.update_parameters(GROUP, ITEM, {"a": "b"}),
    "dataflow": lambda t: t.dataflows.update(GROUP, ITEM, description="d"),
    "binding": lambda t: t.reports.rebind(GROUP, ITEM, "d"),
    "place": lambda t: t.fabric.move_item(GROUP, ITEM),
    "delete dataflow": lambda t: t.dataflows.delete(GROUP, ITEM),
    "delete dashboard": lambda t: t.dashboards.delete(GROUP, ITEM),
    "delete pipeline": lambda t: t.pipelines.delete(ITEM),
}
BODIES: dict[str, Any] = {
    "workspace": {"defaultDatasetStorageFormat": "Large"},
    "description": {"description": "d"},
    "storage": {"dataflowStorageId": "s"},
    "dataset": {"targetStorageMode": "PremiumFiles"},
    "parameters": {"updateDetails": [{"name": "a", "newValue": "b"}]},
    "dataflow": {"description": "d"},
    "binding": {"datasetId": "d"},
    "place": {},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_has_the_same_effect_twice_is_asked_again(rig: Rig, name: str) -> None:
    rig.service.in_turn(Reply(hang_up=True), Reply(200))
    SETTINGS[name](rig.tenant)
    sent = [request.body for request in rig.service.received]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    if name in BODIES:
        assert rig.service.received[1].json() == BODIES[name]


@pytest.mark.parametrize("name", ["dashboard", "push model", "pipeline"])
def test_a_new_thing_without_an_id_may_or_may_not_be_there(rig: Rig, name: str) -> None:
    rig.service.in_turn(reply_json({"displayName": "n"}))
    with pytest.raises(AmbiguousWrite):
        CREATES[name](rig.tenant)


def test_a_pipeline_is_made_filled_and_shared(rig: Rig) -> None:
    pipelines = rig.tenant.pipelines
    rig.service.in_turn(reply_json({"id": "p", "displayName": "n"}, 201))
    assert pipelines.create("n", "d")["id"] == "p"
    rig.service.in_turn(Reply(200))
    pipelines.assign("p", 2, GROUP)
    pipelines.add_user("p", "o", "Group")
    made, assigned, shared = rig.service.received
    assert made.json() == {"displayName": "n", "description": "d"}
    assert assigned.path == "/v1.0/myorg/pipelines/p/stages/2/assignWorkspace"
    assert assigned.json() == {"workspaceId": GROUP}
    assert shared.json() == {"identifier": "o", "principalType": "Group", "accessRight": "Admin"}


def test_a_folder_is_made_where_its_parent_is(rig: Rig) -> None:
    rig.service.in_turn(
        reply_json({"id": "f"}, 201),
        reply_json({"errorCode": "FolderDisplayNameAlreadyInUse", "message": ""}, 409),
    )
    assert rig.tenant.fabric.create_folder(GROUP, "n", "parent") == {"id": "f"}
    assert rig.service.received[0].json() == {"displayName": "n", "parentFolderId": "parent"}
    with pytest.raises(AlreadyExists):
        rig.tenant.fabric.create_folder(GROUP, "n")
    assert rig.service.received[1].json() == {"displayName": "n"}


def test_what_a_service_has_not_built_is_no_outage(rig: Rig) -> None:
    rig.service.in_turn(error(501, "NotImplemented"))
    with pytest.raises(BadRequest):
        rig.tenant.pipelines.list()
    assert len(rig.service.received) == 1
