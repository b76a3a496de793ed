"""The changes an accepted import goes through, put on the agenda: one, or as many as its plan takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox import importing
from sandbox.importing import Received
from sandbox.importplans import Makes, Plan
from sandbox.state import Import, Workspace
from sandbox.timing import iso, now
from sandbox.world import Service


def begin(service: Service, workspace: Workspace, item: Import, received: Received) -> None:
    plan = service.world.import_plans.find(service.state.name, workspace, item)
    Ending(service, workspace, item, received, plan or Plan("succeed")).begin()


@dataclass(frozen=True, slots=True)
class Ending:
    """One import and the plan for it; each method is one change of its state."""

    service: Service
    workspace: Workspace
    item: Import
    received: Received
    plan: Plan

    def begin(self) -> None:
        """Put every change on the agenda."""
        timing = self.service.timing
        moment = timing.scale * self.plan.seconds if self.plan.seconds is not None else timing.draw("import")
        for change in STEPS[self.plan.outcome]:
            self.service.later(moment, lambda change=change: change(self))
            moment += timing.scale * self.plan.gap if self.plan.gap is not None else timing.draw("import")

    def publish(self) -> None:
        """As usual; but its items stay unnamed where the plan says so."""
        importing.publish(self.service, self.workspace, self.item, self.received)
        self.item.hides = not self.plan.lists

    def fail(self) -> None:
        if self._make("nothing"):
            importing.fail(self.item, self.plan.code, self.plan.details)

    def stay(self) -> None:
        self._make("nothing")

    def vanish(self) -> None:
        self._make("nothing")
        self.item.gone = True

    def relapse(self) -> None:
        self._turn("Succeeded", "Publishing")

    def recover(self) -> None:
        self._turn("Publishing", "Succeeded")
        self.item.hides = False

    def claim(self) -> None:
        """Succeeded, it says; there is nothing yet."""
        self._turn("Publishing", "Succeeded")

    def supply(self) -> None:
        self._make("all")

    def _turn(self, old: str, new: Literal["Publishing", "Succeeded"]) -> None:
        if self.item.state == old:
            self.item.state, self.item.updated_date_time = new, iso(now())

    def _make(self, otherwise: Makes) -> bool:
        """What is left behind; False where the import has failed by the usual rules."""
        makes = self.plan.leaves or otherwise
        made = importing.make(self.service, self.workspace, self.item, self.received, makes)
        self.item.hides = not self.plan.lists
        return made


STEPS: dict[str, tuple[Callable[[Ending], None], ...]] = {
    "succeed": (Ending.publish,),
    "fail": (Ending.fail,),
    "stuck": (Ending.stay,),
    "vanish": (Ending.vanish,),
    "relapse": (Ending.publish, Ending.relapse, Ending.recover),
    "hollow": (Ending.claim, Ending.supply),
}
