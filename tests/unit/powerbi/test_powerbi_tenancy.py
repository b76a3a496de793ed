"""The activities that read the tenants' lists: once per attempt, a refusal is told and never fails, a wait goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from core_support import next_id
from powerbi_support import Received, Reply, Service, error, reply_json, serving, variables

from activities.details import read_details
from activities.frame import run
from activities.planning import next_details
from activities.selected import store_selection
from activities.tenancy import GRAPH, parts_of, read_part, read_parts, read_tenant
from shared.config import Settings, load
from shared.models import Migration, MigrationRequest, WorkspaceRow, plan_key
from shared.outcomes import Json
from shared.run_documents import extracts_path, inventory_path
from shared.services import Services, request_path

HASH = "f" * 64
USER = {"USERNAME": "mia@contoso.example", "PASSWORD": "pw"}
type Answers = dict[str, Callable[[Received], Reply] | Reply]


@dataclass
class World:
    """Two tenants at one scripted service, by the end of the path; what is not scripted is an empty list."""

    services: Services
    service: Service
    answers: Answers
    migration: str

    def read(self, phase: str, **state: Any) -> Json:
        payload = {"migration": self.migration, "phase": phase, "scale": 1.0, **state}
        return run(read_part, self.services, payload)

    def to_the_end(self, phase: str) -> int:
        """How many activities a part took."""
        for number in range(1, 50):
            outcome = self.read(phase)
            if outcome["outcome"] == "done":
                return number
            assert outcome["outcome"] == "wait"
        raise AssertionError("it never ended")

    def paths(self) -> list[str]:
        return [request.path.rsplit("/myorg", 1)[-1] for request in self.service.received]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


@pytest.fixture
def world(storage: Settings, service: Service) -> Callable[..., World]:
    connection = storage.storage_connection
    assert connection is not None

    def make(
        answers: Answers | None = None,
        fields: dict[str, str] | None = None,
        run_key: Callable[[str], str] = str,
        **request: Any,
    ) -> World:
        scripted: Answers = answers or {}

        def script(received: Received) -> Reply:
            known = next((answer for end, answer in scripted.items() if received.path.endswith(end)), None)
            if known is None:
                return reply_json({"value": []})
            return known(received) if callable(known) else known

        service.script = script
        settings = load(
            {
                # Tenants of this test's own: the ledger of quotas outlives it.
                **variables(service.origin, **{"TENANT_ID": str(uuid4()), **(fields or {})}),
                **as_target(variables(service.origin, **{"TENANT_ID": str(uuid4()), **(fields or {})})),
                "AzureWebJobsStorage": connection.reveal(),
            }
        )
        services, name = Services(settings), run_key(next_id("t"))
        wanted = MigrationRequest(
            **{"source": "contoso", "target": "fabrikam", "workspaces": ["*"], **request}
        )
        now = "2026-11-21T12:00:00+00:00"
        services.manifest.create(Migration(name, "planning", wanted.source, wanted.target, HASH, now, now))
        services.documents.write_json(request_path(name, HASH), wanted.to_dict())
        return World(services, service, scripted, name)

    return make


def as_target(settings: dict[str, str]) -> dict[str, str]:
    return {key.replace("CONTOSO", "FABRIKAM"): value for key, value in settings.items()}


def rows(*ids: str) -> Reply:
    return reply_json({"value": [{"id": each, "name": each.upper()} for each in ids]})


def paged(*ids: str) -> Callable[[Received], Reply]:
    return lambda received: rows(*ids) if received.query.get("$skip", "0") == "0" else rows()


# -- which ----------------------------------------------------------------------------------------------------


def names(request: MigrationRequest, *, plan: bool = True, **fields: str) -> tuple[set[str], list[str]]:
    source = variables("https://localhost:1", **fields)
    first, later = parts_of(request, load({**source, **as_target(source)}), plan=plan)
    return set(first), later


def test_an_assessment_reads_nothing_of_a_target_and_nobody_who_is_not_configured_is_asked() -> None:
    assessed, later = names(MigrationRequest("contoso", "", ["*"]))
    assert later == []
    assert all(part.startswith("source-") for part in assessed)
    planned, later = names(MigrationRequest("contoso", "fabrikam", ["*"]))
    assert planned - assessed == {"target-capacities", "target-groups", "target-gateways"}
    assert later == []
    both, later = names(
        MigrationRequest("contoso", "fabrikam", ["*"]), GRAPH_URL="https://localhost:1/v1.0", **USER
    )
    assert both - planned == {"source-masterUser"}
    assert later == [GRAPH]


def test_a_migration_takes_nothing_of_the_scarce_calls_for_lists_of_all_workspaces() -> None:
    planned, _ = names(MigrationRequest("contoso", "fabrikam", ["*"]), **USER)
    moved, _ = names(MigrationRequest("contoso", "fabrikam", ["*"]), plan=False, **USER)
    assert planned - moved == {"source-workbooks", "source-masterUser", "target-groups"}


# -- how ------------------------------------------------------------------------------------------------------


def test_a_part_is_read_once_and_anew_by_a_new_attempt(world: Callable[..., World]) -> None:
    here = world({"/admin/apps": paged("a", "b")})
    assert here.to_the_end("source-apps") == 1
    calls = len(here.service.received)
    assert here.to_the_end("source-apps") == 1
    assert len(here.service.received) == calls
    part = read_tenant(here.services, here.migration, "source", "apps")
    assert ([row["id"] for row in part.rows], part.unread) == (["a", "b"], "")
    here.services.manifest.decide(here.migration, lambda now: {"attempt": now.attempt + 1})
    here.answers["/admin/apps"] = paged("c")
    here.to_the_end("source-apps")
    assert [row["id"] for row in read_tenant(here.services, here.migration, "source", "apps").rows] == ["c"]


PARTS = [
    *("source-apps", "source-pipelines", "source-fabricItems", "source-memberships", "source-workbooks"),
    *("source-gateways", "source-capacities", "source-masterUser", "target-capacities", "target-groups"),
    "target-gateways",
]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("status", "code"), [(401, "PowerBINotAuthorizedException"), (404, "X"), (400, "Y")])
def test_a_refusal_is_told_and_fails_nothing(
    world: Callable[..., World], part: str, status: int, code: str
) -> None:
    here = world({"": error(status, code, "Not for you")}, USER)
    assert here.to_the_end(part) == 1
    held = read_tenant(here.services, here.migration, *part.split("-", 1))
    assert held.rows == []
    assert code in held.unread
    assert held.unread.endswith(".")


@pytest.mark.parametrize("part", PARTS)
def test_a_plan_waits_for_a_quota(world: Callable[..., World], part: str) -> None:
    here = world({"": Reply(429, headers={"Retry-After": "900"})}, USER, run_key=plan_key)
    assert here.read(part)["outcome"] == "wait"
    assert read_tenant(here.services, here.migration, *part.split("-", 1)).unread == "It was not read."


def test_a_migration_waits_for_no_list_longer_than_it_is_worth(world: Callable[..., World]) -> None:
    here = world({"": Reply(429, headers={"Retry-After": "900"})}, USER)
    assert here.read("source-workbooks")["outcome"] == "done"
    assert read_tenant(here.services, here.migration, "source", "workbooks").unread


def test_a_list_that_is_answered_with_an_error_is_asked_for_three_times(world: Callable[..., World]) -> None:
    here = world({"": Reply(500)}, USER)
    outcomes = [here.read("source-pipelines", tries=tries)["outcome"] for tries in range(3)]
    assert outcomes == ["wait", "wait", "done"]
    assert read_tenant(here.services, here.migration, "source", "pipelines").unread


def test_a_master_user_who_can_t_sign_in_is_told(world: Callable[..., World]) -> None:
    here = world({}, USER)
    here.service.entra = lambda _: reply_json(
        {"error": "invalid_grant", "error_description": "AADSTS50126"}, 400
    )
    assert here.to_the_end("source-masterUser") == 1
    assert "AADSTS50126" in read_tenant(here.services, here.migration, "source", "masterUser").unread


def test_what_the_master_user_could_do(world: Callable[..., World]) -> None:
    def groups(received: Received) -> Reply:
        if received.path.endswith("/admin/groups"):
            return reply_json({"value": []})
        full = [{"id": "W1", "isReadOnly": False}, {"id": "w2", "isReadOnly": True}]
        return reply_json({"value": full if received.query["$skip"] == "0" else []})

    here = world({"/groups": groups}, USER)
    here.to_the_end("source-masterUser")
    (row,) = read_tenant(here.services, here.migration, "source", "masterUser").rows
    assert row == {"name": USER["USERNAME"], "fabricAdmin": True, "groups": {"w1": "write", "w2": "read"}}


def test_without_the_admin_list_the_own_one_has_to_do_and_it_is_said(world: Callable[..., World]) -> None:
    refused = error(401, "PowerBINotAuthorizedException")
    here = world(
        {
            "/admin/groups": refused,
            "/groups": paged("a"),
            "/admin/capacities": refused,
            "/capacities": rows("c"),
        }
    )
    here.to_the_end("target-groups")
    here.to_the_end("source-capacities")
    taken, known = (
        read_tenant(here.services, here.migration, *p)
        for p in (("target", "groups"), ("source", "capacities"))
    )
    assert [row["name"] for row in taken.rows] == ["A"]
    assert "own workspaces" in taken.unread
    assert [row["id"] for row in known.rows] == ["c"]
    assert "own capacities" in known.unread


def test_many_gateways_take_several_activities_and_each_is_asked_once(world: Callable[..., World]) -> None:
    ids = [f"g{number}" for number in range(60)]
    here = world({"/g7/datasources": error(401, "X"), "/datasources": rows("s"), "/gateways": rows(*ids)})
    assert here.to_the_end("source-gateways") == 4
    part = read_tenant(here.services, here.migration, "source", "gateways")
    assert [row["id"] for row in part.rows] == ids
    assert [row["id"] for row in part.rows if "unread" in row] == ["g7"]
    assert all(row["datasources"] for row in part.rows if "unread" not in row)
    asked = [path for path in here.paths() if path.endswith("/datasources")]
    assert sorted(asked) == sorted(f"/gateways/{each}/datasources" for each in ids)


def test_what_was_read_before_a_wait_is_not_asked_for_again(world: Callable[..., World]) -> None:
    ids = [f"g{number}" for number in range(12)]
    busy = Reply(429, headers={"Retry-After": "900"})
    replies = {"/g7/datasources": busy, "/datasources": rows("s"), "/gateways": rows(*ids)}
    here = world(replies, run_key=plan_key)
    assert {here.read("source-gateways")["outcome"] for _ in range(4)} == {"wait"}
    asked = [path for path in here.paths() if path.endswith("/datasources")]
    assert asked == [f"/gateways/{each}/datasources" for each in ids[:8]]
    held = read_tenant(here.services, here.migration, "source", "gateways").rows
    assert [row["id"] for row in held if "datasources" in row] == ids[:7]


def test_a_plan_reads_who_may_see_an_app_as_far_as_the_hour_s_calls_last(world: Callable[..., World]) -> None:
    ids = [f"a{number}" for number in range(30)]
    apps = reply_json({"value": [{"id": each} for each in ids]})

    def listed(received: Received) -> Reply:
        return apps if "$skip" not in received.query else rows()

    def users(received: Received) -> Reply:
        used_up = received.path.endswith("/a27/users")
        return Reply(429, headers={"Retry-After": "3000"}) if used_up else rows("u")

    here = world({"/users": users, "/admin/apps": listed}, run_key=plan_key)
    assert here.to_the_end("source-apps") == 3
    part = read_tenant(here.services, here.migration, "source", "apps")
    assert [row["id"] for row in part.rows if row["users"]] == ids[:27]
    assert {row["id"] for row in part.rows if "unread" in row} == set(ids[27:])
    assert "used up" in part.unread


def test_a_named_gateway_that_is_not_ours_is_told_from_one_that_is_not_there(
    world: Callable[..., World],
) -> None:
    def gateways(received: Received) -> Reply:
        mine = [{"id": "t1", "name": "Mine"}]
        others = [{"id": "t1", "displayName": "Mine"}, {"id": "t2", "displayName": "Theirs"}]
        return reply_json({"value": mine if "myorg" in received.path else others})

    mapping = {"a": "Mine", "b": "THEIRS", "c": "Gone"}
    here = world({"/gateways": gateways}, gateways=mapping)
    here.to_the_end("target-gateways")
    found = read_tenant(here.services, here.migration, "target", "gateways").rows
    assert [(row["id"], row.get("administered", True)) for row in found] == [("t1", True), ("t2", False)]
    alone = world({"/gateways": gateways}, gateways={"a": "Mine"})
    before = len(alone.service.received)
    alone.to_the_end("target-gateways")
    assert "/v1/gateways" not in [request.path for request in alone.service.received[before:]]


def test_fabric_items_are_those_no_other_list_tells(world: Callable[..., World]) -> None:
    kinds = ["Lakehouse", "Report", "SemanticModel", "Dataflow", "Dashboard", "Notebook"]
    items = [{"id": kind, "type": kind, "name": kind, "workspaceId": "w"} for kind in kinds]
    here = world({"/admin/items": reply_json({"itemEntities": items})})
    here.to_the_end("source-fabricItems")
    found = read_tenant(here.services, here.migration, "source", "fabricItems").rows
    assert [row["type"] for row in found] == ["Lakehouse", "Dataflow", "Notebook"]
    assert found[0] == {
        "id": "Lakehouse",
        "type": "Lakehouse",
        "displayName": "Lakehouse",
        "workspaceId": "w",
    }


def test_workbooks_know_their_workspace(world: Callable[..., World]) -> None:
    groups = [{"id": "w", "workbooks": [{"name": "Book"}]}, {"id": "v"}]
    here = world(
        {"/admin/groups": lambda r: reply_json({"value": groups if r.query["$skip"] == "0" else []})}
    )
    here.to_the_end("source-workbooks")
    found = read_tenant(here.services, here.migration, "source", "workbooks").rows
    assert found == [{"name": "Book", "workspaceId": "w"}]


def test_all_parts_of_a_run_are_there_also_those_that_were_not_read(world: Callable[..., World]) -> None:
    here = world({"/admin/apps": paged("a")}, target="")
    here.to_the_end("source-apps")
    parts = read_parts(here.services, here.migration)
    assert set(parts) == set(
        parts_of(here.services.request_of(here.migration), here.services.settings, plan=False)[0]
    )
    assert [name for name, part in parts.items() if not part.unread] == ["source-apps"]


# -- the directory --------------------------------------------------------------------------------------------


def directory(received: Received) -> Reply:
    """Knows who has an even number."""
    answers: list[Json] = []
    for asked in received.json()["requests"]:
        number = int("".join(filter(str.isdigit, unquote(asked["url"]).split("@")[0])) or 1)
        answers.append({"id": asked["id"], "status": 200 if number % 2 == 0 else 404, "body": {"id": "x"}})
    return reply_json({"responses": answers})


def with_people(here: World, number: int) -> None:
    """The extracts of an inventory whose users are user0 … at contoso.example."""
    from shared.assessment.model import Extract

    who = {f"user{n}@contoso.example": {"kind": "User", "name": f"User {n}"} for n in range(number)}
    documents = here.services.documents
    store_selection(
        here.services,
        here.migration,
        "scanner",
        0,
        [{"id": "w", "name": "W", "targetName": "W", "moves": True}],
        [],
    )
    extract = Extract("w", "W", principals=who)
    documents.write_json(extracts_path(here.migration, 0), [extract.to_dict()])


def test_every_mapped_principal_is_asked_for_once_and_who_is_not_known_is_kept(
    world: Callable[..., World], service: Service
) -> None:
    number = 1203
    fields = {"GRAPH_URL": f"{service.origin}/v1.0"}
    rules = {"@contoso.example": "@new.example", "user3@contoso.example": None}
    here = world({"/$batch": directory}, fields, principals=rules)
    with_people(here, number)
    assert here.to_the_end(GRAPH) == 3
    part = read_tenant(here.services, here.migration, "target", "graph")
    missing = {f"user{n}@new.example" for n in range(number) if n % 2 and n != 3}
    assert {row["identifier"] for row in part.rows} == missing
    assert (part.unread, {row["known"] for row in part.rows}) == ("", {False})
    assert len(here.service.received) == -(-(number - 1) // 20)


def test_a_directory_that_refuses_is_said_to(world: Callable[..., World], service: Service) -> None:
    fields = {"GRAPH_URL": f"{service.origin}/v1.0"}
    here = world(
        {"/$batch": error(403, "Authorization_RequestDenied")}, fields, principals={"@contoso.example": "@n"}
    )
    with_people(here, 3)
    assert here.to_the_end(GRAPH) == 1
    part = read_tenant(here.services, here.migration, "target", "graph")
    assert (part.rows, "Authorization_RequestDenied" in part.unread) == ([], True)


# -- details --------------------------------------------------------------------------------------------------


def detailed(here: World, workspace: str = "w") -> tuple[Json, int]:
    """The document after all of it was read, and how many activities that took."""
    state: Json = {}
    for number in range(1, 50):
        payload = {"migration": here.migration, "workspace": workspace, "scale": 1.0, **state}
        outcome = run(read_details, here.services, payload)
        if outcome["outcome"] == "done":
            return here.services.documents.read_json(inventory_path(here.migration, workspace)) or {}, number
        assert outcome["outcome"] == "wait", outcome
        state = outcome["state"]
    raise AssertionError("it never ended")


def with_document(here: World, **parts: Any) -> None:
    here.services.manifest.plan_workspace(here.migration, WorkspaceRow("w", "W"))
    document = {"id": "w", "name": "W", "complete": True, "mode": "scanner", **parts}
    here.services.documents.write_json(inventory_path(here.migration, "w"), document)


IMPORTED = {
    "id": "D1",
    "name": "Model",
    "isRefreshable": True,
    "expressions": [{"name": "p", "expression": "1"}],
}


def test_a_schedule_per_model_and_subscriptions_per_item_go_into_the_document(
    world: Callable[..., World],
) -> None:
    here = world({"/refreshSchedule": reply_json({"enabled": True}), "/subscriptions": rows("s1", "s2")})
    direct = {"id": "D2", "isRefreshable": False, "tables": [{"name": "t"}]}
    with_document(
        here,
        datasets=[IMPORTED, direct],
        reports=[{"id": "r"}, {"id": "copy", "appId": "a"}],
        dashboards=[{"id": "b"}],
    )
    here.answers["/directQueryRefreshSchedule"] = reply_json({"frequency": 15})
    document, activities = detailed(here)
    assert activities == 1
    assert document["details"] == {
        "d1": {"refreshSchedule": {"enabled": True}},
        "d2": {"directQueryRefreshSchedule": {"frequency": 15}},
    }
    assert [row["id"] for row in document["subscriptions"]] == ["s1", "s2"]
    assert len(here.service.received) == 4


def test_what_the_scan_did_not_tell_is_asked_for(world: Callable[..., World]) -> None:
    here = world({"/parameters": rows("p"), "/datasources": rows("s"), "/refreshSchedule": reply_json({})})
    with_document(here, mode="member", datasets=[{"id": "d", "isRefreshable": True}], reports=[{"id": "r"}])
    document, _ = detailed(here)
    assert set(document["details"]["d"]) == {"refreshSchedule", "parameters", "datasources"}
    assert "subscriptions" not in document


def test_a_refused_model_is_noted_and_the_others_are_read(world: Callable[..., World]) -> None:
    here = world(
        {"/D1/refreshSchedule": error(401, "Secret"), "/refreshSchedule": reply_json({"enabled": False})}
    )
    with_document(here, datasets=[IMPORTED, {**IMPORTED, "id": "D2"}])
    document, _ = detailed(here)
    assert "Secret" in document["details"]["d1"]["refreshSchedule"]["unread"]
    assert document["details"]["d2"]["refreshSchedule"] == {"enabled": False}


def test_many_models_take_several_activities_and_each_is_asked_once(world: Callable[..., World]) -> None:
    here = world({"/refreshSchedule": reply_json({"enabled": True})})
    with_document(here, datasets=[{**IMPORTED, "id": f"D{n}"} for n in range(60)])
    document, activities = detailed(here)
    assert activities == 3
    assert len(document["details"]) == len(here.service.received) == 60


def test_answers_before_a_wait_are_kept_and_not_asked_for_again(world: Callable[..., World]) -> None:
    """A quota smaller than what one activity asks for would be used up by each of its tries, and never end."""
    busy = Reply(429, headers={"Retry-After": "900"})
    here = world({"/D7/refreshSchedule": busy, "/refreshSchedule": reply_json({"enabled": True})})
    with_document(here, datasets=[{**IMPORTED, "id": f"D{n}"} for n in range(12)])
    state: Json = {}
    for _ in range(4):
        payload = {"migration": here.migration, "workspace": "w", "scale": 1.0, **state}
        outcome = run(read_details, here.services, payload)
        assert (outcome["outcome"], outcome["state"]["position"]) == ("wait", 7)
        state = outcome["state"]
    assert len(here.service.received) == 8
    document: Json = here.services.documents.read_json(inventory_path(here.migration, "w")) or {}
    assert list(document["details"]) == [f"d{n}" for n in range(7)]


def test_a_workspace_without_a_model_is_asked_for_its_subscriptions(world: Callable[..., World]) -> None:
    here = world({})
    one = {"total": 1, "done": 0, "failed": 0, "manual": 1}
    for name, kinds in {
        "thin": ["report"],
        "boards": ["dashboard"],
        "flows": ["dataflow"],
        "none": [],
    }.items():
        row = WorkspaceRow(name, name, counts={kind: one for kind in kinds})
        here.services.manifest.plan_workspace(here.migration, row)
    payload = {"migration": here.migration, "scale": 1.0, "cursor": None, "page": 0}
    found = run(next_details, here.services, payload)["value"]
    assert sorted(found["workspaces"]) == ["boards", "thin"]


def test_where_we_are_not_in_nothing_of_the_workspace_is_asked(world: Callable[..., World]) -> None:
    here = world({})
    with_document(here, ourRight="none", datasets=[IMPORTED], reports=[{"id": "r"}])
    document, _ = detailed(here)
    assert document["unread"]["details"] == "The source identity is not in this workspace."
    assert here.paths() == ["/admin/reports/r/subscriptions"]


def test_subscriptions_beyond_the_hours_calls_are_said_to_be_missing(world: Callable[..., World]) -> None:
    here = world({"/subscriptions": Reply(429, headers={"Retry-After": "3000"})})
    with_document(here, reports=[{"id": f"r{n}"} for n in range(40)])
    document, activities = detailed(here)
    assert (activities, len(here.service.received)) == (2, 1)
    assert "used up" in document["unread"]["subscriptions"]
    findings = here.services.findings.page(here.migration, 10).rows
    assert [(row.code, row.id) for row in findings] == [("plan.notCheckable", "subscriptions")]


def test_a_workspace_that_was_not_read_is_left_alone(world: Callable[..., World]) -> None:
    here = world({})
    with_document(here, complete=False, datasets=[IMPORTED])
    assert detailed(here)[1] == 1
    assert here.service.received == []
