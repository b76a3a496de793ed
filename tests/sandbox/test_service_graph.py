"""Microsoft Graph: a token of its own, permissions, people by id and name, batches, pages; absent unless asked for."""

from typing import Any

import pytest
import requests
from kinds import Reader
from service_client import Client

from sandbox.server import Sandbox

SCOPE = "https://graph.microsoft.com/.default"


class Graph:
    def __init__(self, client: Client, scope: str = SCOPE) -> None:
        form = client.app_grant() | {"scope": scope}
        self.url = client.settings.get(
            "GRAPH_URL", client.settings["FABRIC_URL"].replace("/v1", "/graph/v1.0")
        )
        self.session = client.session
        self.session.headers["Authorization"] = f"Bearer {client.token(form).json()['access_token']}"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}/{path}", params=query, timeout=60)

    def batch(self, *urls: str) -> requests.Response:
        asked = [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls)]
        return self.session.post(f"{self.url}/$batch", json={"requests": asked}, timeout=60)


@pytest.fixture
def graph(estate: Sandbox) -> Graph:
    return Graph(Client(estate, "FABRIKAM"))


def test_people_are_found_by_id_and_by_name(graph: Graph) -> None:
    alice = graph.get("users/alice%40fabrikam.com").json()
    assert graph.get(f"users/{alice['id']}").json() == alice
    assert "userType" not in alice
    asked = {"$select": "id,userType,accountEnabled"}
    guest = graph.get("users/guest_example.org%23EXT%23%40fabrikam.com", **asked).json()
    assert (guest["userType"], guest["accountEnabled"]) == ("Guest", True)


def test_who_is_not_there_is_not_found(graph: Graph, estate: Sandbox) -> None:
    planted = [row for row in estate.control.planted() if row["obstacle"] == "principalUnknown"]
    for row in planted:
        path = "users" if row["kind"] == "user" else "groups"
        answer = graph.get(f"{path}/{row['mappedTo']}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_a_group_is_no_user_and_an_app_is_found_by_its_app_id(graph: Graph, estate: Sandbox) -> None:
    group = graph.get("groups", **{"$filter": "displayName eq 'Analysts'"}).json()["value"][0]
    assert graph.get(f"users/{group['id']}").status_code == 404
    app = Client(estate, "FABRIKAM").settings["CLIENT_ID"]
    (found,) = graph.get("servicePrincipals", **{"$filter": f"appId eq '{app}'"}).json()["value"]
    assert found["appId"] == app and found["id"] != app


def test_a_batch_answers_each_by_itself_and_takes_twenty(graph: Graph) -> None:
    answer = graph.batch("/users/alice%40fabrikam.com?$select=id", "/users/nobody%40fabrikam.com", "/me")
    assert {part["id"]: part["status"] for part in answer.json()["responses"]} == {
        "0": 200,
        "1": 404,
        "2": 400,
    }
    assert graph.batch(*["/users/alice%40fabrikam.com"] * 20).status_code == 200
    assert graph.batch(*["/users/alice%40fabrikam.com"] * 21).status_code == 400


def test_members_come_by_pages(graph: Graph) -> None:
    group = graph.get("groups", **{"$filter": "displayName eq 'Analysts'"}).json()["value"][0]
    page = graph.get(f"groups/{group['id']}/transitiveMembers", **{"$top": 2}).json()
    rest = graph.session.get(page["@odata.nextLink"], timeout=60).json()
    assert (len(page["value"]), len(rest["value"]), "@odata.nextLink" in rest) == (2, 1, False)


def test_tokens_are_for_graph_or_for_power_bi(estate: Sandbox) -> None:
    other = Graph(Client(estate, "FABRIKAM"), "https://analysis.windows.net/powerbi/api/.default")
    assert other.get("users/alice%40fabrikam.com").status_code == 401
    reader = Reader(estate, "FABRIKAM")
    Graph(reader.app)
    refused = reader.app.get("groups")
    assert (refused.status_code, refused.headers["x-powerbi-error-info"]) == (403, "InvalidToken")


def test_without_permission_it_is_refused(estate: Sandbox, sandbox: Sandbox, source: Client) -> None:
    assert "PBI_CONNECTIONS__CONTOSO__GRAPH_URL" in estate.env
    assert "PBI_CONNECTIONS__CONTOSO__GRAPH_URL" not in sandbox.env
    assert Graph(source).get("users/alice%40contoso.com").status_code == 404
