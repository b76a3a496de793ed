"""What one simulated tenant holds: the records of which generator, service and comparison all speak.

The service's own JSON (what a client sees) is made elsewhere; these records are the truth behind it. Times
are ISO 8601 UTC text. `extra` leaves room for kinds that later work adds, without a change here.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.holdings import (
    Datamart,
    DataSource,
    FabricItem,
    Folder,
    Gateway,
    Marks,
    Origins,
    Pipeline,
    PublishedApp,
    StorageAccount,
    Subscription,
    Workbook,
)
from sandbox.records import Record
from sandbox.traces import ActivityEvent, Assignment, File, Import, Refresh, Transaction

Kind = Literal["User", "Group", "App"]
Right = Literal["None", "Viewer", "Contributor", "Member", "Admin"]
RIGHTS: tuple[Right, ...] = ("None", "Viewer", "Contributor", "Member", "Admin")
"""Workspace rights, weakest first."""

Actor = Literal["migration", "adminReader", "masterUser"]


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(slots=True)
class Principal(Record):
    """A user, a security group or an app's service principal; `id` is the Entra object id."""

    id: str
    kind: Kind
    display_name: str
    upn: str | None = None
    """Users: the sign-in name; groups may have a mail address here."""
    app_id: str | None = None
    """Apps: the client id (never a valid identifier in a Power BI call)."""
    secret: str | None = None
    retired_secrets: dict[str, int] = field(default_factory=dict[str, int])
    """Old secrets, and the AADSTS number with which Entra refuses each."""
    password: str | None = None
    certificate_pem: str | None = None
    members: list[str] = field(default_factory=list[str])
    """Groups: object ids of the members."""
    is_fabric_admin: bool = False
    """Users: may call every admin operation."""
    reads_admin_apis: bool = False
    """Apps: in the group of 'Service principals can access read-only admin APIs'."""
    reads_directory: bool = False
    """Apps: has the application permissions of Microsoft Graph (User.Read.All and the like)."""


@dataclass(slots=True)
class Capacity(Record):
    id: str
    display_name: str
    sku: str = "F64"
    region: str = "West Europe"
    state: str = "Active"
    admins: list[str] = field(default_factory=list[str])
    """UPNs of users or object ids of apps."""
    assigners: list[str] = field(default_factory=list[str])
    """Object ids of principals with the Assign right."""


@dataclass(slots=True)
class Access(Record):
    """One principal's right in a workspace. `effective_at` (epoch seconds): rights may reach the API late."""

    principal_id: str
    right: Right
    effective_at: float = 0.0


