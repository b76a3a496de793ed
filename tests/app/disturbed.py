"""One migration with one thing going wrong: the app is killed, restarted, asked again, and the end is judged.

The status is read from the storage emulator itself, not over HTTP: a test that asks through the app would add
storage requests of its own to those it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import mortal
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from driver import RESTING, Driver
from evidence import FreshEstate, assert_mapped, assert_moved_once

from local.azurite import Azurite

TALLY = "tally"  # record_property(TALLY, text): said in the summary of the run


@dataclass(slots=True)
class Round:
    """What happened until the migration came to rest."""

    status: str
    deaths: int
    seconds: float


@dataclass(slots=True)
class Disturbed:
    """An app that may die at any time, and whoever starts it again. `watch` runs while we wait."""

    driver: Driver
    azurite: Azurite
    flags: dict[str, str] = field(default_factory=dict[str, str])
    watch: Callable[[], None] = lambda: None
    deaths: int = 0
    _rows: Any = None

    def __post_init__(self) -> None:
        """Hundreds of rounds are told the quotas of one, else the app waits an hour for the next, as it should."""
        control = self.driver.sandbox.control
        control.quotas(scale=0.0002)
        self.flags |= control.quotas_env()

    def migrate(self, migration: str, within: float = 280) -> Round:
        """Begin it and see it to its rest, starting the app whenever it has died."""
        begun, self.deaths = time.monotonic(), 0
        deadline = begun + within
        while (status := self.stored_status(migration)) not in RESTING:
            assert time.monotonic() < deadline, f"still {status} after {within:.0f} s, {self.deaths} deaths"
            if self._is_up() and not status:
                self._ask(migration)
            self.watch()
            time.sleep(0.03)
        if not self.driver.app.alive:
            self._is_up()
        return Round(status, self.deaths, time.monotonic() - begun)

    def judge(self, migration: str, reached: Round, said: str) -> None:
        """Nothing lost, nothing twice, no orphan, everything mapped."""
        found = self.driver.status(migration)
        assert reached.status == "ready", (said, found)
        assert_moved_once(self.driver, said)
        assert_mapped(self.driver, migration)

    def stored_status(self, migration: str) -> str:
        """The status in the manifest, or nothing where there is no such migration yet."""
        if self._rows is None:
            self._rows = TableClient.from_connection_string(self.azurite.connection_string, "PbiMigrations")
        try:
            return str(self._rows.get_entity("migration", migration)["status"])
        except ResourceNotFoundError:
            return ""

    def forget_quotas(self) -> None:
        """The ledger as on the first day, so that its rows are created again."""
        rows = TableClient.from_connection_string(self.azurite.connection_string, "PbiLedger")
        with rows, suppress(ResourceNotFoundError):  # before the first round there is none
            for row in list(rows.list_entities(select=["PartitionKey", "RowKey"])):
                rows.delete_entity(row["PartitionKey"], row["RowKey"])

    def _is_up(self) -> bool:
        if self.driver.app.alive:
            return True
        if self.driver.app.process is not None:
            assert mortal.was_killed(self.driver), self.driver.app.log.read_text()[-2000:]
            self.deaths += 1
        return mortal.start(self.driver, **self.flags)

    def _ask(self, migration: str) -> None:
        """As a client that got no clear answer: the same order again. Twice is once."""
        body = {**self.driver.sandbox.control.suggested_request(), "id": migration}
        try:
            answer = self.driver.post("migrations", body)
        except requests.RequestException:
            return  # dying
        assert answer.status_code in (200, 202) or answer.status_code >= 500, answer.text


class Estate:
    """A fresh estate, a cold process and a migration of its own for each round."""

    def __init__(self, disturbed: Disturbed) -> None:
        self._disturbed = disturbed
        self._fresh = FreshEstate(disturbed.driver.sandbox)
        self._number = 0

    def begin(self) -> str:
        if self._disturbed.driver.app.alive:
            self._disturbed.driver.app.kill()
        self._disturbed.driver.app.process = None
        self._fresh.restore()
        self._number += 1
        return f"round-{self._number}"
