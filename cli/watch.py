"""Waiting for a migration or a plan with something to look at: bars on a terminal, a line per change elsewhere.

Watching only reads. Ctrl-C ends the watching, never what is watched; an app that is away for a moment (a
restart) is asked again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cli import exits, output
from cli.api import Json
from cli.errors import Interrupted, Unreachable
from cli.report import bar_texts, progress_line, show
from cli.session import Session

PATIENCE_S = 60.0  # how long a silent app is given to come back

type Display = Callable[[Json], None]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched: how to ask for it, when it rests, how it is drawn, and what to say to who stops watching."""

    read: Callable[[], Json]
    resting: frozenset[str]
    line: Callable[[Json], str]
    bars: Callable[[Json], Iterable[tuple[str, int, int, str]]]
    goes_on: str


def watch(session: Session, migration: str, every: float = 2.0) -> Json:
    """The migration once it rests. Raises Interrupted at Ctrl-C, Unreachable where the app stays away."""
    api = session.api
    goes_on = (
        f"Migration {migration} goes on by itself; look again with: pbimigrate status {migration} --watch"
    )
    watched = Watched(lambda: api.migration(migration), exits.RESTING, progress_line, bar_texts, goes_on)
    return follow(watched, session.as_json, every)


def follow(watched: Watched, as_json: bool, every: float) -> Json:
    """Its last state, once it rests."""
    state = watched.read()
    try:
        with _ctrl_c() as pressed, _display(watched, as_json) as display:
            display(state)
            while state["status"] not in watched.resting:
                if pressed.wait(every):
                    raise KeyboardInterrupt
                state = _ask(watched.read, every, pressed)
                display(state)
    except KeyboardInterrupt:
        raise Interrupted(f"Stopped watching. {watched.goes_on}", "interrupted") from None
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


def _ask(read: Callable[[], Json], every: float, pressed: threading.Event) -> Json:
    deadline, is_told = time.monotonic() + PATIENCE_S, False
    while True:
        try:
            return read()
        except Unreachable as away:
            if away.code != "unreachable" or time.monotonic() > deadline:
                raise
            if not is_told:
                output.complain(f"The app does not answer; asking again for {PATIENCE_S:.0f} s …")
            is_told = True
            if pressed.wait(every):
                raise KeyboardInterrupt from None


@contextmanager
def _display(watched: Watched, as_json: bool) -> Iterator[Display]:
    if as_json:
        yield lambda state: None
    elif output.is_terminal():
        with _bars(watched) as display:
            yield display
    else:
        yield _lines(watched)


def _lines(watched: Watched) -> Display:
    """A line whenever something moved."""
    last = ""

    def display(state: Json) -> None:
        nonlocal last
        line = watched.line(state)
        if line != last:
            output.say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")
            last = line

    return display


@contextmanager
def _bars(watched: Watched) -> Iterator[Display]:
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<16}"), BarColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, TimeElapsedColumn()) as progress:
        tasks: dict[str, TaskID] = {}

        def display(state: Json) -> None:
            for name, ended, total, text in watched.bars(state):
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=None, text="")
                progress.update(tasks[name], completed=ended, total=total or None, text=text)

        yield display
