"""Every small change of an orchestrator's source that a running instance would notice, made mechanically.

A change is a copy of one module's syntax tree with one place altered: another activity called, a call left
out or made twice, two calls swapped, another instance id, another timer. The whole package is then built
again in memory with the altered module in it.
"""

from __future__ import annotations

import ast
import copy
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2] / "orchestrators"
# In the order of their imports; the package's own __init__ comes last.
MODULES = ("names", "waiting", "windows", "scan", "item", "drift", "rollback", "workspace", "migration")


@dataclass(frozen=True, slots=True)
class Mutant:
    """`module` as it would be with one change: what it is, and at which line and column."""

    module: str
    where: str
    what: str
    tree: ast.Module

    def orchestrators(self) -> dict[str, Callable[..., Any]]:
        return build(self.module, self.tree)


def build(changed: str = "", tree: ast.Module | None = None) -> dict[str, Callable[..., Any]]:
    """The orchestrators by name, from a package of their own; the real one stays as it is."""
    names = ["orchestrators", *(f"orchestrators.{module}" for module in MODULES)]
    real = {name: sys.modules[name] for name in names if name in sys.modules}
    try:
        made = {name: types.ModuleType(name) for name in names}
        sys.modules.update(made)
        made["orchestrators"].__path__ = []
        for module in MODULES:
            code = _code(module) if tree is None or module != changed else compile(tree, module, "exec")
            exec(code, made[f"orchestrators.{module}"].__dict__)
        return _named(made)
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(real)


def _named(made: dict[str, types.ModuleType]) -> dict[str, Callable[..., Any]]:
    where = {"migration": "migration", "scan_batch": "scan", "workspace": "workspace"}
    where |= {
        "workspace_details": "scan",
        "move_model": "item",
        "move_item": "item",
        "drift": "drift",
        "undo_workspace": "rollback",
    }
    return {name: getattr(made[f"orchestrators.{module}"], name) for name, module in where.items()}


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


@cache
def _code(module: str) -> types.CodeType:
    return compile(_tree(module), module, "exec")


def mutants(module: str) -> Iterator[Mutant]:
    for change in CHANGES:
        for number in range(len(list(change(_tree(module))))):
            tree = copy.deepcopy(_tree(module))
            where, what, apply = list(change(tree))[number]
            apply()
            yield Mutant(module, where, what, ast.fix_missing_locations(tree))


type Change = Iterator[tuple[str, str, Callable[[], object]]]


def another_activity(tree: ast.Module) -> Change:
    """`select_workspaces` becomes `select_workspaces_2`."""
    for node in ast.walk(tree):
        if _is_activity(node):
            yield _at(node), f"{ast.unparse(node)} renamed", partial(_rename, node)


def activities_left_out_or_swapped(tree: ast.Module) -> Change:
    """In a tuple of activities: one less, one twice, two neighbours the other way round."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Tuple) or not node.elts or not all(map(_is_activity, node.elts)):
            continue
        items = node.elts
        for n in range(len(items)):
            text = ast.unparse(items[n])
            yield _at(node), f"{text} left out", partial(items.pop, n)
            yield _at(node), f"{text} twice", partial(items.insert, n, items[n])
        for n in range(len(items) - 1):
            yield _at(node), f"{n} and {n + 1} swapped", partial(_swap, items, n)


def calls_left_out_or_repeated(tree: ast.Module) -> Change:
    """A statement `yield from step(…)`, `yield …` or `ctx.…(…)`: gone, or there twice."""
    for block in _blocks(tree):
        for n, statement in enumerate(block):
            if not isinstance(statement, ast.Expr | ast.Assign | ast.Return) or not _decides(statement):
                continue
            where, text = _at(statement), ast.unparse(statement)[:60]
            if isinstance(statement, ast.Expr) and "when_any" not in text:  # without it the loop never ends
                yield where, f"{text} left out", partial(_blank, block, n)
            if not isinstance(statement, ast.Return) and "continue_as_new" not in text:
                yield where, f"{text} twice", partial(block.insert, n, copy.deepcopy(statement))


def other_ids(tree: ast.Module) -> Change:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and _at(node) in _returned(tree):
            yield _at(node), "another instance id", partial(node.values.append, ast.Constant("x"))


def other_timers(tree: ast.Module) -> Change:
    """A timer fires a second later; a retry waits other times; as does the bound that starts a generation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ctx.create_timer":
            yield _at(node), "a later timer", partial(_later, node)
        if isinstance(node, ast.keyword) and node.arg in ("seconds", "backoff_coefficient"):
            yield _at(node.value), f"{node.arg} doubled", partial(_double, node)


def other_windows(tree: ast.Module) -> Change:
    """One child more at once, or the last one first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and ast.unparse(node).endswith("< width"):
            yield _at(node), "a wider window", partial(node.ops.__setitem__, 0, ast.LtE())
        if isinstance(node, ast.Call) and ast.unparse(node) == "waiting.pop(0)":
            yield _at(node), "the last child first", node.args.clear


def other_phases(tree: ast.Module) -> Change:
    """Entries of a dict of phases swapped."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PHASES":
            phases = node.value
            assert isinstance(phases, ast.Dict)
            for n in range(len(phases.keys) - 1):
                yield _at(node), f"phases {n} and {n + 1} swapped", partial(_swap_entries, phases, n)


CHANGES = (
    another_activity,
    activities_left_out_or_swapped,
    calls_left_out_or_repeated,
    other_ids,
    other_timers,
    other_windows,
    other_phases,
)


def _is_activity(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in _activity_modules()
    )


@cache
def _activity_modules() -> frozenset[str]:
    """What the orchestrators call the modules of activities."""
    imports = (
        node for module in MODULES for node in ast.walk(_tree(module)) if isinstance(node, ast.ImportFrom)
    )
    return frozenset(
        alias.asname or alias.name for node in imports if node.module == "activities" for alias in node.names
    )


def _decides(statement: ast.stmt) -> bool:
    text = ast.unparse(statement)
    return "yield " in text or "ctx.continue_as_new" in text


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and not isinstance(node, ast.Module | ast.ClassDef):
                yield block


def _returned(tree: ast.Module) -> set[str]:
    return {_at(n.value) for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value is not None}


def _rename(node: ast.AST) -> None:
    """A reference to something with another name; an orchestrator asks activities for nothing but that."""
    assert isinstance(node, ast.Attribute)
    new = "__import__('types').SimpleNamespace"
    node.value = ast.parse(f"{new}(it={new}(__name__='{node.attr}_2'))", mode="eval").body
    node.attr = "it"


def _swap(items: list[Any], n: int) -> None:
    items[n], items[n + 1] = items[n + 1], items[n]


def _swap_entries(phases: ast.Dict, n: int) -> None:
    _swap(phases.keys, n)
    _swap(phases.values, n)


def _blank(block: list[ast.stmt], n: int) -> None:
    block[n] = ast.copy_location(ast.Pass(), block[n])


def _later(node: ast.Call) -> None:
    second = ast.parse("__import__('datetime').timedelta(seconds=1)", mode="eval").body
    node.args[0] = ast.BinOp(node.args[0], ast.Add(), second)


def _double(node: ast.keyword) -> None:
    node.value = ast.BinOp(node.value, ast.Mult(), ast.Constant(2))


def _at(node: Any) -> str:
    return f"{node.lineno}:{node.col_offset}"
