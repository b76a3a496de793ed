"""Waiting for a migration with something to look at: bars on a terminal, a line per change elsewhere.

Watching only reads. Ctrl-C ends the watching, never the migration; an app that is away for a moment (a
restart) is asked again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from cli import exits, output
from cli.api import Api, Json
from cli.errors import Interrupted, Unreachable
from cli.report import bar_texts, progress_line, show
from cli.session import Session

PATIENCE_S = 60.0  # how long a silent app is given to come back

type Display = Callable[[Json], None]


def watch(session: Session, migration: str, every: float = 2.0) -> Json:
    """The migration once it rests. Raises Interrupted at Ctrl-C, Unreachable where the app stays away."""
    api = session.api
    state = api.migration(migration)
    try:
        with _ctrl_c() as pressed, _display(session.as_json) as display:
            display(state)
            while state["status"] not in exits.RESTING:
                if pressed.wait(every):
                    raise KeyboardInterrupt
                state = _ask(api, migration, every, pressed)
                display(state)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped watching. Migration {migration} goes on by itself; look again with: "
            f"pbimigrate status {migration} --watch",
            "interrupted",
        ) from None
    return state


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Set by Ctrl-C. An exception instead may come in the middle of anything, and is lost in some places (a
    finaliser); a second Ctrl-C raises it all the same."""
    pressed, before = threading.Event(), signal.getsignal(signal.SIGINT)

    def press(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        pressed.set()

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def finish(session: Session, state: Json) -> int:
    """Show where a migration stands; the exit code of its status."""
    if session.as_json:
        output.emit_json(state)
    else:
        show(state, session.api)
    return exits.of_status(state["status"])


def _ask(api: Api, migration: str, every: float, pressed: threading.Event) -> Json:
    deadline, is_told = time.monotonic() + PATIENCE_S, False
    while True:
        try:
            return api.migration(migration)
        except Unreachable as away:
            if away.code != "unreachable" or time.monotonic() > deadline:
                raise
            if not is_told:
                output.complain(f"The app does not answer; asking again for {PATIENCE_S:.0f} s …")
            is_told = True
            if pressed.wait(every):
                raise KeyboardInterrupt from None


@contextmanager
def _display(as_json: bool) -> Iterator[Display]:
    if as_json:
        yield lambda state: None
    elif output.is_terminal():
        with _bars() as display:
            yield display
    else:
        yield _lines()


def _lines() -> Display:
    """A line whenever something moved."""
    last = ""

    def display(state: Json) -> None:
        nonlocal last
        line = progress_line(state)
        if line != last:
            output.say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")
            last = line

    return display


@contextmanager
def _bars() -> Iterator[Display]:
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<16}"), BarColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, TimeElapsedColumn()) as progress:
        tasks: dict[str, TaskID] = {}

        def display(state: Json) -> None:
            for name, ended, total, text in bar_texts(state):
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=None, text="")
                progress.update(tasks[name], completed=ended, total=total or None, text=text)

        yield display
