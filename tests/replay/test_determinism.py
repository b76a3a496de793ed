"""Orchestrators can't be anything but deterministic: what would make them otherwise isn't in their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "orchestrators"
FILES = sorted(PACKAGE.glob("*.py"))
LIBRARIES = {
    "__future__",
    "collections.abc",
    "dataclasses",
    "datetime",
    "functools",
    "hashlib",
    "json",
    "typing",
}
ENGINE = {"durabletask", "durabletask.task"}
OWN = {"shared.outcomes", "shared.statuses"}
FORBIDDEN_CALLS = {
    "now", "utcnow", "today", "time", "monotonic", "perf_counter", "sleep", "open", "print", "input", "eval",
    "exec", "getenv", "uuid4", "uuid1", "random", "choice", "shuffle", "getrandbits", "urandom", "id", "hash",
    "globals", "__import__", "setattr",
}  # fmt: skip
NAMES_OF_TIME_AND_CHANCE = {
    "time",
    "random",
    "uuid",
    "secrets",
    "os",
    "requests",
    "threading",
    "asyncio",
    "socket",
}


def faults(text: str) -> list[str]:
    tree = ast.parse(text)
    return [*_imports(tree), *_calls(tree), *_sets(tree), *_state(tree)]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name not in LIBRARIES | ENGINE | OWN and name.split(".")[0] not in {
                "orchestrators",
                "activities",
            }:
                yield f"{node.lineno}: imports {name}"


def _calls(tree: ast.Module) -> Iterator[str]:
    """Nothing that reads a clock, chance or the world, and no activity called instead of scheduled."""
    steps = _activity_modules(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in FORBIDDEN_CALLS or ast.unparse(node.func).split(".")[0] in NAMES_OF_TIME_AND_CHANCE:
            yield f"{node.lineno}: calls {ast.unparse(node.func)}"
        if isinstance(owner, ast.Name) and owner.id in steps:
            yield f"{node.lineno}: runs the activity {ast.unparse(node.func)} itself"


def _activity_modules(tree: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {a.asname or a.name for node in imports if node.module == "activities" for a in node.names}


def _sets(tree: ast.Module) -> Iterator[str]:
    """The order of a set of texts differs from process to process; `in` on a named frozenset is harmless."""
    for node in ast.walk(tree):
        called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"set", "frozenset"}
        if called or isinstance(node, ast.Set | ast.SetComp):
            yield f"{node.lineno}: a set"  # type: ignore[attr-defined]


def _state(tree: ast.Module) -> Iterator[str]:
    """What one execution leaves behind must not reach the next."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal | ast.AsyncFunctionDef | ast.Await):
            yield f"{node.lineno}: {type(node).__name__}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_nondeterministic_is_used(file: Path) -> None:
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import random",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import date\nx = date.today()",
        "from shared.services import current",
        "from shared import clock",
        "import os\nx = os.environ['A']",
        "import time\ntime.sleep(1)",
        "from uuid import uuid4\nx = uuid4()",
        "x = open('file')",
        "for x in {1, 2}: pass",
        "for x in set([1]): pass",
        "import threading",
        "async def f(): pass",
        "def f():\n    global x",
        "import requests",
        "from activities import planning\nx = planning.select_workspaces({})",
    ],
)
def test_a_planted_breach_is_found(planted: str) -> None:
    assert faults(planted)
