"""Workspaces as a scan shows them, by the flags with which it was asked for.

An item's `users` are all who reach it: those of the workspace by their role, and those with whom it is shared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import views
from sandbox.holdings import Datamart, DataSource, Link, Marks, Origins
from sandbox.state import Dashboard, Dataflow, Dataset, Principal, Report, Right, Tenant, Workspace

Json = dict[str, Any]

READERS: dict[Right, str] = {
    "Admin": "Owner",
    "Member": "Owner",
    "Contributor": "ReadWrite",
    "Viewer": "Read",
}
BUILDERS: dict[Right, str] = {
    "Admin": "ReadWriteReshareExplore",
    "Member": "ReadWriteReshareExplore",
    "Contributor": "ReadWriteExplore",
    "Viewer": "Read",
}
"""What a workspace role is worth on an item: reports, dashboards and dataflows; models and datamarts."""

RIGHTS: dict[str, dict[Right, str]] = {
    "report": READERS,
    "dashboard": READERS,
    "dataflow": READERS,
    "dataset": BUILDERS,
    "datamart": BUILDERS,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The flags of getInfo."""

    lineage: bool = False
    datasource_details: bool = False
    schema: bool = False
    expressions: bool = False
    users: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        told = {key.lower() for key, value in query.items() if value.lower() == "true"}
        names = ("lineage", "datasourceDetails", "datasetSchema", "datasetExpressions", "getArtifactUsers")
        return cls(*(name.lower() in told for name in names))


