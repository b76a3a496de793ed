"""A request in a file, with what the command line says besides it."""

from __future__ import annotations

import json
from typing import Any

import click


def request_body(source_file: Any, given: dict[str, Any]) -> bytes:
    """A file alone goes as it is, so that the app sees (and names) everything that is wrong with it."""
    raw: bytes = source_file.read()
    if not given:
        return raw
    try:
        body = json.loads(raw)
    except ValueError as bad:
        raise click.UsageError(f"{source_file.name} is not JSON: {bad}") from bad
    if not isinstance(body, dict):
        raise click.UsageError(f"{source_file.name} does not hold a JSON object")
    return json.dumps({**body, **given}).encode()
