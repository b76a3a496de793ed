"""Readers of the estate of every kind, and a walk through all that an assessment reads of it."""

from typing import Any

import requests
from service_client import Client

from sandbox.server import Sandbox

FLAGS = ("lineage", "datasourceDetails", "datasetSchema", "datasetExpressions", "getArtifactUsers")
Json = dict[str, Any]


class Reader:
    """The migration app and the admin reader of one tenant, and the name of its master user."""

    def __init__(self, sandbox: Sandbox, tenant: str) -> None:
        self.sandbox, self.master = sandbox, Client(sandbox, tenant).settings["USERNAME"]
        sandbox.control.forget_calls()  # an hour's quota is for one test, not for all
        self.app, self.admin = Client(sandbox, tenant), Client(sandbox, tenant, app="ADMIN_")

    def scan(self, *flags: str) -> Json:
        """Every workspace, whatever its kind."""
        ids = [row["id"] for row in self.admin.get("admin/workspaces/modified").json()]
        query = "&".join(f"{flag}=true" for flag in flags)
        scan = self.admin.post(f"admin/workspaces/getInfo?{query}", {"workspaces": ids}).json()["id"]
        self.sandbox.control.advance()
        return self.admin.get(f"admin/workspaces/scanResult/{scan}").json()

    def rows(self, path: str, *, admin: bool = True, **query: Any) -> list[Json]:
        answer = (self.admin if admin else self.app).get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def fabric(self, path: str, *, admin: bool = True, **query: Any) -> requests.Response:
        client = self.admin if admin else self.app
        return client.session.get(f"{client.settings['FABRIC_URL']}/{path}", params=query, timeout=60)


def by_name(rows: list[Json], name: str) -> Json:
    (found,) = [row for row in rows if name in (row.get("name"), row.get("displayName"))]
    return found


def walk(reader: Reader) -> None:
    """Every Power BI operation of an assessment, each at least once with success."""
    scan = reader.scan(*FLAGS)
    reader.scan()
    mine = {row["id"] for row in reader.rows("groups", admin=False)}
    reader.rows("admin/capacities")
    reader.rows("admin/groups", **{"$top": 5000, "$expand": "workbooks"})
    for app in reader.rows("admin/apps", **{"$top": 100}):
        reader.rows(f"admin/apps/{app['id']}/users")
    for pipeline in reader.rows("admin/pipelines", **{"$expand": "users,stages", "$top": 5}):
        reader.rows(f"admin/pipelines/{pipeline['id']}/users")
    assert reader.admin.get(f"admin/users/{reader.master}/subscriptions").status_code == 200
    _gateways(reader)
    for space in scan["workspaces"]:
        _administered(reader, space)
        if space["id"] in mine:
            _joined(reader, space)


def _gateways(reader: Reader) -> None:
    for gateway in reader.rows("gateways", admin=False):
        assert reader.app.get(f"gateways/{gateway['id']}").json()["gatewayStatus"] == "Live"
        for source in reader.rows(f"gateways/{gateway['id']}/datasources", admin=False):
            assert reader.app.get(f"gateways/{gateway['id']}/datasources/{source['id']}").status_code == 200


def _administered(reader: Reader, space: Json) -> None:
    reader.rows(f"admin/groups/{space['id']}/datasets/upstreamDataflows")
    for report in space["reports"][:1]:
        reader.rows(f"admin/reports/{report['id']}/subscriptions")
    for board in space["dashboards"]:
        reader.rows(f"admin/dashboards/{board['id']}/subscriptions")
        reader.rows(f"admin/dashboards/{board['id']}/tiles")
    for model in space["datasets"][:1]:
        reader.rows(f"admin/datasets/{model['id']}/datasources")
    for flow in space["dataflows"]:
        assert reader.admin.get(f"admin/dataflows/{flow['objectId']}/export").json()["entities"]


def _joined(reader: Reader, space: Json) -> None:
    group = f"groups/{space['id']}"
    reader.rows(f"{group}/datasets/upstreamDataflows", admin=False)
    for model in space["datasets"]:
        reader.rows(f"{group}/datasets/{model['id']}/datasources", admin=False)
        for part in ("parameters", "refreshSchedule", "directQueryRefreshSchedule"):
            reader.app.get(f"{group}/datasets/{model['id']}/{part}")
    for flow in space["dataflows"]:
        assert reader.app.get(f"{group}/dataflows/{flow['objectId']}").json()["name"] == flow["name"]
        for part in ("datasources", "upstreamDataflows"):
            reader.rows(f"{group}/dataflows/{flow['objectId']}/{part}", admin=False)
