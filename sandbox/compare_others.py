"""What no comparer judges yet, counted: never called equal."""

from collections import Counter

from sandbox.compare_content import moved_models, moves_as_file
from sandbox.compare_push import is_push
from sandbox.scene import Couple, Scene


class Others:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        """Nothing of it has a counterpart."""

    def judge(self) -> None:
        for couple in self._scene.couples:
            self._count(couple)
        self._scene.result.not_compared += Counter()  # drops the zeros

    def _count(self, couple: Couple) -> None:
        old = couple.old
        moved = {model.id for model in moved_models(old)}
        self._scene.result.not_compared.update(
            paginatedReport=sum(r.report_type == "PaginatedReport" for r in old.reports),
            notExportable=sum(
                r.report_type == "PowerBIReport" and not moves_as_file(old, r) for r in old.reports
            ),
            datasetWithoutReport=sum(model.id not in moved and not is_push(model) for model in old.datasets),
            others=len([*old.datamarts, *old.workbooks, *old.fabric_items]),
        )
