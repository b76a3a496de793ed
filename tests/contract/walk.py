"""A client that calls every Power BI operation the sandbox has, as a migration and its tests would."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from sandbox.extras import DASHBOARDS
from sandbox.server import Sandbox

SCOPE = "https://analysis.windows.net/powerbi/api/.default"
INSTANT = {"default": 0, "Entra_Token": 0, "Reports_ExportReportInGroup": 0}


class Caller:
    """One identity of one tenant."""

    def __init__(self, sandbox: Sandbox, tenant: str, form: dict[str, str]) -> None:
        settings = {k.removeprefix(f"PBI_CONNECTIONS__{tenant}__"): v for k, v in sandbox.env.items()}
        self._url = settings["API_URL"]
        self._session = requests.Session()
        self._session.trust_env, self._session.verify = False, str(sandbox.ca)
        sent = {name: settings.get(value, value) for name, value in form.items()} | {"scope": SCOPE}
        answer = self._session.post(f"{settings['AUTHORITY_URL']}/oauth2/v2.0/token", data=sent, timeout=30)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.send(method, path, json=body, params=query)

    def send(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, f"{self._url}/{path}", timeout=60, **options)
        answer.raise_for_status()
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content

    def refused(self, method: str, path: str, body: Any = None) -> int:
        return self._session.request(method, f"{self._url}/{path}", json=body, timeout=60).status_code


def _app(prefix: str = "") -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": f"{prefix}CLIENT_ID",
        "client_secret": f"{prefix}CLIENT_SECRET",
    }


class Walk:
    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        user = {"grant_type": "password", "username": "USERNAME", "password": "PASSWORD"}
        self.source, self.target = Caller(sandbox, "CONTOSO", _app()), Caller(sandbox, "FABRIKAM", _app())
        self.reader, self.administrator = (
            Caller(sandbox, "CONTOSO", _app("ADMIN_")),
            Caller(sandbox, "CONTOSO", user),
        )

    def go(self) -> None:
        self._inventory()
        self._expanded()
        file = self._export()
        workspace = self._workspace()
        report, model = self._import(workspace, file)
        self._large_import(workspace)
        self._refresh(workspace, model)
        self._users(workspace)
        self._row_counts()
        self._activity()
        self._refusals(workspace)
        self._delete(workspace, report, model)

    def _inventory(self) -> None:
        self.source("GET", "groups", **{"$top": 5, "$skip": 0, "$filter": "name eq 'O''Brien''s Sales'"})
        spaces = [space["id"] for space in self.reader("GET", "admin/workspaces/modified")]
        flags = ("lineage", "datasourceDetails", "datasetSchema", "datasetExpressions", "getArtifactUsers")
        for asked in (dict.fromkeys(flags, "true"), {}):
            scan = self.reader("POST", "admin/workspaces/getInfo", {"workspaces": spaces}, **asked)["id"]
            self.reader("GET", f"admin/workspaces/scanStatus/{scan}")
            self._sandbox.control.advance()
            self.reader("GET", f"admin/workspaces/scanStatus/{scan}")
            self.reader("GET", f"admin/workspaces/scanResult/{scan}")
        self.reader("GET", "admin/capacities")
        self.source("GET", "capacities")

    def _expanded(self) -> None:
        everything = "users,reports,dashboards,datasets,dataflows,workbooks"
        groups = self.reader("GET", "admin/groups", **{"$top": 5000, "$expand": everything})["value"]
        self.reader("GET", "admin/groups", **{"$top": 2, "$skip": 1, "$filter": "state eq 'Active'"})
        for kind in ("reports", "datasets", "dashboards", "dataflows"):
            self.reader("GET", f"admin/{kind}")
            self.reader("GET", f"admin/groups/{groups[0]['id']}/{kind}")
        self.reader("GET", f"admin/groups/{groups[0]['id']}")
        self.reader("GET", f"admin/groups/{groups[0]['id']}/users")
        for group in (
            group for group in groups if group["type"] == "Workspace" and group["state"] == "Active"
        ):
            self._contents(group["id"])
        pinned = next(group for group in groups if group["name"] == DASHBOARDS)
        dashboard = self.source("GET", f"groups/{pinned['id']}/dashboards")["value"][0]["id"]
        self.source("GET", f"groups/{pinned['id']}/dashboards/{dashboard}/tiles")

    def _contents(self, group: str) -> None:
        self.source("GET", f"groups/{group}")
        for kind in ("reports", "datasets", "users", "dashboards", "dataflows", "imports"):
            for item in self.source("GET", f"groups/{group}/{kind}")["value"]:
                if kind in ("reports", "datasets"):
                    self.source("GET", f"groups/{group}/{kind}/{item['id']}")

    def _export(self) -> Path:
        group = self.source("GET", "groups")["value"][0]["id"]
        report = self.source("GET", f"groups/{group}/reports")["value"][0]["id"]
        file = self._folder / "exported.pbix"
        path = f"groups/{group}/reports/{report}/Export"
        file.write_bytes(self.source("GET", path, downloadType="IncludeModel", preferClientRouting="true"))
        return file

    def _workspace(self) -> str:
        made = self.target("POST", "groups", {"name": "Made by the walk"}, workspaceV2="true")["id"]
        self.target("GET", f"groups/{made}/CapacityAssignmentStatus")
        capacity = self.target("GET", "capacities")["value"][0]["id"]
        self.target("POST", f"groups/{made}/AssignToCapacity", {"capacityId": capacity})
        self.target("GET", f"groups/{made}/CapacityAssignmentStatus")
        self._sandbox.control.advance()
        self.target("GET", f"groups/{made}/CapacityAssignmentStatus")
        self.target("PATCH", f"groups/{made}", {"name": "Renamed by the walk"})
        return made

    def _import(self, group: str, file: Path) -> tuple[str, str]:
        query = {"datasetDisplayName": "Ünï/cödé.pbix", "nameConflict": "Abort"}
        with file.open("rb") as content:
            files = {"file": ("exported.pbix", content)}
            made = self.target.send("POST", f"groups/{group}/imports", params=query, files=files)["id"]
        done = self._finished(group, made)
        return done["reports"][0]["id"], done["datasets"][0]["id"]

    def _finished(self, group: str, made: str) -> dict[str, Any]:
        self.target("GET", f"groups/{group}/imports/{made}")
        self._sandbox.control.advance()
        return self.target("GET", f"groups/{group}/imports/{made}")

    def _large_import(self, group: str) -> None:
        """Nothing was uploaded, so this import fails: its error is part of the walk."""
        place = self.target("POST", f"groups/{group}/imports/createTemporaryUploadLocation")["Url"]
        content = (self._folder / "exported.pbix").read_bytes()[:-1]
        headers = {"x-ms-blob-type": "BlockBlob"}
        requests.put(
            place, content, headers=headers, verify=str(self._sandbox.ca), timeout=60
        ).raise_for_status()
        self.target.refused("POST", f"groups/{group}/imports?datasetDisplayName=big.pbix", {"fileUrl": place})

    def _refresh(self, group: str, model: str) -> None:
        path = f"groups/{group}/datasets/{model}"
        self.target("POST", f"{path}/Default.TakeOver")
        self.target("POST", f"{path}/refreshes", {"notifyOption": "NoNotification"})
        self.target("GET", f"{path}/refreshes", **{"$top": 1})
        self._sandbox.control.advance()
        self.target("GET", f"{path}/refreshes")

    def enhanced_refresh(self, group: str, model: str) -> None:
        """Without notifyOption, as FACTS 9 wants it and the contract does not know."""
        path = f"groups/{group}/datasets/{model}/refreshes"
        self.target("POST", path, {"type": "Full"})
        row = self.target("GET", path)["value"][0]["requestId"]
        self.target("GET", f"{path}/{row}")
        self.target("DELETE", f"{path}/{row}")
        self.target("GET", f"{path}/{row}")

    def _row_counts(self) -> None:
        spaces = self._sandbox.control.state("contoso")["workspaces"]
        group, model = next(
            (space["id"], model) for space in spaces for model in space["datasets"] if model["tables"]
        )
        name = model["tables"][0]["name"]
        query = {"query": f"EVALUATE ROW(\"n\", COUNTROWS('{name}'))"}
        body = {"queries": [query], "serializerSettings": {"includeNulls": True}}
        self.source("POST", f"groups/{group}/datasets/{model['id']}/executeQueries", body)

    def _users(self, group: str) -> None:
        alice = {"identifier": "alice@fabrikam.com", "principalType": "User"}
        self.target("POST", f"groups/{group}/users", alice | {"groupUserAccessRight": "Viewer"})
        self.target("PUT", f"groups/{group}/users", alice | {"groupUserAccessRight": "Member"})
        self.target("GET", f"groups/{group}/users")
        self.target("DELETE", f"groups/{group}/users/alice%40fabrikam.com")
        self.target("POST", "RefreshUserPermissions")
        somewhere = self.source("GET", "groups")["value"][0]["id"]
        bob = {"identifier": "master@contoso.com", "principalType": "User", "groupUserAccessRight": "Viewer"}
        self.administrator("POST", f"admin/groups/{somewhere}/users", bob)

    def _activity(self) -> None:
        self._sandbox.control.settings(activity={"pageSize": 2})
        self._sandbox.control.advance()
        day = datetime.now(UTC).date().isoformat()
        times = {"startDateTime": f"'{day}T00:00:00Z'", "endDateTime": f"'{day}T23:59:59Z'"}
        page = self.reader("GET", "admin/activityevents", **times)
        while page["continuationUri"]:
            page = self.reader("GET", page["continuationUri"].partition("/v1.0/myorg/")[2])

    def _refusals(self, group: str) -> None:
        assert self.source.refused("GET", f"groups/{group}") == 404
        assert self.target.refused("POST", "groups", {"name": "Renamed by the walk"}) == 400
        assert self.target.refused("GET", "admin/groups?$top=1") >= 400

    def _delete(self, group: str, report: str, model: str) -> None:
        self.enhanced_refresh(group, model)
        self.target("POST", f"groups/{group}/reports/{report}/Rebind", {"datasetId": model})
        self.target("DELETE", f"groups/{group}/reports/{report}")
        self.target("DELETE", f"groups/{group}/datasets/{model}")
        self.target("DELETE", f"groups/{group}")
