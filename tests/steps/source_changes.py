"""What people change in the source after a migration has brought it, and what the target shows then."""

from __future__ import annotations

from typing import Any

from step_support import Move

from shared.models import Kind

type Json = dict[str, Any]


def name_reports(move: Move, pattern: str) -> None:
    """Each report and its model, in the source and in the plan."""
    names = dict[str, str]()
    for number, row in enumerate(move.reports):
        for kind, identity in ((Kind.REPORT, row.source_id), (Kind.DATASET, row.dataset_id)):
            names[identity] = pattern.format(number)
            move.services.manifest.update_item(
                move.migration, move.workspace, kind, identity, source_name=names[identity]
            )
    state = move.sandbox.control.state("contoso")
    for space in state["workspaces"]:
        for each in (*space["reports"], *space["datasets"]):
            each["name"] = names.get(each["id"], each["name"])
    move.sandbox.control.put_state("contoso", state)


def changed_source(move: Move, number: int = 0) -> str:
    """Somebody publishes the report anew in the source; the hash of its file."""
    report = move.reports[number].source_id
    move.sandbox.control.act("contoso", "changeReport", workspace=move.workspace, report=report)
    state = move.sandbox.control.state("contoso")
    files = {each["id"]: each["sha256"] for each in state["files"]}
    return next(
        files.get(each["fileId"] or "", "")
        for space in state["workspaces"]
        for each in space["reports"]
        if each["id"] == report
    )


def shown(move: Move) -> dict[str, tuple[str, str, str]]:
    """Name, model and hash of each report in the target, by id; and of each model."""
    space, files = (
        move.space(),
        {each["id"]: each for each in move.sandbox.control.state("fabrikam")["files"]},
    )
    found = {
        each["id"]: (each["name"], each["datasetId"], files[each["fileId"]]["sha256"])
        for each in space["reports"]
    }
    return found | {
        each["id"]: (each["name"], "", files[each["fileId"]]["sha256"]) for each in space["datasets"]
    }
