"""function_app.py as production meets it: requirements.txt alone, loaded by the worker's own loader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import production
import pytest

import activities
import orchestrators

LOADER = Path(__file__).with_name("loader_process.py")
# Names are contracts with running instances, with function keys and with dashboards: add, never rename.
HTTP = {
    "start_migration": ("migrations", "POST"),
    "list_migrations": ("migrations", "GET"),
    "get_migration": ("migrations/{id}", "GET"),
    "list_workspaces": ("migrations/{id}/workspaces", "GET"),
    "list_findings": ("migrations/{id}/findings", "GET"),
    "get_mapping": ("migrations/{id}/mapping", "GET"),
    "pause": ("migrations/{id}/pause", "POST"),
    "resume": ("migrations/{id}/resume", "POST"),
    "cancel": ("migrations/{id}/cancel", "POST"),
    "retry": ("migrations/{id}/retry", "POST"),
    "cut_over": ("migrations/{id}/cutover", "POST"),
    "roll_back": ("migrations/{id}/rollback", "POST"),
    "start_plan": ("plans", "POST"),
    "list_plans": ("plans", "GET"),
    "get_plan": ("plans/{id}", "GET"),
    "list_plan_findings": ("plans/{id}/findings", "GET"),
    "list_plan_items": ("plans/{id}/items", "GET"),
    "list_plan_workspaces": ("plans/{id}/workspaces", "GET"),
    "get_plan_inventory": ("plans/{id}/inventory", "GET"),
    "get_plan_report": ("plans/{id}/report", "GET"),
}
QUEUE_AND_TIMERS = {"start_batch", "watchdog", "watch_for_drift"}
NOWHERE = "unknown_route"  # every other address, for an answer in the app's own form
ENGINE = {"BuiltIn__HttpActivity", "BuiltIn__HttpPollOrchestrator"}  # the durable package's own
ORCHESTRATORS = {
    "migration",
    "scan_batch",
    "workspace_details",
    "workspace",
    "move_model",
    "move_item",
    "undo_workspace",
    "drift",
}
BAD = {
    "a parameter without a binding": """
@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def wrong(timer: func.TimerRequest, other: str) -> None: ...
""",
    "a binding without a parameter": """
@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@app.queue_output(arg_name="poison", queue_name="q", connection="AzureWebJobsStorage")
def wrong(timer: func.TimerRequest) -> None: ...
""",
    "a type the trigger does not give": """
@app.queue_trigger(arg_name="message", queue_name="q", connection="AzureWebJobsStorage")
def wrong(message: func.HttpRequest) -> None: ...
""",
    "two functions of one name": """
@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def watchdog(timer: func.TimerRequest) -> None: ...
""",
}

type Answer = dict[str, Any]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libraries")
    assert production.link_libraries(folder) == [], (
        "the environment isn't what requirements.txt pins: make setup"
    )
    return folder


@pytest.fixture(scope="module")
def loaded(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return load(libraries, production.link_app(tmp_path_factory.mktemp("app") / "app"))


def load(libraries: Path, app: Path) -> Answer:
    environment = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LOADER), str(libraries), str(app)],
        input=json.dumps(production.imported()),
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bindings(loaded: Answer, name: str) -> list[Answer]:
    return [json.loads(text) for text in loaded["functions"][name]]


def test_the_worker_accepts_the_app(loaded: Answer) -> None:
    assert "refused" not in loaded, loaded["refused"]


def test_nothing_but_requirements_txt_is_imported(loaded: Answer) -> None:
    assert loaded["missing"] == []


def test_the_functions_are_exactly_these(loaded: Answer) -> None:
    steps = {activity.__name__ for activity in activities.ALL}
    assert {orchestrator.__name__ for orchestrator in orchestrators.ALL} == ORCHESTRATORS
    assert set(loaded["functions"]) == {*HTTP, NOWHERE, *QUEUE_AND_TIMERS, *ORCHESTRATORS, *ENGINE, *steps}


def test_routes_are_those_of_the_contract(loaded: Answer) -> None:
    routes = {name: next(b for b in bindings(loaded, name) if b["type"] == "httpTrigger") for name in HTTP}
    assert {n: (b["route"], "".join(b["methods"])) for n, b in routes.items()} == HTTP
    assert {binding["authLevel"] for binding in routes.values()} == {"FUNCTION"}


def test_every_step_has_the_trigger_of_its_kind(loaded: Answer) -> None:
    kinds = {name: {b["type"] for b in bindings(loaded, name)} for name in loaded["functions"]}
    assert all(kinds[name] == {"orchestrationTrigger"} for name in ORCHESTRATORS)
    assert all(kinds[activity.__name__] == {"activityTrigger"} for activity in activities.ALL)


@pytest.mark.parametrize("what", BAD)
def test_what_production_would_refuse_is_refused_here(libraries: Path, tmp_path: Path, what: str) -> None:
    text = (production.ROOT / "function_app.py").read_text(encoding="utf-8") + BAD[what]
    answer = load(libraries, production.link_app(tmp_path / "app", text))
    assert "refused" in answer


def test_a_library_beyond_requirements_txt_is_missed(libraries: Path, tmp_path: Path) -> None:
    text = (production.ROOT / "function_app.py").read_text(encoding="utf-8") + "\nimport starlette\n"
    answer = load(libraries, production.link_app(tmp_path / "app", text))
    assert "starlette" in answer["refused"]
