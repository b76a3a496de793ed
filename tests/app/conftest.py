"""The estate of every kind for whole test files; and what the long fault tests counted, said at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chosen import Chosen, chosen, restored
from disturbed import TALLY


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chosen]:
    with chosen(tmp_path_factory.mktemp("every-kind")) as made:
        yield made


@pytest.fixture
def at_first(running: Chosen) -> Chosen:
    return restored(running)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    told = [
        str(text)
        for report in terminalreporter.stats.get("passed", [])
        for name, text in report.user_properties
        if name == TALLY
    ]
    if told:
        terminalreporter.section("0 lost, 0 twice, 0 orphans after each of")
        for line in sorted(told):
            terminalreporter.write_line(line)
