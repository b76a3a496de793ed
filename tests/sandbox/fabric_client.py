"""Calls of the Fabric API with definitions, and what a small definition of each kind looks like."""

import base64
import json
from typing import Any

import requests
from service_client import Client

from sandbox.server import Sandbox

Json = dict[str, Any]
TABLE = """table Orders

	column Amount
		dataType: int64
		sourceColumn: Amount

	measure Total = SUM(Orders[Amount])

	partition Orders = m
		mode: import
		source =
				let
				Source = Sql.Database("sql.contoso.com", "Orders")
				in
				Source
"""
RDL = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Report xmlns="http://schemas.microsoft.com/sqlserver/reporting/2016/01/reportdefinition"><Body/></Report>'
)


def parts(files: dict[str, str]) -> Json:
    return {
        "parts": [
            {
                "path": path,
                "payload": base64.b64encode(text.encode()).decode(),
                "payloadType": "InlineBase64",
            }
            for path, text in files.items()
        ]
    }


def texts(answer: Json) -> dict[str, str]:
    """The files of a definition that the API gave out; what is no text is left out."""
    found: dict[str, str] = {}
    for part in answer["definition"]["parts"]:
        content = base64.b64decode(part["payload"])
        if not content.startswith(b"\x89PNG"):
            found[part["path"]] = content.decode()
    return found


def model(table: str = TABLE) -> Json:
    return parts(
        {
            "definition.pbism": '{"version": "4.2"}',
            "definition/database.tmdl": "database\n\tcompatibilityLevel: 1601\n",
            "definition/model.tmdl": "model Model\n\tculture: en-US\n",
            "definition/tables/Orders.tmdl": table,
        }
    )


def report(model_id: str) -> Json:
    connection = {"pbiModelDatabaseName": model_id, "connectionType": "pbiServiceXmlaStyleLive"}
    binding = {"version": "1.0", "datasetReference": {"byConnection": connection}}
    return parts({"definition.pbir": json.dumps(binding), "definition/report.json": "{}"})


class Fabric:
    """A client of one workspace; long-running operations are waited for by letting all time pass."""

    def __init__(self, sandbox: Sandbox, client: Client, workspace: str) -> None:
        self.control, self.client, self.workspace = sandbox.control, client, workspace

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"{self.client.settings['FABRIC_URL']}/{path}"
        return self.client.session.request(method, url, json=body, params=query, timeout=60)

    def at(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        return self.call(method, f"workspaces/{self.workspace}/{path}", body, **query)

    def create(self, kind: str, name: str, definition: Json, **more: Any) -> requests.Response:
        return self.at("POST", kind, {"displayName": name, "definition": definition, **more})

    def made(self, kind: str, name: str, definition: Json, **more: Any) -> Json:
        return self.outcome(self.create(kind, name, definition, **more))

    def definition(self, kind: str, item: str, **query: Any) -> Json:
        return self.outcome(self.at("POST", f"{kind}/{item}/getDefinition", **query))

    def outcome(self, answer: requests.Response) -> Json:
        """The body, or the result of the operation that was begun."""
        assert answer.ok, answer.text
        if answer.status_code != 202:
            return answer.json() if answer.content else {}
        self.control.advance()
        state = self.call("GET", f"operations/{answer.headers['x-ms-operation-id']}")
        assert state.json()["status"] == "Succeeded", state.text
        location = state.headers.get("location")
        return self.client.session.get(location, timeout=60).json() if location else {}


def code(answer: requests.Response) -> str:
    """The error code of Fabric's shape, which its header repeats."""
    body = answer.json()
    assert answer.headers["x-ms-public-api-error-code"] == body["errorCode"] and body["message"]
    return body["errorCode"]
