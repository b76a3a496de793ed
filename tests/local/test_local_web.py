"""HTTP as the Functions host serves it, and the durable management routes."""

import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from local_support import Running, eventually

from local.callers import refusal
from local.web import SmallReads

INSTANCES = "/runtime/webhooks/durabletask/instances"


def test_a_function_sees_the_request_and_answers(running: Running) -> None:
    answer = running.http.put(
        running.url("/api/echo/a%2Fb%20c?q=1&q=2&r=%C3%A9"),
        data=b"\xff\x00raw",
        headers={"X-Test": "yes"},
        timeout=30,
    )
    assert answer.status_code == 201
    assert answer.headers["X-Answer"] == "yes"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.cookies["a"] == "b"
    seen = answer.json()
    assert seen["method"] == "PUT" and seen["id"] == "a/b c" and seen["header"] == "yes"
    assert seen["query"] == {"q": "1,2", "r": "é"}
    assert seen["body"] == "\xff\x00raw"
    assert seen["function"] == "echo"
    assert seen["url"].startswith(running.host.base_url)


def test_a_chunked_body_arrives_whole(running: Running) -> None:
    answer = running.post("/api/echo/x", data=(part for part in (b"one ", b"two")))
    assert answer.json()["body"] == "one two"


def test_literal_segments_win_over_parameters(running: Running) -> None:
    assert running.post("/api/echo/fixed").text == "fixed"
    assert running.post("/API/Echo/FIXED").text == "fixed"


def test_a_coroutine_answers_with_the_rest_of_the_path(running: Running) -> None:
    assert running.get("/api/files/a/b/c.txt").text == "a/b/c.txt"
    assert running.get("/api/files").text == ""


@pytest.mark.parametrize("path", ["/api/nothing", "/", "/apis/echo/1", "/api/echo", "/api/echo/1/2"])
def test_an_unknown_route_is_not_found(running: Running, path: str) -> None:
    assert running.post(path).status_code == 404


def test_a_route_under_another_method_is_not_found(running: Running) -> None:
    assert running.get("/api/echo/1").status_code == 404


def test_an_exception_gives_nothing_away(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    answer = running.get("/api/fail")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    correlation_id = answer.json()["error"]["message"].split()[-1].rstrip(".")
    assert correlation_id in caplog.text


def test_slow_requests_do_not_hold_up_others(running: Running) -> None:
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(running.get, "/api/slow") for _ in range(3)]
        eventually(lambda: len(running.sample.SEEN.get("slow", ())) == 3)
        assert running.post("/api/echo/1").status_code == 201
        running.sample.RELEASE.set()
        assert [each.result().text for each in slow] == ["done"] * 3


@pytest.mark.parametrize("route", ["start", "start-sync"])
def test_both_durable_clients_start_orchestrations(running: Running, route: str) -> None:
    answer = running.post(f"/api/{route}/chain", json=1)
    assert answer.status_code == 202
    instance_id = answer.json()["id"] if route == "start" else answer.text
    state = eventually(lambda: done(running, instance_id))
    assert state["output"] == 8 and state["runtimeStatus"] == "Completed" and state["input"] == 1


def test_many_clients_at_once_start_many_orchestrations(running: Running) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: running.post(f"/api/start/chain?id=m{n}", json=n), range(48)))
    assert {answer.status_code for answer in answers} == {202}
    for n in range(48):
        assert eventually(lambda n=n: done(running, f"m{n}"))["output"] == n * 8


def test_the_links_that_a_client_gets_work(running: Running) -> None:
    links = running.post("/api/start/waiting?id=w", json={}).json()
    answer = running.http.get(links["statusQueryGetUri"], timeout=30)
    assert answer.status_code == 202 and answer.headers["Location"].startswith(running.host.base_url)
    event = links["sendEventPostUri"].replace("{eventName}", "go")
    assert running.http.post(event, json={"n": 1}, timeout=30).status_code == 202
    assert eventually(lambda: done(running, "w"))["output"] == {"n": 1}
    assert running.http.post(event, json=1, timeout=30).status_code == 410
    assert running.http.delete(links["purgeHistoryDeleteUri"], timeout=30).json() == {"instancesDeleted": 1}
    assert running.http.get(links["statusQueryGetUri"], timeout=30).status_code == 404


