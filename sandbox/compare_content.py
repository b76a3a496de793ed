"""Reports with their models: by the bytes or the files that arrived, and by what is bound to what.

What a PBIX carries must be there. Of the rest it depends on what was promised: absent, it is left.
"""

from sandbox.compare_models import facts_of_model, hash_of, model_alike, moved_models, moves_as_file
from sandbox.compare_push import is_push
from sandbox.compare_reports import facts_of_report, report_alike
from sandbox.scene import Couple, Scene
from sandbox.state import Dataset, Report
from sandbox.twins import Twins, twins

Pair = tuple[Report, Report]


class Content:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._models: list[tuple[Couple, Twins[Dataset]]] = []
        self._reports: list[tuple[Couple, Twins[Report]]] = []
        spaces = scene.expectation.target.workspaces.values()
        self._bound = {report.dataset_id for space in spaces for report in space.reports}

    def pair(self) -> None:
        """Reports that are certain, then models by them, then the other reports by their models, wherever those are."""
        certain = [(couple, self._certain(couple)) for couple in self._scene.couples]
        for couple, found in certain:
            self._pair_models(couple, found.pairs)
        for couple, found in certain:
            self._pair_reports(couple, found)

    def judge(self) -> None:
        for couple, models in self._models:
            for old, new in models.pairs:
                self._scene.judge(couple, "dataset", old.name, facts_of_model(self._scene, couple, old, new))
            required = {model.id for model in moved_models(couple.old)}
            self._absent(couple, "dataset", models.missing, required)
            for new in models.surplus:
                ours = any(self._same_model(old, new) for old in couple.old.datasets)
                self._scene.surplus("twice" if ours else "orphan", couple, "dataset", new.name, new.id)
        for couple, reports in self._reports:
            for old, new in reports.pairs:
                self._scene.judge(couple, "report", old.name, facts_of_report(self._scene, old, new))
            required = {item.id for item in couple.old.reports if moves_as_file(couple.old, item)}
            self._absent(couple, "report", reports.missing, required)
            for new in reports.surplus:
                ours = any(self._same_report(old, new) for old in _reports(couple.old.reports))
                self._scene.surplus("twice" if ours else "orphan", couple, "report", new.name, new.id)

    def _absent(
        self, couple: Couple, kind: str, items: list[Dataset] | list[Report], required: set[str]
    ) -> None:
        for item in items:
            if item.id in required:
                self._scene.differs("missing", couple, kind, item.name, item.id)
            else:
                self._scene.leave(couple, kind, item.id, item.name)

    def _certain(self, couple: Couple) -> Twins[Report]:
        """Equal bytes under the same name; and, for their models' sake, files of the same name."""
        made = _standing(couple, _reports(couple.new.reports if couple.new else []))
        carried = [item for item in _reports(couple.old.reports) if moves_as_file(couple.old, item)]
        others = [item for item in _reports(couple.old.reports) if not moves_as_file(couple.old, item)]
        found = twins(carried, made, self._same_bytes, lambda old, new: _named(old, new) and not new.parts)
        return Twins(found.pairs, [*found.missing, *others], found.surplus)

    def _pair_models(self, couple: Couple, pairs: list[Pair]) -> None:
        """Equal bytes first, of two copies the one in use; then what the model's report is bound to."""
        in_use = {old.dataset_id: new.dataset_id for old, new in pairs}
        used = {*in_use.values(), *self._bound}
        made = _standing(couple, couple.new.datasets if couple.new else [])
        models = [model for model in made if not is_push(model)]
        models.sort(key=lambda model: (model.id not in in_use.values(), model.id not in used))
        found = twins(
            [model for model in couple.old.datasets if not is_push(model)],
            models,
            self._same_bytes,
            lambda old, new: new.id == in_use.get(old.id),
            self._same_model,
            _named,
        )
        self._models.append((couple, found))
        for old, new in found.pairs:
            self._scene.meet(old.id, new.id)

    def _pair_reports(self, couple: Couple, certain: Twins[Report]) -> None:
        found = twins(
            certain.missing,
            certain.surplus,
            lambda old, new: self._same_report(old, new) and self._same_binding(old, new),
            self._same_report,
            lambda old, new: _named(old, new) and self._same_binding(old, new),
            _named,
        )
        whole = Twins([*certain.pairs, *found.pairs], found.missing, found.surplus)
        self._reports.append((couple, whole))
        for old, new in whole.pairs:
            self._scene.meet(old.id, new.id)

    def _same_binding(self, old: Report, new: Report) -> bool:
        return self._scene.counterparts.get(old.dataset_id or "") == new.dataset_id

    def _same_bytes[T: (Report, Dataset)](self, old: T, new: T) -> bool:
        expectation = self._scene.expectation
        source = hash_of(expectation.source, old)
        return _named(old, new) and source is not None and source == hash_of(expectation.target, new)

    def _same_model(self, old: Dataset, new: Dataset) -> bool:
        return _named(old, new) and (self._same_bytes(old, new) or model_alike(old, new))

    def _same_report(self, old: Report, new: Report) -> bool:
        return _named(old, new) and (self._same_bytes(old, new) or report_alike(self._scene, old, new))


def _reports(items: list[Report]) -> list[Report]:
    """Not paginated ones, nor the copies that apps show."""
    return [item for item in items if item.report_type == "PowerBIReport" and item.app_id is None]


def _standing[T: (Report, Dataset)](couple: Couple, items: list[T]) -> list[T]:
    return [item for item in items if item.id not in couple.remains]


def _named[T: (Report, Dataset)](old: T, new: T) -> bool:
    return old.name == new.name
