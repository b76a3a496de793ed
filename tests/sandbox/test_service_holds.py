"""Any call of a run can be hit by its number, and stopped there: before its effect, or after it."""

import http.client
import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from service_client import Client, plain_session

from sandbox.server import Sandbox


@pytest.fixture
def aside() -> Callable[..., "Future[requests.Response]"]:
    """Run a call that will be held, in a thread of its own."""
    return ThreadPoolExecutor().submit


def names(client: Client) -> list[str]:
    return [item["name"] for item in client.get("groups").json()["value"]]


@pytest.mark.parametrize(("when", "meanwhile"), [("before", []), ("after", ["Sales"])])
def test_a_held_call_waits_before_or_after_its_effect(
    sandbox: Sandbox,
    source: Client,
    aside: Callable[..., "Future[requests.Response]"],
    when: str,
    meanwhile: list[str],
) -> None:
    sandbox.control.fault({"operation": "Groups_CreateGroup", "nth": 1}, {"hold": when})
    going = aside(source.post, "groups", {"name": "Sales"})
    held = sandbox.control.await_hold()
    assert held is not None
    assert (held["operation"], held["when"], held["tenant"]) == ("Groups_CreateGroup", when, "contoso")
    assert names(source) == meanwhile
    assert sandbox.control.release(held["id"]) == 1
    assert going.result(60).status_code == 200
    assert names(source) == ["Sales"]
    assert sandbox.control.holds() == []


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["Sales"])])
def test_a_dropped_call_is_cut_off(
    sandbox: Sandbox,
    source: Client,
    aside: Callable[..., "Future[requests.Response]"],
    when: str,
    left: list[str],
) -> None:
    sandbox.control.fault({"operation": "Groups_CreateGroup"}, {"hold": when})
    going = aside(source.post, "groups", {"name": "Sales"})
    assert sandbox.control.await_hold() is not None
    assert sandbox.control.release(drop=True) == 1
    with pytest.raises(requests.ConnectionError):
        going.result(60)
    assert names(source) == left


def test_a_call_goes_on_when_its_client_is_gone(sandbox: Sandbox, source: Client) -> None:
    """A service finishes what it has received: the client that died finds it there later."""
    sandbox.control.fault({"operation": "Groups_CreateGroup"}, {"hold": "before"})
    url = urlsplit(f"{source.settings['API_URL']}/groups")
    context = ssl.create_default_context(cafile=str(sandbox.ca))
    dying = http.client.HTTPSConnection("localhost", url.port, context=context, timeout=60)
    headers = {
        "Authorization": str(source.session.headers["Authorization"]),
        "Content-Type": "application/json",
    }
    dying.request("POST", url.path, b'{"name": "Sales"}', headers)
    assert sandbox.control.await_hold() is not None
    dying.close()
    assert names(source) == []
    sandbox.control.release()
    sandbox.control.clear_faults()
    assert sandbox.control.holds() == []
    assert names(source) == ["Sales"]


def test_every_call_counts_tokens_and_uploads_too(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": source.capacity()})
    sandbox.control.advance()

    def run() -> list[int]:
        url = (
            source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation")
            .json()
            .get("Url", "https://127.0.0.1")
        )
        block = plain_session(source).put(f"{url}&comp=block&blockid=AAAA", data=b"x", timeout=60)
        return [
            source.token(source.app_grant()).status_code,
            block.status_code,
            source.get("groups").status_code,
        ]

    hit: list[str] = []
    for number in range(2, 5):
        sandbox.control.disturb(number, "error", status=500)
        assert 500 in run()
        (fault,) = sandbox.control.faults()
        hit.append(fault["last"]["operation"])
        sandbox.control.clear_faults()
    assert hit == ["Blob_PutBlock", "Entra_Token", "Groups_GetGroups"]


def test_a_fault_is_chosen_by_family_query_and_list(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.fault({"family": ["fabric", "entra"], "times": 1}, {"status": 500})
    sandbox.control.fault({"query": "top=7"}, {"status": 502})
    sandbox.control.fault({"operation": ["Groups_CreateGroup", "Groups_GetGroup"]}, {"status": 503})
    assert source.token(source.app_grant()).status_code == 500
    assert source.get("groups", **{"$top": 7}).status_code == 502
    assert source.post("groups", {"name": "x"}).status_code == 503
    assert source.get("groups").status_code == 200


def test_a_fault_ends_by_itself(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.fault({}, {"status": 503}, seconds=0)
    assert source.get("groups").status_code == 200
    sandbox.control.fault({}, {"status": 503}, seconds=600)
    assert source.get("groups").status_code == 503
