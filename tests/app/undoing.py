"""What the tests of rollback share: the verb, what the target holds, and what was written to whom."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from driver import Driver
from evidence import TARGET

type Json = dict[str, Any]

_KINDS = ("reports", "datasets", "dashboards", "dataflows")


def ask(driver: Driver, migration: str) -> None:
    answer = driver.post(f"migrations/{migration}/rollback", {"confirm": migration, "to": "nothing"})
    assert answer.status_code == 202, answer.text


def roll_back(driver: Driver, migration: str, ends: str = "rolledBack") -> Json:
    ask(driver, migration)
    reached = driver.rest(migration)
    told = driver.all(f"migrations/{migration}/workspaces"), driver.all(f"migrations/{migration}/findings")
    assert reached["status"] == ends, (reached["status"], *told)
    return reached


def live(driver: Driver) -> dict[str, Json]:
    """The workspaces of the target that are not deleted, by name."""
    spaces = driver.sandbox.control.state(TARGET)["workspaces"]
    return {space["name"]: space for space in spaces if space["state"] == "Active"}


def contents(space: Json) -> Json:
    """What is in a workspace and who is: all that a rollback has to leave as it was."""
    found: Json = {
        kind: sorted(str(row.get("id") or row.get("objectId")) for row in space[kind]) for kind in _KINDS
    }
    return {**found, "users": sorted((each["principalId"], each["right"]) for each in space["users"])}


def everything(driver: Driver) -> Json:
    return {space["id"]: contents(space) for space in live(driver).values()}


def writes(driver: Driver, since: int = 0) -> Counter[str]:
    """Writes to the target by operation; none may ever have gone to the source."""
    entries = [each for each in driver.sandbox.control.ledger(since) if each["method"] != "GET"]
    entries = [each for each in entries if each["operation"].partition("_")[0] in _AREAS]
    assert {each["tenant"] for each in entries} <= {TARGET}, entries
    return Counter(each["operation"] for each in entries)


_AREAS = {"Groups", "Reports", "Datasets", "Imports", "Fabric"}


def last(driver: Driver) -> int:
    return max((each["seq"] for each in driver.sandbox.control.ledger()), default=0)


def codes(driver: Driver, migration: str) -> Counter[str]:
    found = driver.all(f"migrations/{migration}/findings")
    return Counter(each["code"] for each in found if each["code"].startswith("rollback."))


def states(driver: Driver, migration: str) -> Json:
    """The states of the mapping by kind."""
    rows = driver.all(f"migrations/{migration}/mapping")
    return {kind: {row["state"] for row in rows if row["kind"] == kind} for kind in {r["kind"] for r in rows}}


def furnish(driver: Driver, name: str, **more: Any) -> str:
    """A workspace that was in the target before we came: a report with its model, a person and ourselves in it."""
    control = driver.sandbox.control
    state = control.state(TARGET)
    people = [each["id"] for each in state["principals"] if each["kind"] == "User"]
    model, identity = str(uuid.uuid4()), str(uuid.uuid4())
    users = [(state["actors"]["migration"], "Admin"), (people[0], "Member"), (people[1], "Viewer")]
    space: Json = {
        "id": identity,
        "name": name,
        "users": [{"principalId": who, "right": right} for who, right in users],
        "datasets": [{"id": model, "name": "Theirs"}],
        "reports": [{"id": str(uuid.uuid4()), "name": "Theirs", "datasetId": model}],
        **more,
    }
    state["workspaces"].append(space)
    control.put_state(TARGET, state)
    return identity
