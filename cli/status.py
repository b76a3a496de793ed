"""`status`: where a migration stands, once or until it rests."""

from __future__ import annotations

import click

from cli.session import Session, common_options, pass_session
from cli.watch import finish, watch


@click.command()
@click.argument("migration", metavar="ID")
@click.option("--watch", "watching", is_flag=True, help="Stay and show progress until it rests")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch asks",
)
@common_options
@pass_session
def status(session: Session, migration: str, watching: bool, every: float) -> int:
    """Show a migration: progress per kind, and the findings by severity.

    The exit code tells the status: 0 under way, ready or succeeded; 3 partial; 1 failed.
    """
    if watching:
        return finish(session, watch(session, migration, every))
    return finish(session, session.api.migration(migration))
