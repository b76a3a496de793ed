"""The part of the control interface for long-running operations and for what imports make of what they receive."""

from abc import ABC, abstractmethod
from typing import Any, Literal

from sandbox.operationplans import Length, OperationOutcome

Json = dict[str, Any]


class OperationsControl(ABC):
    @abstractmethod
    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any: ...

    def long_running(self, length: Length) -> None:
        """Which operations of Fabric are answered with 202: "mix" (the default), "always", "never"."""
        self.call("PUT", "settings", {"longRunning": length})

    def live_connect(self, mode: Literal["refuse", "accept"]) -> None:
        """What an import makes of a thin PBIX on a model that the tenant does not have: fails ("refuse", the
        default), or a report that is bound to nothing that is there ("accept"; a Rebind binds it)."""
        self.call("PUT", "settings", {"liveConnect": mode})

    def plan_operation(self, outcome: OperationOutcome, **how: Any) -> Any:
        """How operations of Fabric end that agree; they are then long-running. Which: operation, name (regular
        expressions), tenant, nth, every, times. How: effect (whether it happens all the same), code, message, seconds;
        see `operationplans.OperationPlan`."""
        return self.call("POST", "operations", {"outcome": outcome, **how})

    def operation_plans(self) -> list[Json]:
        return self.call("GET", "operations")

    def clear_operation_plans(self) -> None:
        self.call("DELETE", "operations")
