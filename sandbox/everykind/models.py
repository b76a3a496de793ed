"""Models of every kind, each with the report it is likely to have: what a PBIX carries, and what it does not."""

from typing import Any

from sandbox.areas.reports import LARGE
from sandbox.everykind.founding import Founding
from sandbox.everykind.moving import modelled
from sandbox.everykind.sources import Sources, fed_by
from sandbox.extras import SHARED_MODEL
from sandbox.holdings import FabricItem, Link, Origins, Workbook
from sandbox.state import Dataset, Workspace

MODELS, WORKBOOKS = "Every model", "Every workbook"
Json = dict[str, Any]

DAILY: Json = {
    "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    "times": ["05:30", "13:00"],
    "enabled": True,
    "localTimeZoneId": "W. Europe Standard Time",
    "notifyOption": "MailOnFailure",
}
HOURLY: Json = {"frequency": 60, "days": [], "times": [], "localTimeZoneId": "UTC"}


def add_models(founding: Founding, sources: Sources) -> None:
    space = founding.space(MODELS)
    for add in (_parameters, _on_premises, _direct_query, _live, _refused):
        add(founding, space, sources)
    _direct_lake(founding, space)
    _composite(founding, space)
    _others(founding, space)
    _workbooks(founding)


def parameter(name: str, kind: str, value: str, *, required: bool = True) -> tuple[Json, Json]:
    """As the model's own call tells it, and as the scanner does, in M."""
    told = {"name": name, "type": kind, "isRequired": required, "currentValue": value}
    literal = '"' + value.replace('"', '""') + '"' if kind == "Text" else value
    meta = f'meta [IsParameterQuery=true, Type="{kind}", IsParameterQueryRequired={str(required).lower()}]'
    return told, {"name": name, "expression": f"{literal} {meta}"}


def give(model: Dataset, *parameters: tuple[Json, Json]) -> None:
    for told, written in parameters:
        model.parameters.append(told)
        model.expressions.append(written)


def _parameters(founding: Founding, space: Workspace, sources: Sources) -> None:
    _, model = founding.published(space, "Import with parameters")
    give(
        model,
        parameter("Server", "Text", "contoso.database.windows.net"),
        parameter("Database", "Text", 'DW "one"'),
        parameter("Rows", "Number", "1000", required=False),
        parameter("OnlyActive", "Logical", "true"),
    )
    model.expressions.append(
        {
            "name": "Shared rows",
            "expression": "let\n    Source = Sql.Database(Server, Database)\nin\n    Source",
        }
    )
    model.refresh_schedule = dict(DAILY)
    model.origins = fed_by(sources.warehouse, sources.rates)


def _on_premises(founding: Founding, space: Workspace, sources: Sources) -> None:
    """One gateway each; the same data sources feed several models."""
    behind = {
        "Sales on premises": (sources.sales, sources.budget),
        "Sales again": (sources.sales,),
        "General ledger": (sources.ledger,),
        "Shop floor": (sources.plant,),
        "Tills": (sources.branch,),
        "Staff": (sources.old,),
    }
    for name, ids in behind.items():
        _, model = founding.published(space, name)
        model.is_on_prem_gateway_required = True
        model.origins = fed_by(*ids)
    for name in ("Customers", "Customers of the CRM"):
        _, model = founding.published(space, name)
        model.origins = fed_by(sources.crm, sources.kusto)
    _, model = founding.published(space, "Misconfigured")
    model.origins = Origins([sources.site], misconfigured=[sources.legacy])
    founding.plant("modelMisconfigured", "dataset", model.id, model.name, space)
    _, model = founding.published(space, "Unreadable")
    model.extra["schemaRetrievalError"] = "Object level security is defined in this model."
    founding.plant("modelUnreadable", "dataset", model.id, model.name, space)


def _direct_query(founding: Founding, space: Workspace, sources: Sources) -> None:
    _, model = founding.published(space, "DirectQuery")
    model.content_provider_type, model.is_refreshable = "PbixInDirectQueryMode", False
    model.direct_query_schedule, model.origins = dict(HOURLY), fed_by(sources.warehouse)
    model.refreshes = []


