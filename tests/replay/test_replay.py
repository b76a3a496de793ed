"""Recorded histories replay with the orchestrators as they are, and with no changed one.

Running instances outlive a deployment: what replays here is what a new version can take over. After a change
made on purpose, record anew: `python -m tests.replay.record`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import orchestrators
from local.errors import HistoryMismatch
from local.recording import RecordedHistory
from local.replay import replay
from tests.replay.mutants import MODULES, Mutant, build, mutants

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"), key=lambda path: path.stat().st_size)
REAL = {orchestrator.__name__: orchestrator for orchestrator in orchestrators.ALL}
OF_MODULE = {"scan": "", "item": ""}  # the others are named like their orchestrator
# Changes that no running instance can notice: what has been waited for is there at once the second time.
HARMLESS = {
    "answer = (yield task) twice",
    "yield durable.when_any(running) twice",
    "items.await_item twice",  # an item is over when it ends, so nothing comes after it
}
# Eighty waits take minutes to record; tests/unit/test_waiting.py makes them on a real hub.
TOLD_ELSEWHERE = {
    "ctx.continue_as_new({**given, 'resumed': long.position}) left out",
}


@cache
def history(path: Path) -> RecordedHistory:
    return RecordedHistory.load(path)


def recorded_result(path: Path) -> Any:
    """What the execution answered; None where it went on as a new generation."""
    ends = [
        event.executionCompleted for event in history(path).events if event.HasField("executionCompleted")
    ]
    return json.loads(ends[-1].result.value) if ends else None


def test_every_orchestrator_has_histories() -> None:
    assert {path.name.split(".")[0] for path in HISTORIES} == set(REAL)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_history_replays_to_its_recorded_result(path: Path) -> None:
    result = replay(REAL[history(path).orchestrator], history(path))
    if recorded_result(path) is not None:
        assert result == recorded_result(path)


def test_histories_tell_nothing_of_the_machine_they_were_recorded_on() -> None:
    machine = re.compile(
        r"https?://|127\.0\.0\.1|localhost|stackTrace|/(home|root|tmp|work|usr|Users)/|AccountKey"
    )
    assert [path.name for path in HISTORIES if machine.search(path.read_text(encoding="utf-8"))] == []


def test_histories_are_small() -> None:
    assert sum(path.stat().st_size for path in HISTORIES) < 800_000


def test_the_copy_that_changes_are_made_in_replays_like_the_original() -> None:
    copied = build()
    assert all(replays(copied, path) for path in HISTORIES)


@pytest.mark.parametrize("module", MODULES)
def test_every_changed_orchestrator_fails_a_replay(module: str) -> None:
    changed = [mutant for mutant in mutants(module) if mutant.what not in HARMLESS | TOLD_ELSEWHERE]
    assert changed
    concerned = OF_MODULE.get(module, module if module in REAL else "")
    survivors = [f"{mutant.where}: {mutant.what}" for mutant in changed if not fails(mutant, concerned)]
    assert survivors == []


def fails(mutant: Mutant, concerned: str) -> bool:
    """Whether a history of the orchestrator (of any, for what all of them use) tells the change."""
    changed = mutant.orchestrators()
    return any(not replays(changed, path) for path in HISTORIES if concerned in ("", path.name.split(".")[0]))


def replays(these: dict[str, Any], path: Path) -> bool:
    try:
        replay(these[history(path).orchestrator], history(path))
    except HistoryMismatch:
        return False
    return True
