"""Items as definitions (TMDL, PBIR, RDL, M): read in one tenant, created or replaced in another.

Definitions carry neither data nor labels. Each of these calls may be a long-running operation: what comes back is
how it was begun, and `Operations` tells how it goes on.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

from shared.errors import NotAuthorized, ServiceError, TransientError
from shared.powerbi import fabric_operations as op
from shared.powerbi.client import Answer, PowerBIClient
from shared.powerbi.fabric_operations import DefinitionKind
from shared.powerbi.fabric_pages import rows_of
from shared.powerbi.longrunning import Begun, begun

Row = dict[str, Any]

# Fragments of codes and texts (the contract names few of them) and why a definition can't be had, or can't be taken.
_REFUSALS = (
    ("connection.noFabric", "noFabric"),
    ("WorkspaceHasNoCapacityAssigned", "noFabric"),
    ("InvalidCapacitySKU", "noFabric"),
    ("InvalidCapacityState", "noFabric"),
    ("CapacityNotActive", "noFabric"),
    ("FeatureNotAvailable", "noFabric"),
    ("TenantSwitchDisabled", "settingOff"),
    ("not accessible for application", "settingOff"),
    ("ItemsHaveProtectedLabels", "encryptedLabel"),
    ("protected label", "encryptedLabel"),
    ("encrypted", "encryptedLabel"),
    ("OperationNotSupportedForItem", "notSupported"),
    ("UnsupportedItemType", "notSupported"),
    ("InvalidItemType", "notSupported"),
    ("WorkspaceNotSupported", "notSupported"),
    ("PrincipalTypeNotSupported", "principal"),
    ("RequestDeniedByInboundPolicy", "network"),
    ("WorkspaceItemsLimitExceeded", "full"),
    ("CorruptedPayload", "corrupted"),
)


class Definitions:
    """Items of the four kinds that have a definition; BadRequest `connection.noFabric` as in `Fabric`."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def get(self, group_id: str, kind: DefinitionKind, item_id: str, format: str = "") -> Begun:
        """Items_Get…Definition: `{"definition": {"parts": [{"path", "payload", "payloadType"}]}}`.

        Formats of a semantic model are TMDL (what comes unasked) and TMSL, of a report PBIR and PBIR-Legacy.
        """
        operation = op.DEFINITIONS[kind].get_definition
        query = {"format": format} if format else {}
        answer = self._client.call(operation, {"group": group_id, "item": item_id}, query)
        started = self._begun(answer)
        if started.is_done and not has_parts(started.body):
            raise answer.unusable("holds no definition")
        return started

    def create(
        self,
        group_id: str,
        kind: DefinitionKind,
        name: str,
        definition: Row,
        description: str = "",
        folder_id: str = "",
    ) -> Begun:
        """Items_Create…: the new item (`id`, `displayName`). Raises AlreadyExists where the name is taken.

        The contract lets no paginated report begin in a folder: there `folder_id` is not sent.
        """
        body: Row = {"displayName": name, "definition": definition}
        if description:
            body["description"] = description
        if folder_id and kind != "paginatedReports":
            body["folderId"] = folder_id
        return self._begun(self._client.call(op.DEFINITIONS[kind].create, {"group": group_id}, json=body))

    def update(self, group_id: str, kind: DefinitionKind, item_id: str, definition: Row) -> Begun:
        """Items_Update…Definition: replaces all of it; name, description and label stay."""
        operation = op.DEFINITIONS[kind].update_definition
        parameters = {"group": group_id, "item": item_id}
        return self._begun(self._client.call(operation, parameters, json={"definition": definition}))

    def rename(
        self,
        group_id: str,
        kind: DefinitionKind,
        item_id: str,
        name: str = "",
        description: str | None = None,
    ) -> None:
        """Items_Update…: the name, the description, or both; what is not given stays."""
        body: Row = {"displayName": name} if name else {}
        if description is not None:
            body["description"] = description
        self._client.call(op.DEFINITIONS[kind].rename, {"group": group_id, "item": item_id}, json=body)

    def delete(self, group_id: str, kind: DefinitionKind, item_id: str) -> None:
        """Items_Delete…."""
        self._client.call(op.DEFINITIONS[kind].delete, {"group": group_id, "item": item_id})

    def list(self, group_id: str, kind: DefinitionKind) -> Iterator[Row]:
        """Items_List…: `id`, `displayName`, `description`, `folderId` of each, in all folders."""
        return rows_of(self._client, op.DEFINITIONS[kind].list, {"group": group_id})

    def _begun(self, answer: Answer) -> Begun:
        return begun(answer, self._client.clock.now())


def has_parts(body: Row | None) -> bool:
    """Whether an answer, or the result of an operation, holds a definition."""
    definition = (body or {}).get("definition")
    parts: Any = definition.get("parts") if isinstance(definition, dict) else None
    return isinstance(parts, builtins.list) and bool(parts)


def definition_refusal(error: ServiceError) -> str | None:
    """Why the service gives or takes no definition, as one word; None where it is another error.

    encryptedLabel, notSupported, noFabric, settingOff, principal, network, full, corrupted, or denied where the
    identity lacks the right.
    """
    if isinstance(error, TransientError):
        return None
    known = next((reason for fragment, reason in _REFUSALS if error.mentions(fragment)), None)
    return known or ("denied" if isinstance(error, NotAuthorized) else None)
