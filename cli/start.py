"""`start`: a request from a file, from options, or from both (options win)."""

from __future__ import annotations

import json
from typing import Any

import click

from cli.output import emit_json, say
from cli.request_file import request_body
from cli.session import Session, common_options, pass_session
from cli.watch import finish, watch


@click.command()
@click.option(
    "-f", "--file", "source_file", type=click.File("rb"), help="The request as a JSON file; - is stdin"
)
@click.option("--source", metavar="NAME", help="Connection to move from")
@click.option("--target", metavar="NAME", help="Connection to move to")
@click.option("--workspace", "workspaces", metavar="NAME|ID", multiple=True, help="Again for each; '*': all")
@click.option("--capacity", "capacities", metavar="OLD=NEW", multiple=True, help="Again for each; '*=NEW'")
@click.option(
    "--principal",
    "principals",
    metavar="OLD=NEW",
    multiple=True,
    help="alice@old=alice@new, @old=@new or object ids; 'OLD=' drops one knowingly",
)
@click.option("--id", metavar="ID", help="Own id (a-z, 0-9, -); else the hash of the request")
@click.option("--naming", metavar="TEMPLATE", help="Names in the target, for example '{name} (moved)'")
@click.option(
    "--existing", metavar="stop|merge", help="What to do with a same-named workspace not made by us"
)
@click.option("--cutover", metavar="manual|auto", help="Cut over by itself once all is ready")
@click.option("--watch", "watching", is_flag=True, help="Stay and show progress until it rests")
@common_options
@pass_session
def start(session: Session, source_file: Any, watching: bool, **options: Any) -> int:
    """Start a migration. The same request again is the same migration, never a second run.

    The app checks the request; what is wrong with it is named with its remedy, and nothing is begun.
    """
    begun = session.api.start(_body(source_file, _given(options)))
    if watching:
        return finish(session, watch(session, begun["id"]))
    if session.as_json:
        emit_json(begun)
    else:
        say(
            f"Migration {begun['id']} is {begun['status']}.",
            f"Watch it: pbimigrate status {begun['id']} --watch",
        )
    return 0


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Only what was said on the command line, in the request's own form."""
    given = {name: value for name, value in options.items() if value}
    if "workspaces" in given:
        given["workspaces"] = list(given["workspaces"])
    for name in ("capacities", "principals"):
        if name in given:
            given[name] = dict(_pair(name, text) for text in given[name])
    if "" in given.get("capacities", {}).values():
        raise click.UsageError("--capacity: OLD=NEW needs both sides")
    if "principals" in given:
        given["principals"] = {old: new or None for old, new in given["principals"].items()}
    return given


def _pair(name: str, text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not separator or not old:
        option = {"capacities": "--capacity", "principals": "--principal"}[name]
        raise click.UsageError(f"{option}: {text!r} is not OLD=NEW (names with '=' go into a file, see -f)")
    return old, new


def _body(source_file: Any, given: dict[str, Any]) -> bytes:
    """A file alone goes as it is, so that the app sees (and names) everything that is wrong with it."""
    if source_file is None:
        if not given:
            raise click.UsageError("give a request: -f FILE, or --source, --target and --workspace")
        return json.dumps(given).encode()
    return request_body(source_file, given)
