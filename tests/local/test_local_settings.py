"""host.json, local.settings.json, what the host refuses, seams and Azurite's start."""

import os
import signal
import socket
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func
import pytest

from local import azurite
from local.errors import AzuriteError, SettingsError, UnsupportedFunction
from local.functions import index
from local.routes import RouteTable
from local.seams import from_environment
from local.settings import HostSettings, apply_local_settings, keep_loopback_direct, resolve, seconds


def test_host_json_of_the_project_is_understood() -> None:
    settings = HostSettings.load(azurite.CHECKOUT)
    assert settings.route_prefix == "api"
    assert settings.queues.max_dequeue_count == 100 and settings.queues.base64
    assert settings.max_activities >= 1


@pytest.mark.parametrize(
    "document",
    [
        {"extensions": {"durableTask": {"maxConcurrentActivityFunctions": 0}}},
        {"extensions": {"queues": {"visibilityTimeout": "30"}}},
        {"extensions": {"queues": {"messageEncoding": "utf-7"}}},
        {"extensions": {"queues": {"batchSize": "16"}}},
    ],
    ids=str,
)
def test_a_bad_host_json_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        HostSettings.from_host_json(document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("00:00:30", 30), ("1.02:03:04", 93_784), ("00:00:00.5", 0.5), ("23:59:59", 86_399)],
)
def test_time_spans(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(
        '\ufeff{"Values": {"A": "file", "B": "file"}}', encoding="utf-8"
    )
    environment = {"A": "environment"}
    apply_local_settings(tmp_path, environment)
    assert environment == {"A": "environment", "B": "file"}


@pytest.mark.parametrize("content", ["[]", "{", '{"Values": {"A": 1}}'])
def test_a_bad_settings_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(SettingsError):
        apply_local_settings(tmp_path, {})


def test_percent_names_are_settings() -> None:
    assert resolve("a-%X%-%Y%", {"X": "1", "Y": "2"}) == "a-1-2"
    with pytest.raises(SettingsError, match="Z"):
        resolve("%Z%", {})


def test_loopback_never_goes_through_a_proxy() -> None:
    environment = {"NO_PROXY": "example.com, 127.0.0.1"}
    keep_loopback_direct(environment)
    assert environment["no_proxy"] == "example.com,127.0.0.1,localhost,::1"


def test_a_trigger_that_is_not_served_is_refused() -> None:
    app = df.DFApp()

    @app.blob_trigger(arg_name="blob", path="c/{name}", connection="X")
    def on_blob(blob: func.InputStream) -> None: ...

    with pytest.raises(UnsupportedFunction, match="blobTrigger"):
        index(app)


def test_a_binding_that_is_not_served_is_refused() -> None:
    app = df.DFApp()

    @app.route(route="x")
    @app.blob_output(arg_name="out", path="c/b", connection="X")
    def put(req: func.HttpRequest, out: func.Out[str]) -> str:
        return ""

    with pytest.raises(UnsupportedFunction, match="blob"):
        index(app)


@pytest.mark.parametrize("route", ["a{b}", "{x:regex(^a$)}", "pre-{id}"])
def test_a_route_that_is_not_served_is_refused(route: str) -> None:
    app = df.DFApp()
    app.route(route=route)(lambda req: "")
    with pytest.raises(UnsupportedFunction):
        RouteTable(index(app).routes)


def test_routes_by_constraint_and_rank() -> None:
    app = df.DFApp()
    for name, route in (
        ("any", "m/{id}"),
        ("number", "m/n/{id:int}"),
        ("maybe", "o/{id?}"),
        ("named", "m/list"),
    ):
        app.function_name(name)(app.route(route=route, methods=["GET"])(_handler(name)))
    table = RouteTable(index(app).routes)
    found = {path: table.find("GET", path) for path in ("/m/list", "/m/x", "/m/n/5", "/m/n/x", "/o", "/o/1/")}
    named = {path: (hit[0].name, hit[1]) if hit else None for path, hit in found.items()}
    assert named == {
        "/m/list": ("named", {}),
        "/m/x": ("any", {"id": "x"}),
        "/m/n/5": ("number", {"id": "5"}),
        "/m/n/x": None,
        "/o": ("maybe", {}),
        "/o/1/": ("maybe", {"id": "1"}),
    }


def _handler(name: str):
    def handler(req: func.HttpRequest) -> str:
        return name

    handler.__name__ = name
    return handler


@pytest.mark.parametrize("text", ["x", "between:1", "before:", ":", "-1", "before:x", "new", "after:new"])
def test_a_bad_stop_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        from_environment({"LOCAL_STOP_AT": text})


@pytest.mark.parametrize("name", ["AzureWebJobsStorage", "AzureWebJobsStorage__accountName"])
def test_configured_storage_needs_no_azurite(tmp_path: Path, name: str) -> None:
    assert azurite.storage_connection({name: "set"}, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_half_an_azurite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(azurite, "BLOB_PORT", taken.getsockname()[1])
        monkeypatch.setattr(azurite, "QUEUE_PORT", free_port())
        monkeypatch.setattr(azurite, "TABLE_PORT", free_port())
        with pytest.raises(AzuriteError, match="only"):
            azurite.storage_connection({}, tmp_path)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_azurite_is_started_once_in_a_process_group_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BLOB_PORT", "QUEUE_PORT", "TABLE_PORT"):
        monkeypatch.setattr(azurite, name, free_port())
    assert azurite.storage_connection({}, tmp_path) is not None
    pid = int((tmp_path / "azurite" / "azurite.pid").read_text())
    try:
        assert os.getpgid(pid) == pid != os.getpgid(0)
        assert azurite.storage_connection({}, tmp_path) is not None
        assert int((tmp_path / "azurite" / "azurite.pid").read_text()) == pid
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
