"""What a command prints: one JSON document for machines, tables for people, tab-separated lines for pipes.

Names come from somebody else's tenant, so nothing in them may steer the terminal: control characters are
replaced, and rich's markup is never parsed.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click


def emit_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say(*lines: str) -> None:
    for line in lines:
        click.echo(plain(line))


def complain(*lines: str) -> None:
    for line in lines:
        click.echo(plain(line), err=True)


def plain(value: Any) -> str:
    """One line of harmless text; nothing where there is no value."""
    text = "" if value is None else str(value)
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(char) else char for char in text)


def save(pieces: Iterable[bytes], file: str) -> None:
    """Write an answer into a file, or to stdout for `-`. It was asked for before: a refusal leaves no empty file."""
    try:
        with click.open_file(file, "wb") as output:
            for piece in pieces:
                output.write(piece)
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from error
    if file != "-":
        complain(f"Written to {file}.")


def is_terminal() -> bool:
    return sys.stdout.isatty()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    if is_terminal():
        _drawn(columns, rows)
        return
    click.echo("\t".join(columns))
    for row in rows:
        click.echo("\t".join(plain(cell) for cell in row))


def _drawn(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    Console().print(drawn)


def _steers(char: str) -> bool:
    """Control and format characters (escape sequences, line breaks, changes of writing direction)."""
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
