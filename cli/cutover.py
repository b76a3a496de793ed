"""`cutover`: from here on the target is the one in use, and changes in either tenant are reported."""

from __future__ import annotations

import click

from cli.output import emit_json, say
from cli.session import Session, common_options, pass_session
from cli.watch import finish, watch


@click.command()
@click.argument("migration", metavar="ID")
@click.option(
    "--force", is_flag=True, help="Recorded with the reason; a gate that it would pass does not exist yet"
)
@click.option("--reason", metavar="TEXT", help="Kept with the migration")
@click.option("--wait", "waiting", is_flag=True, help="Stay until it has ended")
@common_options
@pass_session
def cutover(session: Session, migration: str, force: bool, reason: str | None, waiting: bool) -> int:
    """Cut a ready (or partial) migration over."""
    body = {**({"force": True} if force else {}), **({"reason": reason} if reason else {})}
    asked = session.api.cut_over(migration, body)
    if waiting:
        return finish(session, watch(session, migration, every=0.5))
    if session.as_json:
        emit_json(asked)
    else:
        say(f"Migration {migration} is {asked['status']}.")
    return 0
