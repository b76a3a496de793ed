"""The least client of the sandbox: a token, a request, and the few calls that every test begins with."""

import io
import zipfile
from typing import Any

import requests

from sandbox.server import Sandbox

SCOPE = "https://analysis.windows.net/powerbi/api/.default"


def pbix(mark: str = "one", size: int = 0) -> bytes:
    """A small file that has what a PBIX must have."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("Report/Layout", mark)
        archive.writestr("DataModel", b"\0" * size)
    return buffer.getvalue()


class Client:
    def __init__(self, sandbox: Sandbox, tenant: str, *, app: str = "", user: bool = False) -> None:
        self.settings = {
            key.removeprefix(f"PBI_CONNECTIONS__{tenant}__"): value for key, value in sandbox.env.items()
        }
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(sandbox.ca)
        grant = self.user_grant() if user else self.app_grant(app)
        self.session.headers["Authorization"] = f"Bearer {self.token(grant).json()['access_token']}"

    def app_grant(self, app: str = "") -> dict[str, str]:
        client, secret = self.settings[f"{app}CLIENT_ID"], self.settings[f"{app}CLIENT_SECRET"]
        return {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": secret,
            "scope": SCOPE,
        }

    def user_grant(self) -> dict[str, str]:
        name, password = self.settings["USERNAME"], self.settings["PASSWORD"]
        return {"grant_type": "password", "username": name, "password": password, "scope": SCOPE}

    def token(self, form: dict[str, str]) -> requests.Response:
        return self.session.post(f"{self.settings['AUTHORITY_URL']}/oauth2/v2.0/token", data=form, timeout=30)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.settings['API_URL']}/{path}", timeout=60, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.call("POST", path, json=body)

    def workspace(self, name: str = "Sales") -> str:
        return self.post("groups?workspaceV2=true", {"name": name}).json()["id"]

    def capacity(self) -> str:
        return self.get("capacities").json()["value"][0]["id"]

    def import_file(
        self, workspace: str, name: str, content: bytes, conflict: str | None = None, **query: Any
    ) -> requests.Response:
        query = {"datasetDisplayName": name} | ({"nameConflict": conflict} if conflict else {}) | query
        files = {"file": ("upload.pbix", content)}
        return self.call("POST", f"groups/{workspace}/imports", params=query, files=files)

    def names(self, workspace: str, kind: str) -> list[str]:
        return sorted(item["name"] for item in self.get(f"groups/{workspace}/{kind}").json()["value"])


def code(answer: requests.Response) -> str:
    """The error code of the usual envelope."""
    return answer.json()["error"]["code"]


def plain_session(client: Client) -> requests.Session:
    """Without the token: it must not go to the storage host."""
    session = requests.Session()
    session.trust_env = False
    session.verify = client.session.verify
    return session
