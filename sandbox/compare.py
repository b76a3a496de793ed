"""Does the target hold what the source holds, once and unchanged? Judged from both tenants' records alone.

The app has no part in this. Reports are told apart by name and by the bytes that were exported and received, models
by the reports bound to them, people by the request's principal map. Kinds that a PBIX does not carry are counted as
not compared, never as equal.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.comparison import Comparison, Difference, Outcome
from sandbox.expected import Expectation, is_ordinary
from sandbox.state import Access, Dataset, Import, Report, Right, Tenant, Workspace


def compare(
    source: Tenant, target: Tenant, request: dict[str, Any], before: Tenant | None = None
) -> Comparison:
    """`before`: the target as it was when the run began; what stood there already is no orphan."""
    expectation, result = Expectation(source, target, request), Comparison()
    known = _ids(before) if before else set[str]()
    by_name: dict[str, list[Workspace]] = defaultdict(list)
    for space in target.workspaces.values():
        if is_ordinary(space):
            by_name[space.name.casefold()].append(space)
    for old in expectation.workspaces():
        found = by_name.pop(expectation.name_of(old).casefold(), [])
        _Pair(expectation, result, known, old, found[0] if found else None).compare()
        for copy in found[1:]:
            result.differs("twice", Difference("workspace", old.name, copy.name, "twice", old.id, copy.id))
    for left in (space for spaces in by_name.values() for space in spaces if space.id not in known):
        result.differs("orphan", Difference("workspace", left.name, left.name, "orphan", None, left.id))
    return result


def _ids(tenant: Tenant) -> set[str]:
    """Everything that can be an orphan, by id; a right by workspace and principal."""
    spaces = tenant.workspaces.values()
    items = [item.id for space in spaces for item in (*space.reports, *space.datasets, *space.imports)]
    rights = [f"{space.id}/{access.principal_id}" for space in spaces for access in space.users]
    return {*tenant.workspaces, *items, *rights}


@dataclass(slots=True)
class _Pair:
    """One source workspace and the one that should have become of it."""

    expectation: Expectation
    result: Comparison
    known: set[str]
    old: Workspace
    new: Workspace | None
    reports: list[tuple[Report, Report]] = field(default_factory=list[tuple[Report, Report]])
    models: dict[str, Dataset] = field(default_factory=dict[str, Dataset])
    """Target model by source model's id."""
    remains: set[str] = field(init=False)
    """Ids of what failed imports left behind: never the copy of anything."""

    def __post_init__(self) -> None:
        self.remains = _remains(self.new) - self.known if self.new else set()

    def compare(self) -> None:
        self._workspace()
        self._pair_reports()
        self._pair_models()
        self._judge_reports()
        self._users()
        self._imports()
        self._others()

    def _workspace(self) -> None:
        if self.new is None:
            self._differs("missing", "workspace", self.old.name, "missing", self.old.id)
            return
        facts = {
            "name": (self.expectation.name_of(self.old), self.new.name),
            "capacity": (self.expectation.capacity_of(self.old), self.new.capacity_id),
        }
        self._judge("workspace", self.old.name, facts)

    def _pair_reports(self) -> None:
        """Equal bytes first; then what has the name but other bytes; what is left is missing here, extra there."""
        left = [item for item in (self.new.reports if self.new else []) if item.id not in self.remains]
        waiting = [report for report in self.old.reports if _is_moved(self.old, report)]
        for alike in (self._same, _named):
            for report in list(waiting):
                twin = next((item for item in left if alike(report, item)), None)
                if twin is not None:
                    left.remove(twin)
                    waiting.remove(report)
                    self.reports.append((report, twin))
        for report in waiting:
            self._differs("missing", "report", report.name, "missing", report.id)
        for report in left:
            self._left_over("report", report, self.old.reports)

    def _pair_models(self) -> None:
        """Equal bytes first, of two copies the one in use; then what the model's report is bound to."""
        in_use = {old.dataset_id: new.dataset_id for old, new in self.reports}
        left = [item for item in (self.new.datasets if self.new else []) if item.id not in self.remains]
        left.sort(key=lambda model: model.id not in in_use.values())
        waiting = self._moved_models()
        for alike in (self._same, lambda model, item: item.id == in_use.get(model.id)):
            for model in list(waiting):
                twin = next((item for item in left if alike(model, item)), None)
                if twin is not None:
                    left.remove(twin)
                    waiting.remove(model)
                    self.models[model.id] = twin
                    facts = {"name": (model.name, twin.name), "content": self._contents(model, twin)}
                    self._judge("dataset", model.name, facts)
        for model in waiting:
            self._differs("missing", "dataset", model.name, "missing", model.id)
        for model in left:
            self._left_over("dataset", model, self.old.datasets)

    def _judge_reports(self) -> None:
        for old, new in self.reports:
            model = self.models.get(old.dataset_id or "")
            bound = (model.id if model else None, new.dataset_id)
            self._judge("report", old.name, {"content": self._contents(old, new), "binding": bound})

    def _moved_models(self) -> list[Dataset]:
        carried = {report.dataset_id for report in self.old.reports if _is_moved(self.old, report)}
        return [model for model in self.old.datasets if model.id in carried]

    def _judge(self, kind: str, name: str, facts: dict[str, tuple[str | None, str | None]]) -> None:
        """One item, counted once, with a difference for each fact that is wrong."""
        wrong = [(what, left, right) for what, (left, right) in facts.items() if left != right]
        for what, left, right in wrong:
            self.result.differences.append(Difference(kind, self.old.name, name, what, left, right))
        self.result.counts[kind]["different" if wrong else "equal"] += 1

    def _left_over[T: (Report, Dataset)](self, kind: str, item: T, originals: list[T]) -> None:
        """A second copy of something of ours is `twice`; anything else came from nowhere."""
        ours = any(self._same(original, item) for original in originals)
        self._extra("twice" if ours else "orphan", kind, item.name, item.id)

    def _same[T: (Report, Dataset)](self, old: T, new: T) -> bool:
        source, target = self._contents(old, new)
        return old.name == new.name and source == target and source is not None

    def _contents[T: (Report, Dataset)](self, old: T, new: T) -> tuple[str | None, str | None]:
        return _hash(self.expectation.source, old), _hash(self.expectation.target, new)

    def _users(self) -> None:
        expected = self.expectation.rights_in(self.old)
        given = [access for access in (self.new.users if self.new else []) if access.right != "None"]
        seen = Counter(access.principal_id for access in given)
        held: dict[str, Right] = {access.principal_id: access.right for access in given}
        for principal, right in expected.items():
            self._user(principal, right, held.get(principal), seen[principal])
        for access in given:
            if access.principal_id not in expected:
                self._extra_user(access)

    def _user(self, principal: str, right: Right, held: Right | None, times: int) -> None:
        name = _name(self.expectation.target, principal)
        if held is None:
            self._differs("missing", "user", name, "missing", right)
        elif times > 1:
            self._differs("twice", "user", name, "twice", right, held)
        elif held != right:
            self._differs("different", "user", name, "right", right, held)
        else:
            self.result.equal("user")

    def _extra_user(self, access: Access) -> None:
        """The app that made the workspace is in it by nature."""
        ours = access.principal_id == self.expectation.target.actors.get("migration")
        if not ours and self.new and f"{self.new.id}/{access.principal_id}" not in self.known:
            name = _name(self.expectation.target, access.principal_id)
            self._differs("orphan", "user", name, "orphan", None, access.right)

    def _imports(self) -> None:
        """Those that are not done, and what failed ones left."""
        if self.new is None:
            return
        for item in self.new.imports:
            if item.state == "Publishing" and not item.gone:
                self._extra("orphan", "import", item.name, item.id)
        for kind, items in (("report", self.new.reports), ("dataset", self.new.datasets)):
            for item in items:
                if item.id in self.remains:
                    self._extra("orphan", kind, item.name, item.id)

    def _others(self) -> None:
        moved = {model.id for model in self._moved_models()}
        self.result.not_compared.update(
            paginatedReport=sum(r.report_type == "PaginatedReport" for r in self.old.reports),
            notExportable=sum(
                r.report_type == "PowerBIReport" and not _is_moved(self.old, r) for r in self.old.reports
            ),
            datasetWithoutReport=sum(model.id not in moved for model in self.old.datasets),
            dashboard=len(self.old.dashboards),
            dataflow=len(self.old.dataflows),
            others=len([*self.old.datamarts, *self.old.workbooks, *self.old.fabric_items]),
        )
        self.result.not_compared += Counter()  # drops the zeros

    def _extra(self, outcome: Outcome, kind: str, name: str, item_id: str) -> None:
        if item_id not in self.known:
            self._differs(outcome, kind, name, outcome, None, item_id)

    def _differs(
        self,
        outcome: Outcome,
        kind: str,
        name: str,
        what: str,
        left: str | None = None,
        right: str | None = None,
    ) -> None:
        self.result.differs(outcome, Difference(kind, self.old.name, name, what, left, right))


def _remains(space: Workspace) -> set[str]:
    """What failed imports made and no successful one took over."""
    made = {
        state: {key for item in space.imports if item.state == state for key in _made(item)}
        for state in ("Failed", "Succeeded")
    }
    return made["Failed"] - made["Succeeded"]


def _made(item: Import) -> list[str]:
    return [*item.dataset_ids, *item.report_ids]


def _named(old: Report, new: Report) -> bool:
    return old.name == new.name


def _hash(tenant: Tenant, item: Report | Dataset) -> str | None:
    file = tenant.files.get(item.file_id or "")
    return file.sha256 if file else None


def _is_moved(space: Workspace, report: Report) -> bool:
    """A PBIX report whose file the service gives out, on a model of its own workspace."""
    model = next((model for model in space.datasets if model.id == report.dataset_id), None)
    refused = model is not None and model.export_refusal is not None
    away = report.dataset_workspace_id not in (None, space.id)
    return report.report_type == "PowerBIReport" and report.file_id is not None and not refused and not away


def _name(tenant: Tenant, principal: str) -> str:
    who = tenant.principals.get(principal)
    return (who.upn or who.display_name) if who else principal
