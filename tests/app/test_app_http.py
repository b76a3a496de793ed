"""The HTTP contract, against one app process: every route and its answers, faults in words, nothing half-started."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from driver import Driver

from local.azurite import Azurite
from sandbox.server import Sandbox

VERBS = ("pause", "resume", "cancel", "retry", "cutover", "rollback")
BUILT = ("", "/workspaces", "/findings", "/mapping")
NAMES = [
    "Größe 数据 🚀",
    "=1+1",
    'quo"te',
    "a/b\\c#d?e",
    " blanks ",
    "\u202ertl",
    "new\nline",
    "%2F..%2F",
    "x" * 200,
]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("http")
    with (
        Azurite(folder / "azurite") as azurite,
        Sandbox(folder / "sandbox", workspaces=3) as sandbox,
    ):
        driver = Driver(azurite, sandbox, folder / "app")
        driver.app.start()
        yield driver
        driver.app.stop()
        assert "Traceback" not in driver.app.log.read_text()  # nothing here was unforeseen


@pytest.fixture(scope="module")
def moved(driver: Driver) -> str:
    """A migration that is ready."""
    migration = driver.begin(id="moved")
    assert driver.rest(migration)["status"] == "ready"
    return migration


@pytest.fixture(scope="module")
def failed(driver: Driver) -> str:
    """A migration that failed before any write, with awkward names in its request and findings."""
    migration = driver.begin(id="failed", workspaces=NAMES)
    assert driver.rest(migration)["status"] == "failed"
    return migration


def error(answer: requests.Response, status: int) -> dict[str, Any]:
    """The error of an answer, in the contract's form and with no trace of the code behind it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    found = answer.json()["error"]
    assert set(found) == {"code", "message", "details"}
    assert not re.search(r"Traceback|File \"|\.py\b|line \d+, in", answer.text)
    return found


def fields(answer: requests.Response) -> set[str]:
    """The fields a 400 names, each with what is wrong and what to do."""
    details = error(answer, 400)["details"]
    assert all(detail["message"] and detail["remedy"] for detail in details)
    return {detail["field"] for detail in details}


def ids(driver: Driver) -> set[str]:
    return {row["id"] for row in driver.all("migrations")}


def test_starting_answers_202_with_where_to_look(driver: Driver, moved: str) -> None:
    body = {**driver.sandbox.control.suggested_request(), "id": "moved-twice", "naming": "{name} twice"}
    answer = driver.post("migrations", body)
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["id"], shown["status"]) == ("moved-twice", "planning")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Location"].endswith("/api/migrations/moved-twice")
    assert set(VERBS) <= set(shown["links"])
    for name, link in shown["links"].items():
        if name not in VERBS:
            assert requests.get(f"{driver.app.url}{link}", timeout=60).status_code == 200
    again = driver.post("migrations", body)
    assert (again.status_code, again.json()["id"]) == (200, "moved-twice")
    assert driver.rest("moved-twice")["status"] == "ready"
    assert driver.post("migrations", body).status_code == 200
    assert driver.sandbox.control.violations() == []


def test_the_same_meaning_in_other_words_is_the_same_migration(driver: Driver, moved: str) -> None:
    body = {**driver.sandbox.control.suggested_request(), "id": moved}
    turned = dict(reversed(body.items())) | {"source": body["source"].upper(), "freeze": False}
    assert driver.post("migrations", turned).status_code == 200


def test_another_body_under_a_taken_id_is_409_with_the_allowed_verbs(driver: Driver, moved: str) -> None:
    body = {**driver.sandbox.control.suggested_request(), "id": moved, "freeze": True}
    found = error(driver.post("migrations", body), 409)
    assert found["code"] == "migration.otherBody"
    assert found["details"] == [{"allowed": ["cutover", "retry", "rollback"]}]


BAD_BODIES: list[tuple[bytes, set[str]]] = [
    (b"", {""}),
    (b"{", {""}),
    (b"\xff\xfe", {""}),
    (b"null", {""}),
    (b"[]", {""}),
    (b'"text"', {""}),
    (b'{"source": "contoso", "source": "contoso"}', {""}),
    (b"[" * 100_000, {""}),
    (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, {""}),
    (b"{}", {"source", "target", "workspaces"}),
    (b'{"source": "contoso", "target": "contoso", "workspaces": ["*"]}', {"target"}),
    (b'{"source": "nowhere", "target": 3, "workspaces": []}', {"source", "target", "workspaces"}),
    (
        json.dumps(
            {
                "id": "Bad Id",
                "source": "contoso",
                "target": "fabrikam",
                "workspaces": ["*"],
                "naming": "x",
                "existing": "maybe",
                "freeze": 1,
                "principals": {"a": 1},
                "other": 1,
            }
        ).encode(),
        {"id", "naming", "existing", "freeze", "principals.a", "other"},
    ),
]


