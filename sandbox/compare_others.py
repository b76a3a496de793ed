"""What no API can make in the target: never there, so always left. And what is judged elsewhere, counted."""

from collections import Counter
from collections.abc import Iterator

from sandbox.scene import Couple, Scene


class Others:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        """Nothing of it has a counterpart."""

    def judge(self) -> None:
        homes = {item.id: couple for couple in self._scene.couples for item in couple.old.reports}
        homes |= {item.id: couple for couple in self._scene.couples for item in couple.old.dashboards}
        source = self._scene.expectation.source
        for couple in self._scene.couples:
            for kind, item_id, name in _held(couple):
                self._scene.leave(couple, kind, item_id, name)
            for app in (app for app in source.apps.values() if app.workspace_id == couple.old.id):
                self._scene.leave(couple, "app", app.id, app.name)
        for mail in (mail for mail in source.subscriptions if mail.artifact_id in homes):
            self._scene.leave(homes[mail.artifact_id], "subscription", mail.id, mail.title)
        sources = sum(len(gateway.sources) for gateway in source.gateways.values())
        self._scene.result.not_compared += Counter(gatewayDatasource=sources)


def _held(couple: Couple) -> Iterator[tuple[str, str, str]]:
    old = couple.old
    yield from (("datamart", item.id, item.name) for item in old.datamarts)
    yield from (("workbook", "", item.name) for item in old.workbooks)
    yield from (("fabricItem", item.id, item.name) for item in old.fabric_items if item.kind != "Dataflow")
