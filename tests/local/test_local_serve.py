"""`python -m local.serve` as a process: settings, signals, crash seams."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from local_support import SAMPLE, eventually

from local.azurite import CHECKOUT

WRITING_APP = """
import azure.durable_functions as df
import azure.functions as func
from shared import writes

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="write/{key}", methods=["POST"])
def write(req: func.HttpRequest) -> func.HttpResponse:
    for point in ("before", "after", "recorded"):
        writes.write_observer(point, req.route_params["key"])
    return func.HttpResponse("written")

@app.route(route="setting", methods=["GET"])
def setting(req: func.HttpRequest) -> func.HttpResponse:
    import os
    return func.HttpResponse(os.environ.get(req.params["name"], ""))
"""


class Served:
    """A served app and its address."""

    def __init__(self, app: Path, root: Path, environment: dict[str, str]) -> None:
        self.log = root / "serve.log"
        command = [sys.executable, "-m", "local.serve", str(app), "--root", str(root)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env={**inherited, "PORT": "0", **environment},
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Serving on "), self.log.read_text()
        self.base_url = line.split()[-1]
        self.http = requests.Session()
        self.http.trust_env = False

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.post(f"{self.base_url}{path}", timeout=30, **kwargs)

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.get(f"{self.base_url}{path}", timeout=30, **kwargs)

    def end(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    served: list[Served] = []

    def start(app: Path = SAMPLE, root: Path = tmp_path, **environment: str) -> Served:
        # No function here uses storage; what matters is that no Azurite is started.
        environment.setdefault("AzureWebJobsStorage", "UseDevelopmentStorage=true")
        served.append(Served(app, root, environment))
        return served[-1]

    yield start
    for one in served:
        one.end()


@pytest.fixture
def writing_app(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    gate = "def write_observer(point, key):\n    raise RuntimeError('nothing was installed')\n"
    (tmp_path / "shared" / "writes.py").write_text(gate)
    (tmp_path / "writing_app.py").write_text(WRITING_APP)
    return tmp_path / "writing_app.py"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_host_with_success(serve: Callable[..., Served], number: signal.Signals) -> None:
    served = serve()
    served.process.send_signal(number)
    assert served.process.wait(30) == 0


def test_a_running_activity_may_end_first(serve: Callable[..., Served], tmp_path: Path) -> None:
    busy = tmp_path / "busy.txt"
    served = serve(BUSY_FILE=str(busy))
    served.post("/api/start/holding", json="key")
    eventually(lambda: busy.exists() and busy.read_text() == "began")
    served.process.terminate()
    eventually(lambda: "Stopping" in served.log.read_text())
    assert served.process.poll() is None
    busy.with_suffix(".go").touch()
    assert served.process.wait(30) == 0
    assert busy.read_text() == "ended"


def test_a_second_signal_ends_it_at_once(serve: Callable[..., Served], tmp_path: Path) -> None:
    busy = tmp_path / "busy.txt"
    served = serve(BUSY_FILE=str(busy))
    served.post("/api/start/holding", json="key")
    eventually(lambda: busy.exists() and busy.read_text() == "began")
    served.process.terminate()
    eventually(lambda: "Stopping" in served.log.read_text())
    served.process.terminate()
    assert served.process.wait(30) == 128 + signal.SIGTERM
    assert busy.read_text() == "began"


def test_only_this_machine_can_connect(serve: Callable[..., Served]) -> None:
    served = serve()
    listening = [c for c in psutil.Process(served.process.pid).net_connections("tcp") if c.status == "LISTEN"]
    # gRPC's socket shows the address in its IPv6 form.
    assert {connection.laddr.ip.removeprefix("::ffff:") for connection in listening} == {"127.0.0.1"}
    assert len(listening) == 2  # HTTP and the task hub


def test_settings_of_the_file_yield_to_the_environment(
    serve: Callable[..., Served], writing_app: Path, tmp_path: Path
) -> None:
    values = {"FROM_FILE": "file", "FROM_BOTH": "file"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    served = serve(writing_app, FROM_BOTH="environment")
    found = {name: served.get(f"/api/setting?name={name}").text for name in (*values, "no_grpc_proxy")}
    assert found == {
        "FROM_FILE": "file",
        "FROM_BOTH": "environment",
        "no_grpc_proxy": found["no_grpc_proxy"],
    }
    assert "127.0.0.1" in found["no_grpc_proxy"]


def test_a_bad_host_json_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{")
    command = [sys.executable, "-m", "local.serve", str(SAMPLE), "--root", str(tmp_path)]
    environment = {**os.environ, "AzureWebJobsStorage": "UseDevelopmentStorage=true", "PORT": "0"}
    ended = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("local host: host.json isn't JSON")


@pytest.mark.parametrize(
    ("stop_at", "seen"),
    [
        ("1", ["before a"]),
        ("3", ["before a", "after a", "recorded a"]),
        ("5", ["before a", "after a", "recorded a", "before b", "after b"]),
        ("after:2", ["before a", "after a", "recorded a", "before b", "after b"]),
        ("recorded:1", ["before a", "after a", "recorded a"]),
    ],
)
def test_the_process_dies_at_the_chosen_seam(
    serve: Callable[..., Served], writing_app: Path, tmp_path: Path, stop_at: str, seen: list[str]
) -> None:
    log = tmp_path / "seams.log"
    served = serve(writing_app, LOCAL_STOP_AT=stop_at, LOCAL_SEAM_LOG=str(log))
    with pytest.raises(requests.RequestException):
        for key in ("a", "b", "c"):
            served.post(f"/api/write/{key}")
    assert served.process.wait(30) == -signal.SIGKILL
    assert log.read_text().replace("\t", " ").splitlines() == seen


def test_seams_are_only_counted_without_a_stop(
    serve: Callable[..., Served], writing_app: Path, tmp_path: Path
) -> None:
    log = tmp_path / "seams.log"
    served = serve(writing_app, LOCAL_SEAM_LOG=str(log))
    assert served.post("/api/write/a").text == "written"
    assert len(log.read_text().splitlines()) == 3


def test_with_one_log_the_process_dies_once_at_every_new_seam(
    serve: Callable[..., Served], writing_app: Path, tmp_path: Path
) -> None:
    log = tmp_path / "seams.log"
    for key in ("a", "b"):
        served = serve(writing_app, LOCAL_STOP_AT="after:new", LOCAL_SEAM_LOG=str(log))
        with pytest.raises(requests.RequestException):
            for known in ("a", "b"):
                served.post(f"/api/write/{known}")
        assert served.process.wait(30) == -signal.SIGKILL
        assert log.read_text().splitlines()[-1] == f"after\t{key}"
    last = serve(writing_app, LOCAL_STOP_AT="after:new", LOCAL_SEAM_LOG=str(log))
    assert last.post("/api/write/a").text == last.post("/api/write/b").text == "written"


def test_an_app_without_a_gate_is_told_so(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    served = serve(LOCAL_STOP_AT="1")
    assert "no shared.writes" in served.log.read_text()


def test_a_recording_of_every_ended_execution(serve: Callable[..., Served], tmp_path: Path) -> None:
    folder = tmp_path / "histories"
    served = serve(LOCAL_RECORD_DIR=str(folder))
    served.post("/api/start/chain?id=one", json=1)
    files = eventually(lambda: list(folder.glob("chain.one.*.json")))
    assert json.loads(files[0].read_text())["orchestrator"] == "chain"
