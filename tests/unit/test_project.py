"""The repository itself: host.json, locked requirements, what is deployed, and rules no linter here has."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import production
import pytest

from local.azurite import connection_string
from shared.batches import MAX_DELIVERIES, POISON, QUEUE

ROOT = Path(__file__).resolve().parents[2]
PRESCRIBED = ("host.json", "requirements.txt", "function_app.py", "orchestrators", "activities", "shared", "tests",
              "infra", "local", "sandbox", "cli", "docs/decisions", "Makefile", ".ci/run", "README.md")  # fmt: skip
LIBRARIES = {"azure-functions": "2.3.0", "azure-functions-durable": "2.0.0rc3", "durabletask": "1.12.0"}
ALSO_LIBRARIES = {
    "azure-storage-blob",
    "azure-data-tables",
    "azure-identity",
    "msal",
    "requests",
    "jsonschema",
}
NOT_DEPLOYED = (
    "tests",
    "sandbox",
    "local",
    "cli",
    "docs",
    "node_modules",
    ".venv",
    "local.settings.json",
    ".git*",
)
LOCKS = ("requirements.txt", "requirements-dev.txt")
_ADDRESS = re.compile(r"https?://|git\+|file://|--(extra-)?index-url|--find-links|--trusted-host|@ ")
# Azurite's key is published and the same everywhere; what tests plant says so in its own text.
_EMULATOR_KEY = re.search(r"AccountKey=([^;]+)", connection_string())
SECRETS = {
    "an account key": re.compile(r"AccountKey=(?P<value>[A-Za-z0-9+/]{60,}={0,2})"),
    "a bare key": re.compile(r"(?<![A-Za-z0-9+/])(?P<value>[A-Za-z0-9+/]{86}==)"),
    "a client secret of Entra": re.compile(r"(?P<value>[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,})"),
    "a token": re.compile(r"(?P<value>eyJ[A-Za-z0-9_-]{30,}\.[A-Za-z0-9_-]{30,}\.[A-Za-z0-9_-]{20,})"),
    "a private key": re.compile(r"(?P<value>-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40,})"),
    "a SAS signature": re.compile(r"[?&]sig=(?P<value>[A-Za-z0-9%+/]{40,})"),
}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that belongs to the repository and is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is not a checkout: git can't tell which files are the project's")
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def modules() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


@pytest.fixture(scope="module")
def host() -> dict[str, Any]:
    return json.loads((ROOT / "host.json").read_text(encoding="utf-8"))


def test_host_json_names_task_hub_storage_and_bundle(host: dict[str, Any]) -> None:
    durable = host["extensions"]["durableTask"]
    assert host["version"] == "2.0"
    assert host["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.38.1, 5.0.0)",
    }
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", durable["hubName"])
    assert durable["storageProvider"]["type"] == "AzureStorage"
    assert 1 <= durable["storageProvider"]["partitionCount"] <= 16
    assert durable["maxConcurrentActivityFunctions"] >= 1
    assert durable["maxConcurrentOrchestratorFunctions"] >= 1
    assert durable["versionMatchStrategy"] == "CurrentOrOlder"


def test_the_queue_is_served_as_the_app_expects(host: dict[str, Any]) -> None:
    queues = host["extensions"]["queues"]
    # Ours decides, with a reason; the host's limit must not come first, also where storage is away for an hour.
    assert queues["maxDequeueCount"] > MAX_DELIVERIES * 10
    assert queues["messageEncoding"] == "base64"
    assert f"{QUEUE}-poison" == POISON  # the name the Functions host gives, too
    assert host["extensions"]["http"]["routePrefix"] == "api"


@pytest.mark.parametrize("lock", LOCKS)
def test_requirements_are_pinned_and_hashed_and_name_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n?", "", text).strip())
    loose = [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block]
    assert loose == []
    assert [line for line in text.splitlines() if _ADDRESS.search(line)] == []


def test_the_development_environment_has_the_very_versions_of_production() -> None:
    run, develop = (
        {pin.name: str(pin.specifier) for pin in production.pins((ROOT / lock).read_text(encoding="utf-8"))}
        for lock in LOCKS
    )
    assert {name: develop.get(name) for name in run} == run


def test_the_engine_is_pinned_to_the_versions_it_was_measured_with() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = {pin.name: str(pin.specifier).removeprefix("==") for pin in production.pins(text)}
    assert {name: pins.get(name) for name in LIBRARIES} == LIBRARIES
    assert set(pins) >= ALSO_LIBRARIES


def test_the_npm_lock_carries_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [
        name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha")
    ] == []
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8")


def test_only_the_app_is_deployed() -> None:
    ignored = (ROOT / ".funcignore").read_text(encoding="utf-8").split()
    assert set(NOT_DEPLOYED) <= set(ignored)
    assert not {*production.APP, "host.json", "requirements.txt"} & set(ignored)


@pytest.mark.parametrize("name", PRESCRIBED)
def test_what_is_prescribed_is_there(name: str) -> None:
    path = ROOT / name
    assert path.is_file() or any(path.iterdir())


def secrets_in(text: str) -> list[str]:
    allowed = {_EMULATOR_KEY.group(1)} if _EMULATOR_KEY else set[str]()
    return [
        what
        for what, pattern in SECRETS.items()
        for hit in pattern.finditer(text)
        if hit["value"] not in allowed
    ]


def test_no_tracked_file_holds_a_secret() -> None:
    locks = {ROOT / name for name in (*LOCKS, "package-lock.json")}  # hashes all over
    texts = {
        path: path.read_text(encoding="utf-8", errors="replace") for path in tracked() if path not in locks
    }
    found = {
        str(path.relative_to(ROOT)): kinds for path, text in texts.items() if (kinds := secrets_in(text))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "AccountName=x;AccountKey=" + "Ab1+" * 21 + "Ab==",
        "abc8Q~" + "x" * 34,
        ".".join(["eyJ" + "a" * 40, "b" * 40, "c" * 40]),
        "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "M" * 64,
        "https://account/container?sv=1&sig=" + "a" * 43 + "%3D",
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert secrets_in(planted)


def swallowed(tree: ast.Module) -> list[int]:
    """Lines of handlers that catch everything and do nothing."""
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    return [h.lineno for h in handlers if _catches_all(h) and all(map(_is_nothing, h.body))]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}


def _is_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue) or constant


def test_no_error_is_swallowed() -> None:
    found = {str(path): lines for path in modules() if (lines := swallowed(ast.parse(path.read_bytes())))}
    assert found == {}


@pytest.mark.parametrize("handler", ["except Exception: pass", "except: ...", "except BaseException: pass"])
def test_a_swallowed_error_would_be_found(handler: str) -> None:
    assert swallowed(ast.parse(f"try:\n    f()\n{handler}"))


def test_every_module_says_why_it_exists() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules()
        if not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    own = Path(__file__).resolve()
    found = [str(p) for p in modules() if p.resolve() != own and later.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_imports_go_in_one_direction() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
