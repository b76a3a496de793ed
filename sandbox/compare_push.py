"""Push and streaming models: made anew with the tables and columns of the old; their rows stay where they are."""

from typing import Any

from sandbox.scene import Couple, Scene
from sandbox.state import Dataset
from sandbox.twins import Twins, twins

Json = dict[str, Any]

SPELLED = {"bool": "boolean"}
"""Types that have two names."""


def is_push(model: Dataset) -> bool:
    return model.add_rows_api_enabled


class PushModels:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._found: list[tuple[Couple, Twins[Dataset]]] = []

    def pair(self) -> None:
        for couple in self._scene.couples:
            old = [model for model in couple.old.datasets if is_push(model)]
            new = [model for model in (couple.new.datasets if couple.new else []) if is_push(model)]
            found = twins(old, new, _same, _named)
            self._found.append((couple, found))
            for before, after in found.pairs:
                self._scene.meet(before.id, after.id)

    def judge(self) -> None:
        for couple, found in self._found:
            for old, new in found.pairs:
                self._scene.judge(couple, "dataset", old.name, _facts(old, new))
            for old in found.missing:
                self._scene.leave(couple, "dataset", old.id, old.name)
            for new in found.surplus:
                ours = any(_same(old, new) for old in couple.old.datasets if is_push(old))
                outcome = "twice" if ours else "orphan"
                self._scene.surplus(outcome, couple, "dataset", new.name, new.id)


def _facts(old: Dataset, new: Dataset) -> dict[str, tuple[object, object]]:
    return {
        "mode": (old.content_provider_type, new.content_provider_type),
        "tables": (schema(old.tables), schema(new.tables)),
    }


def _named(old: Dataset, new: Dataset) -> bool:
    return old.name == new.name


def _same(old: Dataset, new: Dataset) -> bool:
    return _named(old, new) and all(left == right for left, right in _facts(old, new).values())


def schema(tables: list[Json]) -> list[tuple[str, list[tuple[str, str]], list[tuple[str, str]]]]:
    """Names and types of columns, names and expressions of measures; by the names of the tables."""
    return sorted(
        (
            table["name"],
            [(column["name"], _type(column)) for column in table.get("columns", [])],
            sorted((row["name"], row.get("expression", "")) for row in table.get("measures", [])),
        )
        for table in tables
    )


def _type(column: Json) -> str:
    told = str(column.get("dataType", "")).casefold()
    return SPELLED.get(told, told)
