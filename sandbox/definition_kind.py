"""What is alike in all kinds of items that have a definition: how one is listed, given out, checked, made and changed.

Made and changed items are the same records that imports make, so every list of either API shows them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sandbox.access import Caller
from sandbox.definitions import Payloads
from sandbox.replies import ApiError, refused
from sandbox.state import Dataset, Report, Workspace
from sandbox.world import Service

Type = Literal["SemanticModel", "Report", "PaginatedReport", "Dataflow"]
NO_MODEL = ("UsageMetrics", "Excel", "Csv", "PbixInLiveConnectionMode", "AsAzure", "AsOnPrem")
"""Providers of which there is no definition to be had; as of push models."""


class Item(Protocol):
    id: str
    name: str
    description: str
    parts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is made or changed, and by whom."""

    service: Service
    workspace: Workspace
    caller: Caller


@dataclass(frozen=True, slots=True)
class Kind:
    type: Type
    path: str
    """In the address: workspaces/{id}/reports."""
    items: Callable[[Workspace], Sequence[Item]]
    payloads: Callable[[Place, Any], Payloads]
    """Without `.platform`."""
    check: Callable[[Payloads], None]
    apply: Callable[[Place, Any, Payloads], None]
    """Give an item (new or old) what was sent."""
    add: Callable[[Place, str], Any]
    remove: Callable[[Workspace, Any], None]
    event: str
    needs_definition: bool = True


def corrupted(text: str) -> ApiError:
    return refused(400, "CorruptedPayload", message=text)


def unsupported() -> ApiError:
    text = "Operation not supported for requested item"
    return refused(400, "OperationNotSupportedForItem", message=text)


def refuse_definition(item: Item) -> None:
    """Of what has none to give, or is protected by an encrypted label."""
    extra: dict[str, Any] = getattr(item, "extra", {})
    if code := extra.get("definitionRefusal"):
        raise refused(400, code, message="The definition cannot be retrieved")
    if isinstance(item, Dataset) and (
        item.add_rows_api_enabled or item.content_provider_type.startswith(NO_MODEL)
    ):
        raise unsupported()
    if isinstance(item, Report) and item.app_id is not None:
        raise unsupported()
