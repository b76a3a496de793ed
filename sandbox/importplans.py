"""How imports will end, as data: failed, stuck, vanished, gone back, or succeeded with nothing to show.

Plans are chosen as faults are: the first one that agrees with an accepted import decides.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sandbox.records import Record
from sandbox.state import Import, Workspace, new_id
from sandbox.turns import is_its_turn

Outcome = Literal["fail", "stuck", "vanish", "relapse", "hollow", "succeed"]
Makes = Literal["nothing", "dataset", "all"]


@dataclass(slots=True)
class Plan(Record):
    """Every given condition must agree; of such imports the `nth`, or each `every`-th, at most `times` in all."""

    outcome: Outcome
    """fail: Failed. stuck: Publishing for ever. vanish: 404 once it is due. relapse: Succeeded, Publishing again,
    Succeeded. hollow: Succeeded, but its items come later. succeed: as usual, at its own pace."""
    id: str = field(default_factory=new_id)
    name: str | None = None
    """A regular expression searched in the name without its extension."""
    tenant: str | None = None
    workspace: str | None = None
    """Id or name."""
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    leaves: Makes | None = None
    """What it makes all the same; where not said: nothing, or everything where it succeeds."""
    lists: bool = True
    """The import names in its datasets and reports what it made."""
    code: str = "DMTS_PowerBIDataMovementUserDatasourceExceededLimit"
    details: list[Any] = field(default_factory=list[Any])
    seconds: float | None = None
    """Real seconds until it is due, scaled; as long as imports take where not said."""
    gap: float | None = None
    """Real seconds, scaled, between the changes of relapse and hollow."""
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        for value, known in ((self.outcome, get_args(Outcome)), (self.leaves, (None, *get_args(Makes)))):
            if value not in known:
                raise ValueError(f"{value} is none of {known}")

    def fires(self, tenant: str, workspace: Workspace, item: Import) -> bool:
        """Count an agreeing import; True if this plan decides how it ends."""
        return self._agrees(tenant, workspace, item) and is_its_turn(self, self)

    def _agrees(self, tenant: str, workspace: Workspace, item: Import) -> bool:
        return (
            (self.name is None or re.search(self.name, item.name) is not None)
            and self.tenant in (None, tenant)
            and self.workspace in (None, workspace.id, workspace.name)
        )


@dataclass(slots=True)
class Plans:
    planned: list[Plan] = field(default_factory=list[Plan])

    def find(self, tenant: str, workspace: Workspace, item: Import) -> Plan | None:
        return next((plan for plan in self.planned if plan.fires(tenant, workspace, item)), None)
