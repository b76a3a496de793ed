"""What a migration is judged by after a crash: the two tenants themselves, never what the app says of itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.data.tables import TableClient
from driver import Driver

from sandbox.server import Sandbox

TARGET = "fabrikam"


def until[T](condition: Callable[[], T], what: str, within: float = 60) -> T:
    """Poll until the condition holds; its value."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"within {within:.0f} s never came about: {what}")


def assert_moved_once(driver: Driver, said: str = "") -> None:
    """Everything has arrived, once: no item, no import, no refresh more than the source gives cause for."""
    control = driver.sandbox.control
    compared = control.compare()
    assert compared["clean"], (said, compared["differences"])
    assert compared["counts"]["report"]["equal"] > 0, said
    assert control.violations() == [], said
    for space in control.state(TARGET)["workspaces"]:
        imports = [(each["name"], each["state"]) for each in space["imports"]]
        assert len(imports) == len(space["reports"]) == len(space["datasets"]), (said, space["name"], imports)
        for model in space["datasets"]:
            assert len(model["refreshes"]) == 1, (said, space["name"], model["name"], model["refreshes"])


def assert_nothing_twice(driver: Driver, said: str = "") -> None:
    """What holds at any moment of a migration, also in the middle: nothing is there twice or without cause."""
    found = driver.sandbox.control.compare()["differences"]
    # An import that is still being published is of course not the end of the matter.
    wrong = [each for each in found if each["what"] in {"twice", "orphan"} and each["kind"] != "import"]
    assert not wrong, (said, wrong)


def assert_mapped(driver: Driver, migration: str) -> None:
    """Every row of the mapping is done and has a target of its own."""
    rows = driver.all(f"migrations/{migration}/mapping")
    assert rows and {row["state"] for row in rows} == {"done"}, rows
    targets = [row["targetId"] for row in rows]
    assert len(targets) == len(set(targets)), rows


class FreshEstate:
    """Puts a running sandbox back to the estate it was started with: quicker than a new one for every round."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._control = sandbox.control
        self._begun: dict[str, Any] = {name: self._control.state(name) for name in ("contoso", TARGET)}

    def restore(self) -> None:
        for name, state in self._begun.items():
            self._control.put_state(name, state)
        self._control.clear_faults()
        self._control.clear_ledger()


def mapped(driver: Driver, migration: str) -> dict[str, str]:
    """Target ids by source id, as the mapping shows them."""
    return {row["sourceId"]: row["targetId"] for row in driver.all(f"migrations/{migration}/mapping")}


def began_an_hour_ago(driver: Driver, migration: str) -> None:
    """The service tells of changes no earlier than half an hour after them."""
    began = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    with TableClient.from_connection_string(driver.azurite.connection_string, "PbiMigrations") as rows:
        rows.update_entity({"PartitionKey": "migration", "RowKey": migration, "created": began})
