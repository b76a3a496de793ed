"""Long-running operations of the service between two looks: a definition being read, a change being made."""

from __future__ import annotations

from typing import Any

from shared.errors import EntityNotFound, ServiceError, TransientError
from shared.powerbi.connect import PowerBI
from shared.powerbi.definitions import DefinitionKind
from shared.powerbi.longrunning import Begun, Operations, failure_of

type Json = dict[str, Any]


def result_of(operations: Operations, operation: str) -> Json | None:
    """Of one that has succeeded (empty where it has none), None while it runs; raises what it failed of."""
    status = operations.status(operation)
    state = str(status["status"]).lower()
    if state == "failed":
        raise failure_of(status)
    return (operations.result(operation) or {}) if state == "succeeded" else None


def definition_of(
    tenant: PowerBI, workspace: str, kind: DefinitionKind, item: str, state: dict[str, Any], format: str = ""
) -> Json | None:
    """The answer that holds the definition, or None while it is being made; `state` keeps which operation makes it.

    One that was forgotten, or failed for a reason that passes, is asked for anew at the next look.
    """
    begun = state.get("operation")
    if not begun:
        answer: Begun = tenant.definitions.get(workspace, kind, item, format)
        state["operation"] = answer.operation
        return answer.body
    try:
        return result_of(tenant.operations, begun)
    except (EntityNotFound, TransientError) as error:
        if isinstance(error, TransientError) and of_the_question(error):
            raise
        state["operation"] = ""
        return None


def of_the_question(error: ServiceError) -> bool:
    """Whether asking after what was begun failed, and not what was begun: only a call has an operation or a status."""
    return bool(error.status or error.operation)