@dataclass(slots=True)
class ScanResult:
    """One result in the making; people are drawn once, for they come by the hundred."""

    tenant: Tenant
    asked: Asked
    _people: dict[str, Json] = field(default_factory=dict[str, Json])
    _used: dict[str, None] = field(default_factory=dict[str, None])
    _misused: dict[str, None] = field(default_factory=dict[str, None])

    def of(self, workspaces: Iterable[Workspace]) -> Json:
        found = [self._workspace(space) for space in workspaces]
        return {
            "workspaces": found,
            "datasourceInstances": self._instances(self._used),
            "misconfiguredDatasourceInstances": self._instances(self._misused),
        }

    def _workspace(self, space: Workspace) -> Json:
        fields = views.admin_group(space)
        for hidden in ("hasWorkspaceLevelSettings", "isReadOnly", "dataflowStorageId"):
            fields.pop(hidden, None)
        fields |= {
            "dataRetrievalState": "Success",
            "reports": [self._report(space, item) for item in space.reports],
            "dashboards": [self._dashboard(space, item) for item in space.dashboards],
            "datasets": [self._dataset(space, item) for item in space.datasets],
            "dataflows": [self._dataflow(space, item) for item in space.dataflows],
            "datamarts": [self._datamart(space, item) for item in space.datamarts],
        }
        if self.asked.users:
            rights = ((access.principal_id, access.right) for access in space.users)
            fields["users"] = [self.person(who) | {"groupUserAccessRight": right} for who, right in rights]
        return fields

    def _report(self, space: Workspace, item: Report) -> Json:
        away = item.dataset_workspace_id or (space.id if item.dataset_id else None)
        fields = views.report_base(item) | views.authoring(item)
        return (
            fields | views.present({"datasetWorkspaceId": away}) | self._marked(space, "report", item.marks)
        )

    def _dashboard(self, space: Workspace, item: Dashboard) -> Json:
        fields: Json = {"id": item.id, "displayName": item.display_name, "isReadOnly": False}
        if self.asked.lineage:
            shown = ("id", "title", "reportId", "datasetId", "datasetWorkspaceId")
            fields["tiles"] = [{key: tile[key] for key in shown if key in tile} for tile in item.tiles]
        marked = self._marked(space, "dashboard", item.marks)
        marked.pop("endorsementDetails", None)
        return fields | marked

    def _dataset(self, space: Workspace, item: Dataset) -> Json:
        fields = views.dataset_base(item) | {"contentProviderType": item.content_provider_type}
        error = item.extra.get("schemaRetrievalError")
        if self.asked.schema and error:
            fields["schemaRetrievalError"] = error
        elif self.asked.schema:
            fields["tables"] = [self._table(table) for table in item.tables]
            fields |= {"roles": item.roles} if item.roles else {}
        if self.asked.expressions:
            fields["expressions"] = item.expressions
        return fields | self._upstream(item.origins) | self._marked(space, "dataset", item.marks)

    def _table(self, table: Json) -> Json:
        """Row counts are ours alone; the M source comes with the expressions."""
        hidden = {"rows"} if self.asked.expressions else {"rows", "source"}
        return {key: value for key, value in table.items() if key not in hidden}

    def _dataflow(self, space: Workspace, item: Dataflow) -> Json:
        fields = views.dataflow(item) | self._upstream(item.origins)
        return fields | self._marked(space, "dataflow", item.marks)

    def _datamart(self, space: Workspace, item: Datamart) -> Json:
        fields: Json = {
            "id": item.id,
            "name": item.name,
            "description": item.description,
            "type": "Sql",
            "status": "Available",
            "state": "Active",
            "configuredBy": item.configured_by,
            "modifiedBy": item.configured_by,
            "modifiedDateTime": item.modified_date_time,
        }
        upstream = self._upstream(item.origins)
        return views.present(fields) | upstream | self._marked(space, "datamart", item.marks)

    def _upstream(self, origins: Origins | None) -> Json:
        """Lineage names data sources by id alone; what they are comes with the details."""
        if origins is None or not self.asked.lineage:
            return {}
        self._used |= dict.fromkeys(origins.data_sources)
        self._misused |= dict.fromkeys(origins.misconfigured)
        fields: Json = {
            "datasourceUsages": _usages(origins.data_sources),
            "misconfiguredDatasourceUsages": _usages(origins.misconfigured),
            "upstreamDataflows": links(origins.dataflows, "targetDataflowId"),
            "upstreamDatasets": links(origins.datasets, "targetDatasetId"),
        }
        return {key: value for key, value in fields.items() if value}

    def _marked(self, space: Workspace, kind: str, marks: Marks | None) -> Json:
        fields: Json = {}
        if marks and marks.label_id:
            fields["sensitivityLabel"] = {"labelId": marks.label_id}
        if marks and marks.endorsement:
            certified = {"certifiedBy": marks.certified_by} if marks.certified_by else {}
            fields["endorsementDetails"] = {"endorsement": marks.endorsement} | certified
        if self.asked.users:
            fields["users"] = self.users(space, kind, marks)
        return fields

    def users(self, space: Workspace, kind: str, marks: Marks | None) -> list[Json]:
        """A share counts beside the role of those who have both only where they have none."""
        worth, name = RIGHTS[kind], f"{kind}UserAccessRight"
        held = {access.principal_id: worth[access.right] for access in space.users if access.right in worth}
        shared = {share.principal_id: share.right for share in marks.shares} if marks else {}
        return [self.person(who) | {name: right} for who, right in (shared | held).items()]

    def person(self, principal_id: str) -> Json:
        if principal_id not in self._people:
            known = self.tenant.principals.get(principal_id) or Principal(principal_id, "User", "")
            self._people[principal_id] = views.person(known, admin=True)
        return self._people[principal_id]

    def _instances(self, wanted: Iterable[str]) -> list[Json]:
        if not self.asked.datasource_details:
            return []
        known = self.tenant.data_sources
        return [{"datasourceId": item} | instance(known[item]) for item in wanted if item in known]


def instance(source: DataSource) -> Json:
    """As models and dataflows list their own: what is not bound to a gateway has neither id."""
    bound = {"datasourceId": source.id, "gatewayId": source.gateway_id} if source.gateway_id else {}
    return {"datasourceType": source.kind, "connectionDetails": source.details} | bound


def links(items: list[Link], name: str) -> list[Json]:
    return [{name: link.item_id, "groupId": link.workspace_id} for link in items]


def _usages(ids: list[str]) -> list[Json]:
    return [{"datasourceInstanceId": item} for item in ids]
