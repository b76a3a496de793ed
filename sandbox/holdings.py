"""What a tenant holds besides reports and models: where data comes from, who else may see it, and the other kinds.

Part of `state`, and true in the same sense: the service's JSON is made of these records elsewhere.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.records import Record


@dataclass(slots=True)
class Share(Record):
    """One principal's own right to an item, an app or a pipeline, as the API words it for that kind."""

    principal_id: str
    right: str


@dataclass(slots=True)
class Marks(Record):
    """What people put on an item: its label, its endorsement, and with whom it is shared."""

    label_id: str | None = None
    endorsement: str | None = None
    """Promoted or Certified."""
    certified_by: str | None = None
    shares: list[Share] = field(default_factory=list[Share])


@dataclass(slots=True)
class Link(Record):
    """An item upstream, and the workspace it is in."""

    item_id: str
    workspace_id: str


@dataclass(slots=True)
class Origins(Record):
    """What an item is fed from: data sources by the ids of their instances, dataflows, other models."""

    data_sources: list[str] = field(default_factory=list[str])
    misconfigured: list[str] = field(default_factory=list[str])
    dataflows: list[Link] = field(default_factory=list[Link])
    datasets: list[Link] = field(default_factory=list[Link])


@dataclass(slots=True)
class DataSource(Record):
    """One instance. `gateway_id`: an on-premises gateway, or the hidden one every owner of a cloud source has."""

    id: str
    kind: str
    """datasourceType: Sql, Oracle, File, Web, Extension …"""
    details: dict[str, str] = field(default_factory=dict[str, str])
    gateway_id: str | None = None


@dataclass(slots=True)
class GatewaySource(Record):
    """A data source as its gateway knows it; the id is that of the instance."""

    id: str
    name: str
    kind: str
    details: dict[str, str] = field(default_factory=dict[str, str])
    credential_type: str = "Basic"


@dataclass(slots=True)
class Gateway(Record):
    """On-premises. `admins` are object ids; `users` see that it is there, and only in Fabric's list."""

    id: str
    name: str
    modulus: str = ""
    """Of its public key, base64."""
    status: str = "Live"
    admins: list[str] = field(default_factory=list[str])
    users: list[str] = field(default_factory=list[str])
    sources: list[GatewaySource] = field(default_factory=list[GatewaySource])


@dataclass(slots=True)
class PublishedApp(Record):
    id: str
    name: str
    workspace_id: str
    description: str = ""
    published_by: str = ""
    last_update: str = ""
    users: list[Share] = field(default_factory=list[Share])


@dataclass(slots=True)
class Pipeline(Record):
    """A deployment pipeline; `stages` holds a workspace id, or None, for each stage."""

    id: str
    display_name: str
    description: str = ""
    stages: list[str | None] = field(default_factory=list[str | None])
    users: list[str] = field(default_factory=list[str])
    """Object ids; a pipeline knows only Admins."""


@dataclass(slots=True)
class Folder(Record):
    """In a workspace; which items lie in it is written there."""

    id: str
    name: str
    parent_id: str | None = None


@dataclass(slots=True)
class StorageAccount(Record):
    """Of dataflows; a workspace can be assigned to one that is enabled."""

    id: str
    name: str
    is_enabled: bool = True


@dataclass(slots=True)
class Subscription(Record):
    id: str
    title: str
    artifact_id: str
    artifact_name: str
    artifact_type: str
    """Report, PaginatedReport or Dashboard."""
    page: str = ""
    frequency: str = "Daily"
    start_date: str = "10/13/2025 12:00:00 AM"
    end_date: str = "10/13/2027 12:00:00 AM"
    attachment_format: str = "PNG"
    is_enabled: bool = True
    users: list[str] = field(default_factory=list[str])
    """Object ids of those who get the mail."""


@dataclass(slots=True)
class Datamart(Record):
    id: str
    name: str
    description: str = ""
    configured_by: str = ""
    modified_date_time: str = ""
    origins: Origins | None = None
    marks: Marks | None = None


@dataclass(slots=True)
class Workbook(Record):
    """The API tells no id of one."""

    name: str
    dataset_id: str | None = None


@dataclass(slots=True)
class FabricItem(Record):
    """An item of a kind that only Fabric's own lists have."""

    id: str
    kind: str
    name: str
    description: str = ""
    creator_id: str = ""
    modified: str = ""
    parts: dict[str, str] = field(default_factory=dict[str, str])
    """Definition files, base64 by path."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
