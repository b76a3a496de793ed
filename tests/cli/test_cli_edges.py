"""What the app itself can't be made to do on demand: silence, strangers, inner errors, many pages, odd names."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cli import exits, watch
from cli.main import commands
from cli.output import plain
from cli.report import bar_texts, progress_line, show_findings
from local.process import ROOT

Answer = tuple[int, str]


class _Stranger(BaseHTTPRequestHandler):
    """Answers every path from a function given by the test, and remembers the headers it was sent."""

    answer: Callable[[str, dict[str, list[str]]], Answer]
    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        type(self).seen.append({name.lower(): value for name, value in self.headers.items()})
        status, text = type(self).answer(url.path, parse_qs(url.query))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """The test's output stays the command's."""


@pytest.fixture
def server_of() -> Iterator[Callable[..., ThreadingHTTPServer]]:
    """`server_of(answer, port=0)`, where answer(path, query) gives status and body."""
    running: list[ThreadingHTTPServer] = []

    def make(answer: Callable[[str, dict[str, list[str]]], Answer], port: int = 0) -> ThreadingHTTPServer:
        handler = type("Handler", (_Stranger,), {"answer": staticmethod(answer), "seen": []})
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield make
    for server in running:
        server.shutdown()
        server.server_close()


def _url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _state(status: str) -> str:
    counts = {"total": 2, "done": 1, "failed": 0}
    head = {"id": "m", "status": status, "source": "a", "target": "b"}
    return json.dumps(
        {**head, "progress": {"workspaces": counts, "items": {}}, "workspaces": [], "findings": []}
    )


def test_nobody_there_is_unreachable(pbimigrate: Callable[..., Any]) -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    silent = pbimigrate("status", "x", url=url)
    assert (silent.code, silent.out) == (exits.UNREACHABLE, "")
    assert "make serve" in silent.err
    as_json = pbimigrate("status", "x", "--json", url=url)
    assert (as_json.code, as_json.err, as_json.json["error"]["code"]) == (5, "", "unreachable")


@pytest.mark.parametrize(
    "answer", [(200, "<html>"), (404, "not found"), (302, ""), (200, "[1]"), (503, "busy")]
)
def test_something_else_at_the_address_is_unreachable(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any], answer: Answer
) -> None:
    found = pbimigrate("status", "x", url=_url(server_of(lambda path, query: answer)))
    assert found.code == exits.UNREACHABLE
    assert "not as this app does" in found.err


def test_an_inner_error_of_the_app_is_a_failure(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    body = json.dumps({"error": {"code": "internal", "message": "correlation id 42", "details": []}})
    found = pbimigrate("status", "x", url=_url(server_of(lambda path, query: (500, body))))
    assert (found.code, found.err.strip()) == (exits.FAILED, "correlation id 42")


def test_lists_are_read_to_their_last_page(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        number = int(query.get("continuationToken", ["0"])[0])
        more = {"continuationToken": str(number + 1)} if number < 3 else {}
        rows = [] if number == 1 else [{"sourceName": f"page {number}"}]  # an empty page may have a next one
        return 200, json.dumps({"value": rows, **more})

    found = pbimigrate("workspaces", "x", "--json", url=_url(server_of(answer)))
    assert [row["sourceName"] for row in found.json["value"]] == ["page 0", "page 2", "page 3"]


def test_findings_are_those_of_the_migration_or_else_of_the_plan(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    known = {"/api/migrations/both/findings", "/api/plans/both/findings", "/api/plans/planned/findings"}

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        kind = path.split("/")[2]
        if path in known:
            return 200, json.dumps({"value": [{"code": kind}]})
        return 404, json.dumps({"error": {"code": f"{kind[:-1]}.unknown", "message": "none"}})

    def told(*arguments: str) -> list[str]:
        found = pbimigrate("findings", *arguments, "--json", url=_url(server))
        return [row["code"] for row in found.json["value"]]

    server = server_of(answer)
    assert told("both") == ["migrations"]
    assert told("both", "--plan") == told("planned") == ["plans"]
    nobody = pbimigrate("findings", "nobody", url=_url(server))
    assert (nobody.code, nobody.out) == (exits.REFUSED, "")
    assert "neither a migration nor a plan 'nobody'" in nobody.err


def test_a_watch_outlives_a_restart_of_the_app(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    port = _free_port()
    first: list[ThreadingHTTPServer] = []

    def before(path: str, query: dict[str, list[str]]) -> Answer:
        """Answers once, is gone, and its successor is at the end of the migration."""
        threading.Thread(target=restart).start()
        return 200, _state("running")

    def restart() -> None:
        first[0].shutdown()
        first[0].server_close()
        server_of(lambda path, query: (200, '{"value": []}' if "findings" in path else _state("ready")), port)

    first.append(server_of(before, port))
    found = pbimigrate("status", "m", "--watch", "--every", "0.1", url=f"http://127.0.0.1:{port}")
    assert found.code == exits.OK
    assert "Migration m: ready" in found.out


def test_a_watch_ends_where_the_app_stays_away(
    server_of: Callable[..., ThreadingHTTPServer],
    pbimigrate: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "PATIENCE_S", 0.0)
    answers = iter([(200, _state("running")), (503, "gone")])
    server = server_of(lambda path, query: next(answers))
    assert pbimigrate("status", "m", "--watch", "--every", "0.1", url=_url(server)).code == exits.UNREACHABLE


def test_a_key_is_sent_as_a_header_and_never_over_plain_http_elsewhere(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    server = server_of(lambda path, query: (200, '{"value": []}'))
    assert pbimigrate("list", "--key", "k1", url=_url(server)).code == 0
    assert server.RequestHandlerClass.seen[0]["x-functions-key"] == "k1"  # type: ignore[attr-defined]
    refused = pbimigrate("list", "--key", "k1", url="http://app.example.com")
    assert refused.code == exits.USAGE
    assert "k1" not in refused.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("start",),
        ("start", "--capacity", "no equals sign"),
        ("start", "--capacity", "old="),
        ("status",),
        ("status", "x", "--every", "0"),
        ("mapping", "x", "--csv", "-", "--json"),
        ("nonsense",),
        ("--url", "localhost:7071", "list"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    pbimigrate: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    found = pbimigrate(*arguments, url="http://127.0.0.1:1")
    assert (found.code, found.out) == (exits.USAGE, "")


def test_options_make_the_request_and_win_over_the_file(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    from cli.start import _body, _given

    given = {
        "source": "a",
        "target": None,
        "workspaces": ("W = 1", "*"),
        "capacities": ("*=F64",),
        "principals": ("@a.com=@b.com", "gone@a.com="),
    }
    file = tmp_path / "request.json"
    file.write_text('{"source": "x", "target": "b", "naming": "{name} 2"}')
    with file.open("rb") as source:
        body = json.loads(_body(source, _given(given)))
    assert body == {
        "source": "a",
        "target": "b",
        "workspaces": ["W = 1", "*"],
        "capacities": {"*": "F64"},
        "principals": {"@a.com": "@b.com", "gone@a.com": None},
        "naming": "{name} 2",
    }


def test_names_from_a_tenant_do_not_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\nc\u202ed") == "a�[2Jb�c�d"
    assert plain("Führung [bold] 'x' 東京") == "Führung [bold] 'x' 東京"


def test_progress_says_of_each_kind_what_stays_behind() -> None:
    count = {"total": 7, "done": 4, "failed": 0, "manual": 2}
    progress = {"workspaces": {"total": 1, "done": 1, "failed": 0}, "items": {"report": count}}
    planned = {"report": {"moves": 4, "person": 2, "stays": 1}}
    state = {"id": "m", "status": "ready", "progress": progress, "planned": planned}
    assert progress_line(state) == "ready       workspaces 1/1  report 4/7 (2 by hand, 1 left behind)"
    assert list(bar_texts(state))[-1][1:3] == (7, 7)


def test_status_names_where_the_outcome_is_not_the_plan(
    server_of: Callable[..., ThreadingHTTPServer], pbimigrate: Callable[..., Any]
) -> None:
    state = json.loads(_state("ready"))
    items = {"report": {"total": 7, "done": 4}, "dataset": {"total": 2, "done": 2}}
    state["progress"]["items"] = items
    state["planned"] = {"report": {"moves": 5}, "dataset": {"moves": 2}}
    server = server_of(
        lambda path, query: (200, '{"value": []}' if "findings" in path else json.dumps(state))
    )
    told = pbimigrate("status", "m", url=_url(server)).out
    assert "Not as planned: report, 5 to move by themselves, 4 moved" in told
    assert told.count("Not as planned") == 1


def test_named_objects_and_the_others_add_up(capfd: pytest.CaptureFixture[str]) -> None:
    names = ("Sales", "Sales", "Finance", "", "Stock", "Sales")
    rows = [{"severity": "info", "code": "a.b", "remedy": "r", "name": n, "id": "7"} for n in names]
    show_findings(rows, "all")
    assert "info a.b (6): Sales (3), Finance, 7 and 1 more" in capfd.readouterr().out


def test_every_command_takes_json_and_url() -> None:
    for name, command in commands.commands.items():
        names = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--url", "--key"} <= names, name


def test_the_script_runs_from_any_folder(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("there is no .venv in this checkout (make setup)")
    (tmp_path / "cli").mkdir()  # must not be taken for ours
    (tmp_path / "cli" / "__main__.py").write_text("raise SystemExit(99)")
    done = subprocess.run(
        [ROOT / "pbimigrate", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Exit codes" in done.stdout
