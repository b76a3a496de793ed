"""An estate of every kind: exactly one verdict per item, files to take away, and nothing written."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from driver import Driver

from local.azurite import Azurite
from sandbox.server import Sandbox

LISTED = ("reports", "datasets", "dashboards", "dataflows")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Driver, dict[str, Any]]]:
    """The estate and its plan, for all tests of this file."""
    folder = tmp_path_factory.mktemp("estate")
    with (
        Azurite(folder / "azurite") as azurite,
        Sandbox(folder / "sandbox", workspaces=2, every_kind=True, graph=True) as sandbox,
    ):
        driver = Driver(azurite, sandbox, folder / "app")
        driver.app.start()
        try:
            yield driver, driver.plan(id="estate", within=300)
        finally:
            driver.app.stop()


def test_each_item_has_exactly_one_verdict(judged: tuple[Driver, dict[str, Any]]) -> None:
    driver, plan = judged
    verdicts = driver.all("plans/estate/items")
    assert {ident: n for ident, n in Counter(each["id"].lower() for each in verdicts).items() if n > 1} == {}
    told = {each["id"].lower() for each in verdicts}
    assert set(ids_of(driver.sandbox.control.state("contoso"))) - told == set()
    assert all(each["route"] and each["reason"] for each in verdicts)
    assert all(each["todo"] for each in verdicts if each["route"] == "byHand")
    assert plan["items"] == dict(Counter(each["route"] for each in verdicts))
    assert plan["minutes"] == sum(each["minutes"] for each in verdicts)


def ids_of(state: dict[str, Any]) -> Iterator[str]:
    """Whatever has an id in the source, as the service itself keeps it."""
    for space in state["workspaces"]:
        yield space["id"].lower()
        if space["state"] == "Active":
            for part in LISTED:
                own = (each for each in space[part] if not each.get("appId"))  # else the app's, not its
                yield from (str(each.get("id") or each["objectId"]).lower() for each in own)


def test_neither_tenant_was_written_to(judged: tuple[Driver, dict[str, Any]]) -> None:
    driver, _ = judged
    assert driver.sandbox.control.writes() == []
    assert driver.sandbox.control.violations() == []


def test_the_report_and_the_lists_can_be_downloaded(judged: tuple[Driver, dict[str, Any]]) -> None:
    driver, _ = judged
    page = driver.get("plans/estate/report")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<img src=x" not in page.text and "&lt;img src=x" in page.text
    for name in ("report", "inventory"):
        table = driver.get(f"plans/estate/{name}", format="csv")
        assert table.headers["Content-Type"].startswith("text/csv")
        cells = [cell for row in csv.reader(io.StringIO(table.text)) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    lines = driver.get("plans/estate/inventory").text.splitlines()
    assert len(lines) >= 30
