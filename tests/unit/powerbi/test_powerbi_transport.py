"""The transport: TLS as configured and nothing from the environment, whole bodies, no surprises."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from powerbi_support import Reply, Rig, Service, reply_json, rig_on, serving

from shared.config import load
from shared.errors import AmbiguousWrite, ContentError, TerminalError, Unavailable, WireError
from shared.powerbi.connect import Tenants
from shared.powerbi.transport import ANSWER_S, IDLE_TIMEOUT_S, HttpTransport, Pace, Request


@contextmanager
def serving_tls(authority: trustme.CA) -> Iterator[Service]:
    service = Service()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    service.use_tls(context)
    service.start()
    try:
        yield service
    finally:
        service.stop()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def test_the_configured_authority_is_trusted_and_no_other(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_tls(authority) as service:
        service.in_turn(reply_json({"value": []}))
        with HttpTransport(bundle).send(Request("GET", f"{service.origin}/x")) as response:
            assert response.status == 200
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)  # only the settings may say so
        with pytest.raises(WireError) as caught:
            HttpTransport().send(Request("GET", f"{service.origin}/x"))
        assert not caught.value.trusted
        assert not caught.value.sent


def test_an_untrusted_service_is_terminal(authority: trustme.CA, service: Service) -> None:
    """Trying again would not make the certificate better."""
    with serving_tls(authority) as untrusted:
        rig = rig_on(service, API_URL=f"{untrusted.origin}/v1.0/myorg")
        with pytest.raises(TerminalError) as caught:
            rig.tenant.groups.create("x")
        assert caught.value.code == "tls.untrusted"
        assert rig.clock.sleeps == []


def test_everything_over_tls(authority: trustme.CA, bundle: str) -> None:
    with serving_tls(authority) as service:
        fields = {
            "TENANT_ID": "t",
            "CLIENT_ID": "a",
            "CLIENT_SECRET": "secret-1",
            "AUTHORITY_URL": service.origin,
            "API_URL": f"{service.origin}/v1.0/myorg",
        }
        environ = {f"PBI_CONNECTIONS__A__{name}": value for name, value in fields.items()}
        settings = load({**environ, "REQUESTS_CA_BUNDLE": bundle})
        service.in_turn(reply_json({"value": [{"id": "c"}]}))
        assert Tenants(settings).open("a").capacities.list() == [{"id": "c"}]


def test_proxies_of_the_environment_are_not_used(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    service.in_turn(reply_json({}))
    with HttpTransport().send(Request("GET", f"{service.origin}/x")) as response:
        assert response.status == 200


def test_no_cookie_is_kept(service: Service) -> None:
    service.in_turn(Reply(200, headers={"Set-Cookie": "session=1; Path=/"}))
    transport = HttpTransport()
    for _ in range(2):
        transport.send(Request("GET", f"{service.origin}/x")).read()
    assert "cookie" not in service.received[1].headers


def test_a_silent_service_times_out_and_a_write_to_it_is_ambiguous(service: Service) -> None:
    released = threading.Event()

    def silent(_: object) -> Reply:
        released.wait(30)
        return Reply(200)

    service.script = silent
    try:
        with pytest.raises(WireError) as caught:
            HttpTransport().send(Request("POST", f"{service.origin}/x", idle_timeout_s=0.05))
        assert caught.value.sent
        assert caught.value.code == "wire.timeout"
    finally:
        released.set()


def test_a_download_that_falls_silent_is_unavailable(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def half_an_answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                done.wait(30)

        thread = threading.Thread(target=half_an_answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        with (
            HttpTransport().send(Request("GET", url, idle_timeout_s=0.05)) as response,
            pytest.raises(Unavailable),
        ):
            list(response.iter_bytes())
        done.set()
        thread.join()


@contextmanager
def dripping(head: bytes) -> Iterator[str]:
    """A service whose body comes a byte at a time, each soon enough for any idle timeout, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(head)
                while not done.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("header", [b"Content-Length: 1000000", b"Connection: close"])
def test_a_body_of_a_byte_now_and_then_counts_as_silence(header: bytes) -> None:
    with dripping(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n") as url:
        request = Request("GET", url, idle_timeout_s=0.3)
        with HttpTransport().send(request) as response, pytest.raises(Unavailable) as file:
            list(response.iter_bytes())
        assert file.value.code == "wire.timeout"
    with dripping(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n") as url:
        with pytest.raises(WireError) as answer:
            HttpTransport().send(Request("GET", url, idle_timeout_s=0.3)).read()
        assert answer.value.code == "wire.timeout"


def test_an_answer_may_come_steadily_but_not_for_ever() -> None:
    pace = Pace(IDLE_TIMEOUT_S, ANSWER_S)
    for _ in range(int(ANSWER_S)):
        pace.note(100_000, 1.0)
    with pytest.raises(TimeoutError):
        pace.note(100_000, 1.0)


def test_a_file_that_keeps_coming_may_take_any_time() -> None:
    pace = Pace(IDLE_TIMEOUT_S)
    for _ in range(100_000):
        pace.note(2000, 1.0)


def test_an_answer_beyond_the_limit_is_refused(service: Service) -> None:
    service.in_turn(Reply(200, b"x" * 2000))
    with pytest.raises(ContentError):
        HttpTransport().send(Request("GET", f"{service.origin}/x")).read(limit=1000)


def test_an_unreadable_error_body_does_not_hide_the_error(rig: Rig) -> None:
    rig.service.in_turn(Reply(409, b'{"error": {"code": "Never', cut_after=5))
    with pytest.raises(TerminalError) as caught:
        rig.tenant.groups.create("x")
    assert (caught.value.status, caught.value.code) == (409, "http.409")


@pytest.mark.parametrize("document", [[], {}, {"value": None}, {"value": [1]}, "text", None])
def test_an_answer_of_another_form_counts_as_lost(rig: Rig, document: object) -> None:
    rig.service.in_turn(reply_json(document))
    if document != []:
        with pytest.raises(Unavailable):
            rig.tenant.capacities.list()
    with pytest.raises(AmbiguousWrite):
        rig.tenant.imports.post_file_url("g", "a.pbix", "Abort", "https://x")


def test_the_pool_serves_many_threads_without_mixing_answers() -> None:
    with serving() as service:
        service.script = lambda request: Reply(200, request.path.encode())
        transport = HttpTransport()
        found: dict[int, bool] = {}

        def ask(number: int) -> None:
            for each in range(5):
                path = f"/{number}/{each}"
                found[number] = (
                    transport.send(Request("GET", service.origin + path)).read() == path.encode()
                ) and found.get(number, True)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(found.values()) == [True] * 32
