"""Some workspaces of the estate of every kind, moved alone: small enough to be moved again and again in one test file.

One app, one storage emulator and one sandbox serve a whole file; before each test the two tenants are put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounted import SOURCE, TARGET, unaccounted
from driver import Driver
from evidence import FreshEstate

from local.azurite import Azurite
from sandbox.server import Sandbox

type Json = dict[str, Any]

HALVES = ["Every left half", "Every right half"]  # each has a report on the other's model
CHAIN = [
    "Every chain above",
    "Every chain below",
]  # dataflows of the first generation, and a model on the last
FABRIC = ["Every Fabric item"]  # dataflows of the second generation, one reads the other; a model on that
BOARDS = ["Every dashboard", "Every report"]  # tiles of the first show a model of the second
LINE = ["Every step one", "Every step two", "Every step three"]  # the stages of a pipeline
ARRANGED = ["Every folder", "Every setting", "Every push model"]
PAGED = ["Every paginated report"]
REFUSED = ["Every refusal at the door"]
EVERYTHING = [*HALVES, *CHAIN, *FABRIC, *BOARDS, *LINE, *ARRANGED, *PAGED, *REFUSED]


@dataclass(slots=True)
class Chosen:
    """The app and its tenants; `move` begins a migration of workspaces by name and sees it to its rest."""

    driver: Driver
    estate: FreshEstate
    number: int = 0
    asked: dict[str, Json] = field(default_factory=dict[str, Json])

    def begin(self, names: list[str], **changes: Any) -> str:
        self.number += 1
        request = {**self.driver.sandbox.control.suggested_request(), "workspaces": names, **changes}
        request.setdefault("id", f"chosen-{self.number}")
        self.asked[request["id"]] = request
        return self.driver.begin(**request)

    def move(self, names: list[str], ends: str = "ready", **changes: Any) -> str:
        migration = self.begin(names, **changes)
        self.rest(migration, ends)
        return migration

    def rest(self, migration: str, ends: str = "ready", within: float = 240) -> Json:
        reached = self.driver.rest(migration, within=within)
        said = [row for row in self.findings(migration) if row["severity"] == "blocker"]
        assert reached["status"] == ends, (reached["status"], reached.get("error"), said)
        return reached

    def compare(self, migration: str) -> Json:
        return self.driver.sandbox.control.compare(self.asked[migration])

    def findings(self, migration: str, *codes: str) -> list[Json]:
        found = self.driver.all(f"migrations/{migration}/findings")
        return [each for each in found if not codes or each["code"] in codes]

    def rows(self, migration: str, *kinds: str) -> list[Json]:
        rows = self.driver.all(f"migrations/{migration}/mapping")
        return [row for row in rows if not kinds or row["kind"] in kinds]

    def assert_accounted(self, migration: str) -> Json:
        """Nothing of the chosen workspaces is in neither state; nothing twice, nothing without cause."""
        compared = self.compare(migration)
        lines = unaccounted(self.driver, migration, compared, set(self.asked[migration]["workspaces"]))
        assert not lines, "\n".join([*lines, *map(str, compared["differences"])])
        assert (compared["totals"]["twice"], compared["totals"]["orphans"]) == (0, 0), compared["differences"]
        return compared

    def space(self, tenant: str, name: str) -> Json:
        spaces = self.driver.sandbox.control.state(tenant)["workspaces"]
        return next(each for each in spaces if each["name"] == name and each["state"] == "Active")

    def source(self, name: str) -> Json:
        return self.space(SOURCE, name)

    def target(self, name: str) -> Json:
        return self.space(TARGET, name)


@contextmanager
def chosen(folder: Path, **settings: str) -> Iterator[Chosen]:
    """An app with the estate of every kind; `settings` over those that the sandbox suggests."""
    with (
        Azurite(folder / "azurite") as azurite,
        Sandbox(folder / "sandbox", workspaces=1, every_kind=True, graph=True) as sandbox,
    ):
        sandbox.control.quotas(scale=0.0002)
        driver = Driver(azurite, sandbox, folder / "app", **sandbox.control.quotas_env(), **settings)
        driver.app.start()
        try:
            yield Chosen(driver, FreshEstate(sandbox))
        finally:
            driver.app.stop()


def restored(running: Chosen) -> Chosen:
    """The tenants as they were at first, no fault planned, the app serving."""
    control = running.driver.sandbox.control
    running.estate.restore()
    control.clear_operation_plans()
    control.clear_import_plans()
    control.long_running("mix")
    control.quotas(scale=0.0002)
    if not running.driver.app.alive:
        running.driver.app.start()
    return running
