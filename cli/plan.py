"""`plan`, `plans`, `inventory`: what would move, what stands in the way, and what there is, before anything moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import exits
from cli.api import Json
from cli.listings import show_rows
from cli.output import emit_json, save, say
from cli.plan_report import blockers, plan_bars, plan_line, show_plan
from cli.request_file import request_body
from cli.session import Session, common_options, pass_session
from cli.watch import Watched, follow


def _in_a_folder(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A file that can't be written is told before an hour of planning, not after it."""
    if value and not Path(value).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {Path(value).parent}")
    return value


@click.command()
@click.argument("source_file", metavar="FILE|-", type=click.File("rb"))
@click.option("--id", "identity", metavar="ID", help="Own id (a-z, 0-9, -); else the hash of the request")
@click.option("--watch/--no-watch", "watching", default=True, show_default=True, help="Stay until it is made")
@click.option("--report", "report_file", metavar="FILE.html", callback=_in_a_folder, help="The estate report")
@click.option("--csv", "csv_file", metavar="FILE", callback=_in_a_folder, help="The verdict on every item")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often it is asked",
)
@common_options
@pass_session
def plan(
    session: Session,
    source_file: Any,
    identity: str | None,
    watching: bool,
    report_file: str | None,
    csv_file: str | None,
    every: float,
) -> int:
    """Plan a migration: a verdict on every item, every obstacle with its remedy, and a forecast.

    FILE is the request that `start` takes. Without a target in it, the source alone is assessed. Nothing is
    written in either tenant. The same request again is the same plan. Exit code 6: it names blockers.
    """
    if not watching and (report_file or csv_file):
        raise click.UsageError("--report and --csv need the whole plan: leave --no-watch out")
    begun = session.api.start_plan(request_body(source_file, {} if identity is None else {"id": identity}))
    if not watching:
        return _begun(session, begun)
    state = follow(_watched(session, begun["id"]), session.as_json, every)
    if session.as_json:
        emit_json(state)
    else:
        show_plan(state, session.api)
    for file, form in ((report_file, "html"), (csv_file, "csv")):
        if file:
            save(session.api.plan_report(state["id"], form), file)
    return exits.of_plan(state["status"], blockers(state))


@click.command("plans")
@common_options
@pass_session
def list_plans(session: Session) -> None:
    """List all plans with their status."""
    show_rows(session, session.api.plans(), ("id", "status", "source", "target", "created", "updated"))


@click.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--output", "output", metavar="FILE|-", required=True, callback=_in_a_folder, help="Where to write it"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="A document per workspace as the API gave it, or a row per item",
)
@common_options
@pass_session
def inventory(session: Session, identity: str, output: str, form: str) -> None:
    """Download the inventory of a plan: everything that could be read of the source."""
    if session.as_json:
        raise click.UsageError("an inventory is JSON lines or CSV, see --format: leave --json out")
    save(session.api.inventory(identity, form), output)


def _begun(session: Session, begun: Json) -> int:
    if session.as_json:
        emit_json(begun)
    else:
        say(f"Plan {begun['id']} is {begun['status']}. The same command without --no-watch shows it.")
    return exits.OK


def _watched(session: Session, identity: str) -> Watched:
    api = session.api
    goes_on = f"Plan {identity} is made all the same; the same command shows it."
    return Watched(lambda: api.plan(identity), exits.PLANNED, plan_line, plan_bars, goes_on)