@dataclass(slots=True)
class Report(Record):
    id: str
    name: str
    report_type: Literal["PowerBIReport", "PaginatedReport"] = "PowerBIReport"
    dataset_id: str | None = None
    dataset_workspace_id: str | None = None
    """Where the model lives when that is another workspace (thin report)."""
    description: str = ""
    created_by: str = ""
    modified_by: str = ""
    created_date_time: str = ""
    modified_date_time: str = ""
    original_report_id: str | None = None
    file_id: str | None = None
    """The PBIX or RDL behind it; None = authored in the service, cannot be exported."""
    app_id: str | None = None
    """Of the copy that an installed app shows."""
    parts: dict[str, str] = field(default_factory=dict[str, str])
    """Definition files as they were sent, base64 by path; without any they are made of what is known of it."""
    marks: Marks | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Dataset(Record):
    id: str
    name: str
    configured_by: str = ""
    """UPN of the owner, or the object id of an owning app."""
    is_refreshable: bool = True
    target_storage_mode: str = "Abf"
    """Abf, PremiumFiles (large format)."""
    content_provider_type: str = "PbixInImportMode"
    description: str = ""
    created_date: str = ""
    add_rows_api_enabled: bool = False
    is_effective_identity_required: bool = False
    is_on_prem_gateway_required: bool = False
    export_refusal: str | None = None
    """An error code of the export operation, e.g. ModelWithIncrementalRefreshIsNotDownloadable."""
    refresh_failure: str | None = None
    """An error code with which every refresh of this model fails."""
    tables: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """{"name", "rows"?, "columns"?: [...], "measures"?: [...], "source"?: [...]} as the scanner shows them;
    "rows" is ours."""
    parts: dict[str, str] = field(default_factory=dict[str, str])
    """Definition files as they were sent, base64 by path; without any they are made of what is known of it."""
    relationships: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Of push models, as they were sent."""
    expressions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    roles: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refreshes: list[Refresh] = field(default_factory=list[Refresh])
    file_id: str | None = None
    """The file it was published from (source: the report's file; target: the bytes received)."""
    parameters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """As Datasets_GetParametersInGroup shows them; the scanner shows them as `expressions`."""
    refresh_schedule: dict[str, Any] = field(default_factory=dict[str, Any])
    direct_query_schedule: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: Origins | None = None
    marks: Marks | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Dashboard(Record):
    id: str
    display_name: str
    tiles: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """{"id", "title", "reportId"?, "datasetId"?, ...}."""
    marks: Marks | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Dataflow(Record):
    object_id: str
    name: str
    description: str = ""
    configured_by: str = ""
    modified_date_time: str = ""
    document: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its model.json where one was imported (or planted); without one it is made of what is known of it."""
    transactions: list[Transaction] = field(default_factory=list[Transaction])
    refresh_schedule: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: Origins | None = None
    marks: Marks | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Workspace(Record):
    id: str
    name: str
    type: Literal["Workspace", "Group", "PersonalGroup", "Personal", "AdminInsights"] = "Workspace"
    state: Literal["Active", "Deleted", "Removing", "Orphaned"] = "Active"
    description: str = ""
    is_read_only: bool = False
    capacity_id: str | None = None
    default_dataset_storage_format: Literal["Small", "Large"] = "Small"
    dataflow_storage_id: str | None = None
    log_analytics: dict[str, Any] = field(default_factory=dict[str, Any])
    """As a single workspace shows its Log Analytics workspace."""
    modified_date_time: str = ""
    users: list[Access] = field(default_factory=list[Access])
    reports: list[Report] = field(default_factory=list[Report])
    datasets: list[Dataset] = field(default_factory=list[Dataset])
    dashboards: list[Dashboard] = field(default_factory=list[Dashboard])
    dataflows: list[Dataflow] = field(default_factory=list[Dataflow])
    datamarts: list[Datamart] = field(default_factory=list[Datamart])
    workbooks: list[Workbook] = field(default_factory=list[Workbook])
    fabric_items: list[FabricItem] = field(default_factory=list[FabricItem])
    folders: list[Folder] = field(default_factory=list[Folder])
    placed: dict[str, str] = field(default_factory=dict[str, str])
    """Item id to the id of the folder it lies in; what is not here lies in none."""
    imports: list[Import] = field(default_factory=list[Import])
    assignments: list[Assignment] = field(default_factory=list[Assignment])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Tenant(Record):
    id: str
    """Entra tenant id (GUID)."""
    name: str
    """contoso (source) or fabrikam (target)."""
    domain: str
    service_principals_create_workspaces: bool = True
    actors: dict[str, str] = field(default_factory=dict[str, str])
    """Actor ("migration", "adminReader", "masterUser") to principal id: whom env.json hands to the app."""
    principals: dict[str, Principal] = field(default_factory=dict[str, Principal])
    capacities: dict[str, Capacity] = field(default_factory=dict[str, Capacity])
    workspaces: dict[str, Workspace] = field(default_factory=dict[str, Workspace])
    files: dict[str, File] = field(default_factory=dict[str, File])
    gateways: dict[str, Gateway] = field(default_factory=dict[str, Gateway])
    data_sources: dict[str, DataSource] = field(default_factory=dict[str, DataSource])
    apps: dict[str, PublishedApp] = field(default_factory=dict[str, PublishedApp])
    pipelines: dict[str, Pipeline] = field(default_factory=dict[str, Pipeline])
    storage_accounts: dict[str, StorageAccount] = field(default_factory=dict[str, StorageAccount])
    subscriptions: list[Subscription] = field(default_factory=list[Subscription])
    activity: list[ActivityEvent] = field(default_factory=list[ActivityEvent])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    def principal_named(self, name: str) -> Principal | None:
        """By object id or by UPN, whatever the case."""
        wanted = name.casefold()
        found = self.principals.get(wanted)
        return found or next(
            (p for p in self.principals.values() if (p.upn or "").casefold() == wanted), None
        )
