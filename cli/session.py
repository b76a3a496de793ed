"""What all commands share: the address, the key and `--json`, accepted before and after the command's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from cli.api import Api, is_loopback

DEFAULT_URL = "http://127.0.0.1:7071"


@dataclass(slots=True)
class Session:
    """Filled by the options; the one thing every command is given."""

    url: str = DEFAULT_URL
    key: str | None = None
    as_json: bool = False

    @property
    def api(self) -> Api:
        if not self.url.startswith(("http://", "https://")):
            raise click.UsageError(f"--url: {self.url!r} is no address (http://host:port or https://host)")
        if self.key and self.url.startswith("http://") and not is_loopback(self.url):
            raise click.UsageError("--key: a key is only sent over https (or to this machine)")
        return Api(self.url, self.key)


pass_session = click.make_pass_decorator(Session, ensure=True)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--url`, `--key` and `--json`; given twice, the later one (nearer to the command) counts."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _into_session(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    session = context.ensure_object(Session)
    if value is not None and value is not False:
        setattr(session, str(parameter.name), value)


_OPTIONS = (
    click.option(
        "--url",
        metavar="URL",
        expose_value=False,
        callback=_into_session,
        help=f"Address of the app (or PBIMIGRATE_URL)  [default: {DEFAULT_URL}]",
    ),
    click.option(
        "--key",
        metavar="KEY",
        expose_value=False,
        callback=_into_session,
        help="Functions key of an app in Azure (better: PBIMIGRATE_KEY)",
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=False,
        callback=_into_session,
        help="One JSON document on stdout, nothing else",
    ),
)
