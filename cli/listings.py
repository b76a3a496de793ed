"""The lists: migrations, and a migration's workspaces, findings and mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import click

from cli.api import Api, Json
from cli.errors import Refused
from cli.output import emit_json, save, table
from cli.session import Session, common_options, pass_session

_UNKNOWN = frozenset({"migration.unknown", "plan.unknown"})


@click.command("list")
@common_options
@pass_session
def list_migrations(session: Session) -> None:
    """List all migrations with their status."""
    show_rows(session, session.api.migrations(), ("id", "status", "source", "target", "created", "updated"))


@click.command()
@click.argument("migration", metavar="ID")
@common_options
@pass_session
def workspaces(session: Session, migration: str) -> None:
    """List every workspace with its status and step."""
    rows = session.api.rows(migration, "workspaces")
    show_rows(session, rows, ("status", "step", "sourceName", "sourceId", "targetId", "error"))


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--plan", "of_plan", is_flag=True, help="Of the plan, where a migration has the same id")
@common_options
@pass_session
def findings(session: Session, identity: str, of_plan: bool) -> None:
    """List every finding of a migration or a plan with its remedy, blockers first."""
    rows = session.api.plan_findings(identity) if of_plan else _findings_of(session.api, identity)
    show_rows(session, rows, ("severity", "code", "kind", "name", "message", "remedy"))


def _findings_of(api: Api, identity: str) -> Iterator[Json]:
    """Of the migration of that id; of the plan where there is none."""
    for read in (lambda: api.rows(identity, "findings"), lambda: api.plan_findings(identity)):
        try:
            return _begun(read())
        except Refused as refused:
            if refused.code not in _UNKNOWN:
                raise
    raise Refused(f"There is neither a migration nor a plan {identity!r}.", "migration.unknown")


def _begun(rows: Iterator[Json]) -> Iterator[Json]:
    """The first page is asked for now: whether there is such a list shows by it."""
    first = list(islice(rows, 1))
    return chain(first, rows)


@click.command()
@click.argument("migration", metavar="ID")
@click.option("--csv", "csv_file", metavar="FILE|-", help="All rows as CSV into a file, or - for stdout")
@common_options
@pass_session
def mapping(session: Session, migration: str, csv_file: str | None) -> None:
    """Show the mapping table: for every item its id in the source and in the target."""
    if csv_file is not None:
        _download(session, migration, csv_file)
        return
    columns = ("kind", "state", "sourceName", "targetName", "sourceId", "targetId", "note")
    show_rows(session, session.api.rows(migration, "mapping"), columns)


def _download(session: Session, migration: str, csv_file: str) -> None:
    if session.as_json:
        raise click.UsageError("--csv and --json exclude each other")
    save(session.api.mapping_csv(migration), csv_file)


def show_rows(session: Session, rows: Iterable[Json], columns: Sequence[str]) -> None:
    if session.as_json:
        emit_json({"value": list(rows)})
    else:
        table(columns, ([_cell(row.get(name)) for name in columns] for row in rows))


def _cell(value: Any) -> Any:
    """An error object as its code and message."""
    return f"{value['code']}: {value['message']}" if isinstance(value, dict) else value