def _live(founding: Founding, space: Workspace, sources: Sources) -> None:
    """Rows that are pushed in; nothing stands behind them."""
    for name, provider in (("Push", "RealTimeInPushMode"), ("Streaming", "RealTimeInStreamingMode")):
        model = founding.model(space, name, provider)
        model.add_rows_api_enabled, model.is_refreshable = True, False
        if name == "Push":
            columns = [{"name": "At", "dataType": "DateTime"}, {"name": "Degrees", "dataType": "Double"}]
            model.tables = [{"name": "Readings", "columns": columns, "measures": [], "rows": 12}]
            founding.authored(space, "Push view", model)


def _refused(founding: Founding, space: Workspace, sources: Sources) -> None:
    """Exports that the service refuses; of incremental refresh nothing but its two parameters can be seen."""
    _, model = founding.published(space, "Incremental refresh")
    model.export_refusal = "ModelWithIncrementalRefreshIsNotDownloadable"
    model.origins = fed_by(sources.warehouse)
    model.extra["refreshPolicy"] = model.tables[0]["name"]
    for name in ("RangeStart", "RangeEnd"):
        give(model, parameter(name, "DateTime", "#datetime(2025, 1, 1, 0, 0, 0)"))
    _, model = founding.published(space, "Large format")
    model.target_storage_mode, model.export_refusal = "PremiumFiles", LARGE
    _, model = founding.published(space, "Changed through XMLA")
    model.export_refusal = "ModelExportActionDenied"
    model.extra["changedByXmla"] = True


def _direct_lake(founding: Founding, space: Workspace) -> None:
    """As a scan shows one: tables in DirectLake mode, and one expression that names the endpoint of a lakehouse."""
    lake = FabricItem(founding.id(), "Lakehouse", "Sales lake", creator_id=founding.person("alice"))
    endpoint = FabricItem(founding.id(), "SQLEndpoint", "Sales lake", creator_id=founding.person("alice"))
    space.fabric_items += [lake, endpoint]
    model = founding.model(space, "Direct Lake", "PowerBIModelingService")
    model.export_refusal = "ExportData_DisabledForModelWithDirectLakeMode"
    server = f"{founding.id().replace('-', '')}.datawarehouse.fabric.microsoft.com"
    source = f'let\n    database = Sql.Database("{server}", "{endpoint.id}")\nin\n    database'
    model.expressions = [{"name": "DatabaseQuery", "expression": source}]
    model.tables = [
        {
            "name": "Orders",
            "columns": [{"name": "Amount", "dataType": "Decimal"}],
            "measures": [{"name": "Total", "expression": "SUM(Orders[Amount])"}],
            "isHidden": False,
            "storageMode": "DirectLake",
            "rows": 7,
        }
    ]
    founding.authored(space, "Direct Lake view", model)


def _composite(founding: Founding, space: Workspace) -> None:
    """On a model of another workspace."""
    home = next(w for w in founding.source.workspaces.values() if w.name == SHARED_MODEL)
    _, model = founding.published(space, "Composite on another model")
    model.content_provider_type = "PbixInCompositeMode"
    model.origins = Origins(datasets=[Link(home.datasets[0].id, home.id)])


def _others(founding: Founding, space: Workspace) -> None:
    """One that no report uses, and what the service makes of itself."""
    modelled(founding, founding.model(space, "Without a report", "InImportMode"))
    usage = founding.model(space, "Report Usage Metrics Model", "UsageMetricsUserReport")
    usage.export_refusal, usage.is_refreshable = "ModelExportActionDenied", False
    founding.authored(space, "Report Usage Metrics Report", usage)


def _workbooks(founding: Founding) -> None:
    space = founding.space(WORKBOOKS)
    model = founding.model(space, "Budget", "Excel")
    space.workbooks += [Workbook("Budget", model.id), Workbook("Just a sheet")]
