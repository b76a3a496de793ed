"""How long-running operations of Fabric will end, as data: failed, lost, stuck, or in time.

Chosen as faults are: the first plan that agrees with an accepted operation decides.
"""

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from sandbox.records import Record
from sandbox.state import new_id
from sandbox.turns import is_its_turn

OperationOutcome = Literal["fail", "lost", "stuck", "succeed"]
Length = Literal["mix", "always", "never"]
"""Which operations are answered with 202: about half of them, always the same ones; all; none."""


@dataclass(slots=True)
class OperationPlan(Record):
    """Every given condition must agree; of such operations the `nth`, or each `every`-th, at most `times` in all."""

    outcome: OperationOutcome
    """fail: Failed, with `code`. lost: 404 once it is due. stuck: Running for ever. succeed: at its own pace."""
    id: str = field(default_factory=new_id)
    operation: str | None = None
    """A regular expression searched in the operation's id: Fabric_CreateReport."""
    name: str | None = None
    """One searched in the name of the item."""
    tenant: str | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    effect: bool | None = None
    """Whether what was asked for happens; where not said: only where it succeeds."""
    code: str = "UnknownError"
    message: str = "The operation failed"
    seconds: float | None = None
    """Real seconds until it is due, scaled."""
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.outcome not in get_args(OperationOutcome):
            raise ValueError(f"{self.outcome} is none of {get_args(OperationOutcome)}")

    @property
    def works(self) -> bool:
        return self.outcome == "succeed" if self.effect is None else self.effect

    def fires(self, tenant: str, operation: str, name: str) -> bool:
        """Count an agreeing operation; True if this plan decides how it ends."""
        return self._agrees(tenant, operation, name) and is_its_turn(self, self)

    def _agrees(self, tenant: str, operation: str, name: str) -> bool:
        return (
            (self.operation is None or re.search(self.operation, operation) is not None)
            and (self.name is None or re.search(self.name, name) is not None)
            and self.tenant in (None, tenant)
        )


@dataclass(slots=True)
class OperationPlans:
    planned: list[OperationPlan] = field(default_factory=list[OperationPlan])
    length: Length = "mix"

    def find(self, tenant: str, operation: str, name: str) -> OperationPlan | None:
        return next((plan for plan in self.planned if plan.fires(tenant, operation, name)), None)