def test_suspend_resume_terminate_and_restart(running: Running) -> None:
    running.post("/api/start/waiting?id=w", json={})
    assert running.post(f"{INSTANCES}/w/suspend?reason=x").status_code == 202
    eventually(lambda: running.get(f"{INSTANCES}/w").json()["runtimeStatus"] == "Suspended")
    assert running.post(f"{INSTANCES}/w/resume?reason=x").status_code == 202
    eventually(lambda: running.get(f"{INSTANCES}/w").json()["runtimeStatus"] == "Running")
    assert running.post(f"{INSTANCES}/w/terminate?reason=enough").status_code == 202
    assert eventually(lambda: done(running, "w"))["output"] == "enough"
    assert running.post(f"{INSTANCES}/w/terminate").status_code == 410
    assert running.post(f"{INSTANCES}/w/restart?restartWithNewInstanceId=false").status_code == 202
    eventually(lambda: running.get(f"{INSTANCES}/w").json()["runtimeStatus"] == "Running")


@pytest.mark.parametrize(
    "verb", ["suspend", "resume", "terminate", "rewind", "restart", "raiseEvent/x", "what"]
)
def test_an_unknown_instance_is_not_found(running: Running, verb: str) -> None:
    assert running.post(f"{INSTANCES}/nobody/{verb}", json=1).status_code == 404


def test_an_event_that_is_not_json_is_refused(running: Running) -> None:
    running.post("/api/start/waiting?id=w", json={})
    assert running.post(f"{INSTANCES}/w/raiseEvent/go", data="{").status_code == 400


def test_history_and_list(running: Running) -> None:
    for n in range(3):
        running.run("chain", n, instance_id=f"l{n}")
    history = running.get(f"{INSTANCES}/l0?showHistory=true").json()["historyEvents"]
    assert [event["EventType"] for event in history].count("TaskCompleted") == 3
    first = running.get(f"{INSTANCES}?top=2&runtimeStatus=Completed")
    token = first.headers["x-ms-continuation-token"]
    rest = running.get(f"{INSTANCES}?top=2", headers={"x-ms-continuation-token": token})
    assert [state["instanceId"] for page in (first, rest) for state in page.json()] == ["l0", "l1", "l2"]


def test_a_failed_instance_answers_500_where_asked(running: Running) -> None:
    running.run("retrying", {"key": "k", "succeeds_at": 9}, instance_id="f")
    assert running.get(f"{INSTANCES}/f").status_code == 200
    assert running.get(f"{INSTANCES}/f?returnInternalServerErrorOnFailure=true").status_code == 500


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:7071"},
        {"Host": "localhost.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "for=10.0.0.1"},
    ],
    ids=str,
)
def test_management_is_for_local_callers_only(running: Running, headers: dict[str, str]) -> None:
    assert running.get(f"{INSTANCES}", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}], ids=str)
def test_a_page_in_the_browser_can_not_call_the_app(running: Running, headers: dict[str, str]) -> None:
    assert running.post("/api/echo/1", headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["localhost:7071", "127.0.0.1", "[::1]:7071", "LOCALHOST"])
def test_own_names_are_served(host: str) -> None:
    assert refusal({"Host": host, "Origin": f"http://{host}"}, "127.0.0.1", strict=True) is None


def test_callers_of_other_machines_are_refused() -> None:
    assert refusal({"Host": "localhost"}, "10.0.0.1", strict=False) is not None


def test_reading_away_what_a_client_may_still_send_takes_little_memory(running: Running) -> None:
    asked: list[int] = []

    class Wire(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            asked.append(len(buffer))
            return 0

    assert SmallReads(Wire()).read(10_000_000) == b""
    assert max(asked) <= 256 * 1024
    assert running.post("/api/echo/1", data=b"x" * 600_000).json()["body"] == "x" * 600_000


def test_a_body_over_the_limit_is_refused(
    start_host: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.web.MAX_BODY_BYTES", 1000)
    running = start_host()
    assert running.post("/api/echo/1", data=b"x" * 1001).status_code == 413


def test_stopping_lets_a_request_end(running: Running) -> None:
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(running.get, "/api/slow")
        eventually(lambda: running.sample.SEEN.get("slow"))
        stopped = pool.submit(running.host.stop)
        threading.Event().wait(0.2)
        running.sample.RELEASE.set()
        assert slow.result().text == "done"
        assert stopped.result() is True
    with pytest.raises(requests.ConnectionError):
        running.post("/api/echo/1")


def done(running: Running, instance_id: str) -> dict[str, object]:
    answer = running.get(f"{INSTANCES}/{instance_id}")
    return json.loads(answer.text) if answer.status_code == 200 else {}
