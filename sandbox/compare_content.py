"""Reports with their models: by the bytes that were exported and received, and by what is bound to what."""

from sandbox.compare_push import is_push
from sandbox.scene import Couple, Scene
from sandbox.state import Dataset, Report, Tenant, Workspace


class Content:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._reports: list[tuple[Couple, Report, Report]] = []
        self._models: list[tuple[Couple, Dataset, Dataset]] = []
        self._missing: list[tuple[Couple, str, Report | Dataset]] = []
        self._surplus: list[tuple[Couple, str, Report | Dataset]] = []

    def pair(self) -> None:
        for couple in self._scene.couples:
            self._pair_reports(couple)
            self._pair_models(couple)

    def judge(self) -> None:
        for couple, old, new in self._models:
            facts = {"name": (old.name, new.name), "content": self._contents(old, new)}
            self._scene.judge(couple, "dataset", old.name, facts)
        for couple, old, new in self._reports:
            bound = (self._scene.counterparts.get(old.dataset_id or ""), new.dataset_id)
            facts = {"content": self._contents(old, new), "binding": bound}
            self._scene.judge(couple, "report", old.name, facts)
        for couple, kind, item in self._missing:
            self._scene.differs("missing", couple, kind, item.name, item.id)
        for couple, kind, item in self._surplus:
            self._left_over(couple, kind, item)

    def _pair_reports(self, couple: Couple) -> None:
        """Equal bytes first; then what has the name but other bytes; what is left is missing here, extra there."""
        left = _standing(couple, couple.new.reports if couple.new else [])
        waiting = [report for report in couple.old.reports if moves_as_file(couple.old, report)]
        for alike in (self._same, _named):
            for report in list(waiting):
                twin = next((item for item in left if alike(report, item)), None)
                if twin is not None:
                    left.remove(twin)
                    waiting.remove(report)
                    self._reports.append((couple, report, twin))
                    self._scene.meet(report.id, twin.id)
        self._missing += [(couple, "report", report) for report in waiting]
        self._surplus += [(couple, "report", report) for report in left]

    def _pair_models(self, couple: Couple) -> None:
        """Equal bytes first, of two copies the one in use; then what the model's report is bound to."""
        in_use = {old.dataset_id: new.dataset_id for home, old, new in self._reports if home is couple}
        left = [
            model
            for model in _standing(couple, couple.new.datasets if couple.new else [])
            if not is_push(model)
        ]
        left.sort(key=lambda model: model.id not in in_use.values())
        waiting = moved_models(couple.old)
        for alike in (self._same, lambda model, item: item.id == in_use.get(model.id)):
            for model in list(waiting):
                twin = next((item for item in left if alike(model, item)), None)
                if twin is not None:
                    left.remove(twin)
                    waiting.remove(model)
                    self._models.append((couple, model, twin))
                    self._scene.meet(model.id, twin.id)
        self._missing += [(couple, "dataset", model) for model in waiting]
        self._surplus += [(couple, "dataset", model) for model in left]

    def _left_over(self, couple: Couple, kind: str, item: Report | Dataset) -> None:
        """A second copy of something of ours is `twice`; anything else came from nowhere."""
        originals = couple.old.reports if kind == "report" else couple.old.datasets
        ours = any(self._same(original, item) for original in originals)
        self._scene.surplus("twice" if ours else "orphan", couple, kind, item.name, item.id)

    def _same(self, old: Report | Dataset, new: Report | Dataset) -> bool:
        source, target = self._contents(old, new)
        return old.name == new.name and source == target and source is not None

    def _contents(self, old: Report | Dataset, new: Report | Dataset) -> tuple[str | None, str | None]:
        expectation = self._scene.expectation
        return _hash(expectation.source, old), _hash(expectation.target, new)


def _standing[T: (Report, Dataset)](couple: Couple, items: list[T]) -> list[T]:
    return [item for item in items if item.id not in couple.remains]


def _named(old: Report, new: Report) -> bool:
    return old.name == new.name


def _hash(tenant: Tenant, item: Report | Dataset) -> str | None:
    file = tenant.files.get(item.file_id or "")
    return file.sha256 if file else None


def moved_models(space: Workspace) -> list[Dataset]:
    carried = {report.dataset_id for report in space.reports if moves_as_file(space, report)}
    return [model for model in space.datasets if model.id in carried]


def moves_as_file(space: Workspace, report: Report) -> bool:
    """A PBIX report whose file the service gives out, on a model of its own workspace."""
    model = next((model for model in space.datasets if model.id == report.dataset_id), None)
    refused = model is not None and model.export_refusal is not None
    away = report.dataset_workspace_id not in (None, space.id)
    return report.report_type == "PowerBIReport" and report.file_id is not None and not refused and not away
