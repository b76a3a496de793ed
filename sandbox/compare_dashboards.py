"""Dashboards: one empty shell for each. Tiles are never there: nothing can pin them but a person."""

from sandbox.scene import Couple, Scene
from sandbox.state import Dashboard
from sandbox.twins import Twins, twins


class Dashboards:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._found: list[tuple[Couple, Twins[Dashboard]]] = []

    def pair(self) -> None:
        for couple in self._scene.couples:
            made = couple.new.dashboards if couple.new else []
            found = twins(couple.old.dashboards, made, _named)
            self._found.append((couple, found))
            for old, new in found.pairs:
                self._scene.meet(old.id, new.id)

    def judge(self) -> None:
        for couple, found in self._found:
            for _ in found.pairs:
                self._scene.result.equal("dashboard")
            for old in found.missing:
                self._scene.leave(couple, "dashboard", old.id, old.display_name)
            names = {item.display_name for item in couple.old.dashboards}
            for new in found.surplus:
                outcome = "twice" if new.display_name in names else "orphan"
                self._scene.surplus(outcome, couple, "dashboard", new.display_name, new.id)


def _named(old: Dashboard, new: Dashboard) -> bool:
    return old.display_name == new.display_name