@pytest.mark.parametrize("number", range(len(BAD_BODIES)))
def test_a_bad_body_is_400_with_every_fault_named_and_starts_nothing(driver: Driver, number: int) -> None:
    raw, expected = BAD_BODIES[number]
    before = ids(driver)
    assert fields(driver.post("migrations", data=raw)) == expected
    assert ids(driver) == before


def test_a_bad_body_leaves_an_empty_list_empty_and_its_id_free(driver: Driver) -> None:
    body = {**driver.sandbox.control.suggested_request(), "id": "free", "colour": "blue"}
    assert fields(driver.post("migrations", body)) == {"colour"}
    assert error(driver.get("migrations/free"), 404)["code"] == "migration.unknown"
    assert "free" not in ids(driver)


@pytest.mark.parametrize("path", BUILT)
@pytest.mark.parametrize(
    "identity", ["unknown", "UPPER", "%C3%A4", "a%2Fb", "..%2F", "%00", "%0A", "x" * 300, "'%20or%201"]
)
def test_an_unknown_id_is_404_on_every_route(driver: Driver, path: str, identity: str) -> None:
    assert error(driver.get(f"migrations/{identity}{path}"), 404)["code"] == "migration.unknown"


def test_a_verb_for_an_unknown_id_is_404(driver: Driver) -> None:
    for verb in VERBS:
        for body in (b"", b"{}", b"{"):
            found = error(driver.post(f"migrations/unknown/{verb}", data=body), 404)
            assert found["code"] == "migration.unknown"
    assert error(driver.get("migrations/unknown/mapping", format="csv"), 404)


NOT_BUILT = ["validate", "sync", "CUTOVERS"]


@pytest.mark.parametrize("verb", NOT_BUILT)
def test_a_verb_that_is_not_built_yet_does_not_exist(driver: Driver, moved: str, verb: str) -> None:
    assert driver.post(f"migrations/{moved}/{verb}", {}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "nothing"),
        ("DELETE", "plans"),
        ("GET", "plans/x"),
        ("DELETE", "migrations/moved"),
        ("PUT", "migrations/moved"),
        ("POST", "migrations/moved"),
        ("DELETE", "migrations"),
        ("GET", "migrations/moved/cutover"),
        ("POST", "migrations/moved/mapping"),
        ("GET", "migrations/moved/mapping/more"),
        ("GET", "migrations/moved/workspaces/x"),
    ],
)
def test_other_routes_and_methods_do_not_exist(driver: Driver, moved: str, method: str, path: str) -> None:
    answer = requests.request(method, f"{driver.app.url}/api/{path}", timeout=60)
    assert error(answer, 404)["message"]


def test_a_verb_in_the_wrong_status_is_409_with_the_allowed_ones(driver: Driver, failed: str) -> None:
    found = error(driver.post(f"migrations/{failed}/cutover", {}), 409)
    assert found["code"] == "migration.status"
    assert found["details"] == [{"allowed": ["retry", "rollback"]}]
    assert driver.status(failed)["status"] == "failed"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b'{"force": "yes"}', "force"),
        (b'{"x": 1}', "x"),
    ],
)
def test_a_bad_cutover_body_is_400_and_changes_nothing(
    driver: Driver, moved: str, raw: bytes, field: str
) -> None:
    assert fields(driver.post(f"migrations/{moved}/cutover", data=raw)) == {field}
    assert driver.status(moved)["status"] == "ready"


@pytest.mark.parametrize("path", ["migrations", *(f"migrations/moved{part}" for part in BUILT[1:])])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top", "0"),
        ("top", "-5"),
        ("top", "1001"),
        ("top", "ten"),
        ("top", "9" * 5000),
        ("continuationToken", "nonsense"),
        ("continuationToken", "ä"),
        ("continuationToken", "eyJhIjoxfQ=="),
        ("continuationToken", "w:x"),
        ("continuationToken", "\n"),
    ],
)
def test_a_bad_window_is_400_and_named(driver: Driver, moved: str, path: str, name: str, value: str) -> None:
    assert fields(driver.get(path, **{name: value})) == {name}


