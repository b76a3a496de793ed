"""By whichever way a workspace was read, its document says what right the source identity has in it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from core_support import next_id

from activities import inventory
from activities.context import open_context
from activities.frame import Body, Call, run
from activities.planning import BATCHES
from shared.models import Migration, MigrationRequest, WorkspaceRow
from shared.run_documents import batch_path, chosen_path, inventory_path, part_path
from shared.services import Services, request_path

type Json = dict[str, Any]

BATCH = {"scale": 1.0, "mode": "scanner", "batch": 0}
ENTRY: Json = {
    "id": "w",
    "name": "Sales",
    "kind": "workspace",
    "moves": True,
    "capacity": "",
    "targetCapacity": "",
    "targetName": "Sales",
}


def source(result: Json) -> SimpleNamespace:
    """A tenant whose scan ended in that, and in which every list is empty."""
    nothing = SimpleNamespace(list=lambda group: [], users=lambda group: [])
    lists = dict.fromkeys(("reports", "datasets", "dashboards", "dataflows", "groups"), nothing)
    scanner = SimpleNamespace(result=lambda scan: result)
    return SimpleNamespace(scanner=scanner, principal_id=lambda: "own", **lists)


@pytest.fixture
def planned(services: Services) -> str:
    """One workspace that is to be read, of which the source identity is a viewer."""
    identity = next_id("read-")
    services.documents.write_json(
        request_path(identity, "h"), MigrationRequest("contoso", "fabrikam", ["*"]).to_dict()
    )
    services.manifest.create(Migration(identity, "planning", "contoso", "fabrikam", "h", "t", "t"))
    services.manifest.plan_workspace(identity, WorkspaceRow("w", "Sales"))
    services.documents.write_json(batch_path(identity, 0), [ENTRY])
    services.documents.write_json(chosen_path(identity), {"mode": "scanner", "chosen": ["w"]})
    memberships = {"rows": [{"id": "W", "isReadOnly": True}], "unread": ""}
    services.documents.write_json(part_path(identity, "source-memberships"), memberships)
    services.tables[BATCHES].put(identity, "00000", {"scan": "s"})
    return identity


def in_activity(body: Body, **more: str) -> Callable[[Services, str], None]:
    def read(services: Services, identity: str) -> None:
        outcome = run(body, services, {**BATCH, **more, "migration": identity})
        assert outcome["outcome"] == "done", outcome

    return read


def late(services: Services, identity: str) -> None:
    call = Call.from_dict({**BATCH, "migration": identity, "workspace": "w"})
    inventory.read_late(open_context(services, call), services.manifest.workspace(identity, "w"))


@pytest.mark.parametrize(
    ("read", "result"),
    [
        (in_activity(inventory.collect_scan), {"workspaces": [{"id": "W"}]}),
        (in_activity(inventory.collect_scan), {"workspaces": []}),
        (in_activity(inventory.list_directly), {}),
        (in_activity(inventory.record_unread, code="c", message="m"), {}),
        (late, {}),
    ],
    ids=["scanned", "lost by the scan", "by its lists", "unread", "late"],
)
def test_our_right_is_in_the_document(
    services: Services,
    planned: str,
    read: Callable[[Services, str], None],
    result: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "power_bi", lambda name: source(result))
    read(services, planned)
    document: Json = services.documents.read_json(inventory_path(planned, "w")) or {}
    assert document["ourRight"] == "read"
