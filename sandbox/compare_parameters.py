"""Parameters that carry ids: a model in the target reads the target's workspaces and dataflows, not those it came from.

Other values are the request's to change, and nobody's business here.
"""

from collections.abc import Iterator

from sandbox.scene import GUID, Couple, Scene, plain
from sandbox.state import Dataset


class Parameters:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        """A parameter is no item."""

    def judge(self) -> None:
        for couple, old, new in self._models():
            told = {item["name"]: str(item["currentValue"]) for item in new.parameters}
            for item in old.parameters:
                value = str(item["currentValue"])
                if GUID.search(value) and item["name"] in told:
                    facts = {item["name"]: (self._scene.mapped(value), plain(told[item["name"]]))}
                    self._scene.judge(couple, "parameter", old.name, facts)

    def _models(self) -> Iterator[tuple[Couple, Dataset, Dataset]]:
        for couple, new in self._scene.whole():
            there = {model.id: model for model in new.datasets}
            for model in couple.old.datasets:
                twin = there.get(self._scene.counterparts.get(model.id, ""))
                if twin is not None:
                    yield couple, model, twin