@pytest.mark.parametrize(
    "path",
    ["migrations", "migrations/moved/workspaces", "migrations/moved/mapping", "migrations/failed/findings"],
)
@pytest.mark.parametrize("top", [1, 3])
def test_pages_of_any_size_show_everything_once(
    driver: Driver, moved: str, failed: str, path: str, top: int
) -> None:
    whole = driver.get(path, top=1000).json()
    assert "continuationToken" not in whole
    rows: list[dict[str, Any]] = []
    page: dict[str, Any] = {"continuationToken": None}
    while "continuationToken" in page:
        page = driver.get(path, top=top, continuationToken=page["continuationToken"]).json()
        assert len(page["value"]) <= top
        rows += page["value"]
    assert rows == whole["value"]
    assert len(rows) > 1


def test_a_migration_shows_progress_workspaces_and_findings(driver: Driver, moved: str) -> None:
    shown = driver.status(moved)
    assert {"id", "status", "progress", "workspaces", "findings"} <= set(shown)
    total = shown["progress"]["workspaces"]["total"]
    assert shown["progress"]["workspaces"] == {"total": total, "done": total, "failed": 0}
    for counts in shown["progress"]["items"].values():
        assert set(counts) == {"total", "done", "failed", "manual"}
        assert counts["total"] == counts["done"] + counts["failed"] + counts["manual"]
    for row in shown["workspaces"]:
        assert set(row) == {"sourceId", "sourceName", "targetId", "status", "step", "error"}
        assert row["status"] == "done"
    assert shown["workspaces"] == driver.all(f"migrations/{moved}/workspaces")
    assert shown["findings"] == driver.all(f"migrations/{moved}/findings")


def test_findings_have_code_severity_and_remedy_blockers_first(
    driver: Driver, moved: str, failed: str
) -> None:
    rank = {"blocker": 0, "warning": 1, "info": 2}
    for migration in (moved, failed):
        found = driver.all(f"migrations/{migration}/findings")
        assert all(re.fullmatch(r"[a-z]+\.[A-Za-z]+", row["code"]) and row["remedy"] for row in found)
        order = [rank[row["severity"]] for row in found]
        assert order == sorted(order)


def test_the_csv_is_the_mapping(driver: Driver, moved: str) -> None:
    answer = driver.get(f"migrations/{moved}/mapping", format="csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    listed = driver.all(f"migrations/{moved}/mapping")
    assert [row["sourceId"] for row in rows] == [row["sourceId"] for row in listed]
    assert [row["targetId"] or None for row in rows] == [row["targetId"] for row in listed]
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in rows for cell in row.values()
    )


def test_names_come_back_as_they_are(driver: Driver, moved: str, failed: str) -> None:
    named = {row["name"] for row in driver.all(f"migrations/{failed}/findings")}
    assert set(NAMES) <= named
    source = driver.sandbox.control.state("contoso")
    spaces = source["workspaces"]
    known = {each["name"] for each in (spaces.values() if isinstance(spaces, dict) else spaces)}
    shown = {row["sourceName"] for row in driver.all(f"migrations/{moved}/workspaces")}
    assert shown <= known


def test_a_big_body_is_taken_whole(driver: Driver) -> None:
    """2 MB of names nobody has: as many findings, and no write."""
    names = [f"no such workspace {number} {'数据' * 20}" for number in range(600)] + ["y" * 512] * 3_000
    answer = driver.post(
        "migrations", {**driver.sandbox.control.suggested_request(), "id": "big", "workspaces": names}
    )
    assert answer.status_code == 202, answer.text
    assert driver.rest("big")["status"] == "failed"
    found = {
        row["name"]
        for row in driver.all("migrations/big/findings")
        if row["code"] == "inventory.unknownWorkspace"
    }
    assert found == set(names)


def test_cutover_is_accepted_once_ready_and_again_afterwards(driver: Driver) -> None:
    migration = driver.begin(id="cut", naming="{name} cut")
    assert driver.rest(migration)["status"] == "ready"
    answer = driver.post(f"migrations/{migration}/cutover", {"reason": "Größe"})
    assert (answer.status_code, answer.json()["id"]) == (202, migration)
    assert driver.rest(migration, statuses={"succeeded"})["cutoverAt"]
    assert driver.post(f"migrations/{migration}/cutover").status_code == 202
    assert driver.status(migration)["status"] == "succeeded"
