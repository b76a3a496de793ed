"""Where data comes from: gateways of both tenants, cloud and on-premises sources, credentials of the request."""

import base64
from dataclasses import dataclass

from sandbox.everykind.founding import Founding
from sandbox.holdings import DataSource, Gateway, GatewaySource, Origins
from sandbox.state import Tenant

GATEWAY, PLANT, IDLE = "Contoso Gateway", "Contoso Plant Gateway", "Contoso Idle Gateway"
BRANCH, OLD = "Contoso Branch Gateway", "Contoso Old Gateway"
TARGET_GATEWAY, UNSEEN = "Fabrikam Gateway", "Fabrikam Unseen Gateway"
OTHERS, GONE = "Fabrikam Branch Gateway", "Fabrikam Gateway that was"

Details = dict[str, str]
SALES: Details = {"server": "sql01.contoso.local", "database": "Sales"}
BUDGET: Details = {"path": r"\\fs01\finance\Budget 2026.xlsx"}
LEDGER: Details = {"server": "ora01.contoso.local/ORCL"}
MES: Details = {"server": "plant01.contoso.local", "database": "MES"}
POS: Details = {"server": "branch01.contoso.local", "database": "POS"}
HR: Details = {"server": "hr01.contoso.local", "database": "HR"}


@dataclass(frozen=True, slots=True)
class Sources:
    """The instances by what they are for."""

    sales: str
    budget: str
    ledger: str
    plant: str
    branch: str
    old: str
    warehouse: str
    rates: str
    kusto: str
    site: str
    crm: str
    legacy: str


def add_sources(founding: Founding) -> Sources:
    tenant = founding.source
    ours = [tenant.actors["migration"]]
    main = _gateway(founding, tenant, GATEWAY, ours)
    plant = _gateway(founding, tenant, PLANT, ours)
    branch, old, _ = (_gateway(founding, tenant, name, ours) for name in (BRANCH, OLD, IDLE))
    cloud = founding.id()  # hidden: every owner of a cloud source has such a gateway, and no list tells it
    made = Sources(
        sales=_behind(founding, main, "Sales SQL", "Sql", SALES),
        budget=_behind(founding, main, "Budget file", "File", BUDGET),
        ledger=_behind(founding, main, "Ledger", "Oracle", LEDGER),
        plant=_behind(founding, plant, "Shop floor", "Sql", MES),
        branch=_behind(founding, branch, "Tills", "Sql", POS),
        old=_behind(founding, old, "Staff", "Sql", HR),
        warehouse=_cloud(
            founding, cloud, "Sql", {"server": "contoso.database.windows.net", "database": "DW"}
        ),
        rates=_cloud(founding, cloud, "Web", {"url": "https://api.contoso.com/rates?a=1&b=2"}),
        kusto=_cloud(
            founding,
            cloud,
            "Extension",
            {"kind": "AzureDataExplorer", "path": "https://contoso.kusto.windows.net"},
        ),
        site=_cloud(
            founding, None, "SharePointList", {"url": "https://contoso.sharepoint.com/sites/Förderung"}
        ),
        crm=_cloud(founding, cloud, "Sql", {"server": "contoso-crm.database.windows.net", "database": "CRM"}),
        legacy=_cloud(founding, None, "Sql", {"server": "old01.contoso.local", "database": "Legacy"}),
    )
    _add_target(founding)
    _map(founding, main, plant, made)
    return made


def fed_by(*ids: str) -> Origins:
    return Origins(list(ids))


def key(source: DataSource) -> str:
    """As a request names a data source."""
    details = source.details
    if "server" in details:
        database = f";{details['database']}" if "database" in details else ""
        return f"{source.kind}:{details['server']}{database}".lower()
    return f"{source.kind}:{details.get('url') or details.get('path', '')}".lower()


def _gateway(founding: Founding, tenant: Tenant, name: str, admins: list[str]) -> Gateway:
    modulus = base64.b64encode(founding.making.draw.randbytes(256)).decode()
    made = Gateway(founding.id(), name, modulus, admins=admins)
    tenant.gateways[made.id] = made
    return made


def _behind(founding: Founding, gateway: Gateway, name: str, kind: str, details: Details) -> str:
    instance = DataSource(founding.id(), kind, details, gateway.id)
    founding.source.data_sources[instance.id] = instance
    gateway.sources.append(GatewaySource(instance.id, name, kind, details, "Windows"))
    return instance.id


def _cloud(founding: Founding, gateway_id: str | None, kind: str, details: Details) -> str:
    instance = DataSource(founding.id(), kind, details, gateway_id)
    founding.source.data_sources[instance.id] = instance
    return instance.id


def _add_target(founding: Founding) -> None:
    """Two of the source's data sources are there, spelled as another person would; one gateway is not for us to see."""
    tenant = founding.target.tenant
    ours = [tenant.actors["migration"]]
    main = _gateway(founding, tenant, TARGET_GATEWAY, ours)
    spelled = {"server": "SQL01.CONTOSO.LOCAL", "database": "sales"}
    other = {"server": "erp01.fabrikam.local", "database": "ERP"}
    for name, kind, details in (("Sales", "Sql", spelled), ("Budget", "File", BUDGET), ("ERP", "Sql", other)):
        main.sources.append(GatewaySource(founding.id(), name, kind, details, "Windows"))
    alice = founding.target.by_name["alice"].id
    _gateway(founding, tenant, UNSEEN, [alice])
    theirs = _gateway(founding, tenant, OTHERS, [alice])
    theirs.users = ours
    founding.gateways |= {BRANCH: theirs.id, OLD: GONE}
    founding.plant("gatewayNotAdministered", "gateway", theirs.id, OTHERS)
    founding.plant("gatewayUnknownTarget", "gateway", "", GONE)


def _map(founding: Founding, main: Gateway, plant: Gateway, made: Sources) -> None:
    """All that is needed but the mapping of one gateway, one data source of the other, and one credential."""
    known = founding.source.data_sources
    target = next(g for g in founding.target.tenant.gateways.values() if g.name == TARGET_GATEWAY)
    founding.gateways[main.name] = target.id
    for number, (item, source) in enumerate(known.items()):
        if item != made.crm:
            founding.credentials[key(source)] = f"every-kind-{number}"
    founding.plant("gatewayUnmapped", "gateway", plant.id, plant.name)
    ledger, crm = known[made.ledger], known[made.crm]
    for obstacle, source in (("gatewayNoMatch", ledger), ("credentialMissing", crm)):
        founding.plant(obstacle, "gatewayDatasource", key(source), key(source), datasourceId=source.id)
