"""What is one or two files of text: paginated reports, and dataflows of the second generation."""

from collections.abc import Callable, Mapping, Sequence

from sandbox.compare_files import unlike
from sandbox.compare_models import description, hash_of
from sandbox.definitions import RDL, dataflow_payloads, decoded
from sandbox.holdings import FabricItem
from sandbox.scene import Couple, Facts, Scene
from sandbox.state import Report, Workspace
from sandbox.twins import Twins, twins


class Named[T: (Report, FabricItem)]:
    """Items of a kind in which names are used once."""

    def __init__(
        self,
        scene: Scene,
        kind: str,
        items: Callable[[Workspace], Sequence[T]],
        facts: Callable[[Scene, T, T], Facts],
    ) -> None:
        self._scene, self._kind, self._items, self._facts = scene, kind, items, facts
        self._found: list[tuple[Couple, Twins[T]]] = []

    def pair(self) -> None:
        for couple in self._scene.couples:
            made = self._items(couple.new) if couple.new else []
            standing = [item for item in made if item.id not in couple.remains]
            found = twins(self._items(couple.old), standing, lambda old, new: old.name == new.name)
            self._found.append((couple, found))
            for old, new in found.pairs:
                self._scene.meet(old.id, new.id)

    def judge(self) -> None:
        for couple, found in self._found:
            for old, new in found.pairs:
                facts = {"description": description(self._scene, old.description, new.description)}
                if isinstance(new, Report):  # no import carries it
                    facts = {}
                self._scene.judge(
                    couple, self._kind, old.name, facts | dict(self._facts(self._scene, old, new))
                )
            for old in found.missing:
                self._scene.leave(couple, self._kind, old.id, old.name)
            names = {item.name for item in self._items(couple.old)}
            for new in found.surplus:
                outcome = "twice" if new.name in names else "orphan"
                self._scene.surplus(outcome, couple, self._kind, new.name, new.id)


def paginated_reports(scene: Scene) -> Named[Report]:
    return Named(scene, "paginatedReport", _paginated, _rdl)


def fabric_dataflows(scene: Scene) -> Named[FabricItem]:
    return Named(scene, "dataflow", _dataflows, _mashup)


def _paginated(space: Workspace) -> list[Report]:
    return [item for item in space.reports if item.report_type == "PaginatedReport"]


def _dataflows(space: Workspace) -> list[FabricItem]:
    return [item for item in space.fabric_items if item.kind == "Dataflow"]


def _rdl(scene: Scene, old: Report, new: Report) -> Facts:
    """By its text; by its bytes where nobody has kept that."""
    if old.parts and new.parts:
        return unlike(scene, _file(old.parts), _file(new.parts))
    expectation = scene.expectation
    return {"content": (hash_of(expectation.source, old), hash_of(expectation.target, new))}


def _file(parts: Mapping[str, str]) -> dict[str, bytes]:
    return dict.fromkeys([RDL], next(iter(decoded(parts).values())))


def _mashup(scene: Scene, old: FabricItem, new: FabricItem) -> Facts:
    return unlike(scene, dataflow_payloads(old), dataflow_payloads(new))
