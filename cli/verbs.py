"""The verbs that change what a migration does: pause, resume, cancel, retry, cutover, rollback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cli.api import Json
from cli.output import emit_json, say
from cli.session import Session, common_options, pass_session
from cli.watch import finish, watch

_wait = click.option("--wait", "waiting", is_flag=True, help="Stay until it rests")


def _verb(name: str, help: str, *options: Callable[[Any], Any]) -> Callable[[Any], click.Command]:
    """A command of that name around a function that makes the request body of its options."""

    def wrap(body_of: Callable[..., Json]) -> click.Command:
        @pass_session
        def command(session: Session, migration: str, waiting: bool = False, **given: Any) -> int:
            asked = session.api.give(migration, name, body_of(migration, **given))
            if waiting:
                return finish(session, watch(session, migration, every=0.5))
            if session.as_json:
                emit_json(asked)
            else:
                say(f"Migration {migration} is {asked['status']}.")
            return 0

        for option in reversed((click.argument("migration", metavar="ID"), *options, common_options)):
            command = option(command)
        return click.command(name, help=help)(command)

    return wrap


@_verb("pause", "Let what is under way end and begin nothing more.")
def pause(migration: str) -> Json:
    return {}


@_verb("resume", "Go on with a paused migration.", _wait)
def resume(migration: str) -> Json:
    return {}


@_verb("cancel", "End a migration for good; `retry` would take it up again.", _wait)
def cancel(migration: str) -> Json:
    return {}


@_verb("retry", "Look at every workspace again and do what is missing or failed.", _wait)
def retry(migration: str) -> Json:
    return {}


@_verb(
    "cutover",
    "Cut a ready (or partial) migration over.",
    click.option(
        "--force", is_flag=True, help="Recorded with the reason; a gate that it would pass does not exist yet"
    ),
    click.option("--reason", metavar="TEXT", help="Kept with the migration"),
    _wait,
)
def cutover(migration: str, force: bool, reason: str | None) -> Json:
    return {**({"force": True} if force else {}), **({"reason": reason} if reason else {})}


@_verb(
    "rollback",
    "Undo the cutover (--to ready), or delete everything this migration created in the target (--to nothing).",
    click.option("--to", "goal", type=click.Choice(["ready", "nothing"]), required=True),
    click.option("--confirm", metavar="ID", help="The id once more; asked for where it is left out"),
    _wait,
)
def rollback(migration: str, goal: str, confirm: str | None) -> Json:
    return {
        "to": goal,
        "confirm": confirm or click.prompt("Type the id of the migration to roll back", err=True),
    }


ALL = (pause, resume, cancel, retry, cutover, rollback)
