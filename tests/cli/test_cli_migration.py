"""The commands against a running app: a migration from start to cutover, and what they refuse."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from driver import Driver

from local.process import ROOT


def test_start_watch_mapping_and_cutover(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    driver = driver_of(workspaces=2)
    url, request = driver.app.url, tmp_path / "request.json"
    request.write_text(json.dumps(driver.sandbox.control.suggested_request()))

    begun = pbimigrate("start", "-f", str(request), "--id", "moved", "--watch", url=url)
    assert begun.code == 0, begun
    assert "Migration moved: ready" in begun.out
    assert "workspaces 2/2" in begun.out  # a line per change, since this is no terminal
    again = pbimigrate("--json", "start", "-f", str(request), "--id", "moved", url=url)
    assert (again.code, again.json["id"], again.json["status"]) == (0, "moved", "ready")

    rows = pbimigrate("mapping", "moved", "--json", url=url).json["value"]
    assert {row["kind"] for row in rows} == {"workspace", "report", "dataset"}
    assert all(row["targetId"] for row in rows)
    lines = pbimigrate("mapping", "moved", url=url).out.splitlines()
    assert len(lines) == len(rows) + 1
    assert lines[0].split("\t")[:2] == ["kind", "state"]
    assert len(pbimigrate("workspaces", "moved", "--json", url=url).json["value"]) == 2

    file = tmp_path / "mapping.csv"
    written = pbimigrate("mapping", "moved", "--csv", str(file), url=url)
    assert (written.code, written.out) == (0, "")
    with file.open(encoding="utf-8-sig", newline="") as text:
        assert len(list(csv.DictReader(text))) == len(rows)
    assert pbimigrate("mapping", "moved", "--csv", "-", url=url).out.encode() == file.read_bytes()
    nowhere = str(tmp_path / "no" / "such" / "folder.csv")
    assert pbimigrate("mapping", "moved", "--csv", nowhere, url=url).code == 1

    cut = pbimigrate("cutover", "moved", "--wait", "--json", url=url)
    assert (cut.code, cut.json["status"]) == (0, "succeeded")
    listed = pbimigrate("list", "--json", url=url).json["value"]
    assert [(row["id"], row["status"]) for row in listed] == [("moved", "succeeded")]


def test_the_exit_code_tells_partial_failed_and_refused(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any]
) -> None:
    driver = driver_of(workspaces=2)
    url, taken = driver.app.url, driver.sandbox.control.state("contoso")["workspaces"]
    name = min(space["name"] for space in taken)
    driver.sandbox.control.act("fabrikam", "createWorkspace", name=name)
    driver.rest(driver.begin(id="part"))
    driver.rest(driver.begin(id="none", workspaces=["no such workspace"]))

    partial = pbimigrate("status", "part", url=url)
    assert partial.code == 3, partial
    assert "workspace.nameTaken" in partial.out
    assert "-> " in partial.out
    failed = pbimigrate("status", "none", "--watch", url=url)
    assert failed.code == 1, failed
    assert "no such workspace" in failed.out
    found = pbimigrate("findings", "none", "--json", url=url).json["value"]
    assert [row["code"] for row in found if row["severity"] == "blocker"][:1] == [
        "inventory.unknownWorkspace"
    ]

    refused = pbimigrate("cutover", "none", url=url)
    assert refused.code == 4
    assert "possible now: retry, rollback" in refused.err
    other = pbimigrate(
        *("start", "--source", "contoso", "--target", "fabrikam"),
        *("--workspace", "*", "--id", "part", "--naming", "{name} 2"),
        url=url,
    )
    assert other.code == 4
    assert "another body" in other.err


def test_the_verbs_by_command(driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any]) -> None:
    driver = driver_of(workspaces=1)
    url = driver.app.url
    driver.begin(id="told")
    assert pbimigrate("pause", "told", url=url).out == "Migration told is paused.\n"
    assert pbimigrate("cancel", "told", "--wait", "--json", url=url).json["status"] == "cancelled"
    assert pbimigrate("resume", "told", url=url).code == 4
    again = pbimigrate("retry", "told", "--wait", "--json", url=url)
    assert (again.code, again.json["status"]) == (0, "ready")
    unsure = pbimigrate("rollback", "told", "--to", "nothing", "--confirm", "other", url=url)
    assert unsure.code == 4
    assert "confirm" in unsure.err
    undone = pbimigrate(
        "rollback", "told", "--to", "nothing", "--confirm", "told", "--wait", "--json", url=url
    )
    assert (undone.code, undone.json["status"]) == (0, "rolledBack")
    left = driver.sandbox.control.state("fabrikam")["workspaces"]
    assert [space["state"] for space in left] == ["Deleted"]


def test_every_fault_of_a_refused_request_is_shown_with_its_remedy(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    driver = driver_of(workspaces=1)
    url, request = driver.app.url, tmp_path / "request.json"
    request.write_text('{"source": "nowhere", "target": "fabrikam", "existing": "replace", "extra": 1}')

    refused = pbimigrate("start", "-f", str(request), url=url)
    assert (refused.code, refused.out) == (4, "")
    for field in ("source", "workspaces", "existing", "extra"):
        assert f"  {field}: " in refused.err
    assert refused.err.count("    -> ") == 4
    as_json = pbimigrate("start", "-f", str(request), "--json", url=url)
    assert (as_json.code, as_json.err) == (4, "")
    assert len(as_json.json["error"]["details"]) == 4
    assert pbimigrate("list", "--json", url=url).json == {"value": []}

    unknown = pbimigrate("status", "no-such", url=url)
    assert unknown.code == 4
    assert "no migration" in unknown.err
    assert pbimigrate("mapping", "no-such", "--csv", str(tmp_path / "x.csv"), url=url).code == 4
    assert not (tmp_path / "x.csv").exists()


def test_ctrl_c_while_watching_leaves_the_migration_running(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(settings={"POLL_SCALE": "1"}, workspaces=1)  # slow enough to be interrupted
    migration = driver.begin()
    command = [sys.executable, "-m", "cli", "--url", driver.app.url, "status", migration, "--watch"]
    watching = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    assert watching.stdout
    assert "planning" in watching.stdout.readline()  # it watches
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 130
    assert f"Migration {migration} goes on by itself" in err
    assert "Traceback" not in out + err
    assert driver.status(migration)["status"] != "failed"
