"""The gate: every write to a tenant passes here, in one order, however often an activity is repeated.

    survey   what is there before us, kept in the intent row (so that later finds can be told from it)
    intent   one row per (workspace, action, subject), inserted once: from here on a write may have happened
    look     on every later try: is what an earlier try made in the target? then it is adopted
    write    the one call that has an effect
    record   the result goes into the intent row, and one audit row says who did what to which object

A process may die between any two of these steps; the next try finds the intent row and looks before it
writes. A write whose answer was lost is given time to appear before it is repeated. Right before anything is
sent the gate is asked once more (`still_permitted`): a migration that was paused or cancelled meanwhile sends
nothing, nor does a try that another one has taken over. `write_observer` lets a test stop the process at the
seams; nothing in the app sets it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.clock import Clock
from shared.errors import AmbiguousWrite, AppError, IdentityRefused, ServiceError, TerminalError, Throttled
from shared.manifest import safe_id
from shared.powerbi.calls import CallRecord
from shared.tables import Entity, Tables, hashed, key

type Json = dict[str, Any]

_INTENTS, _AUDIT = "PbiIntents", "PbiAudit"
_OPEN, _DONE = "open", "done"
_CALLS_KEPT = 20  # a large upload makes thousands; the first ones and the retries are what one looks for

write_observer: Callable[[str, str], None] | None = None  # (before | after | recorded, intent key)
_trail = threading.local()


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: what (`action`, `operation` of the API), on whose behalf (`subject`, a source id), where."""

    migration_id: str
    workspace_id: str
    action: str
    subject: str
    operation: str
    target: str  # what it changes, readable: a workspace, report or principal
    connection: str
    actor: str  # the client id that writes

    @property
    def partition(self) -> str:
        return key(self.migration_id, safe_id(self.workspace_id))

    @property
    def row(self) -> str:
        return key(self.action, safe_id(self.subject))


class NotYet(Exception):
    """An earlier try's answer was lost and its effect may still appear: look again at `until`."""

    def __init__(self, until: datetime):
        super().__init__(f"waiting until {until.isoformat()} for an earlier write to appear")
        self.until = until


class Stopped(AppError):
    """The migration was paused or cancelled: nothing may be sent any more."""

    def __init__(self) -> None:
        super().__init__("the migration was told to stop", "migration.stopped")


class Superseded(AppError):
    """A later try of the same write has begun, as the engine had given this one up: it must not go on."""

    def __init__(self) -> None:
        super().__init__("a later try has taken this write over", "write.superseded")


def still_permitted() -> None:
    """The last question before a request of a write is sent, or its last bytes. Raises Stopped or Superseded."""
    permit = getattr(_trail, "permit", None)
    if permit is not None:
        permit()


def note_call(record: CallRecord) -> None:
    """Remember a call of this thread, so that the audit row of the write it belongs to can name its ids."""
    calls = getattr(_trail, "calls", None)
    if calls is not None and len(calls) < _CALLS_KEPT:
        calls.append(
            {
                "operation": record.operation,
                "status": record.status,
                "request": record.request_id,
                "correlation": record.correlation_id,
            }
        )


class Gate:
    """`settle_s`: seconds an effect whose answer was lost may take to show in the service's lists.
    `may_write`: whether a migration, by its id, may write at present."""

    def __init__(self, tables: Tables, clock: Clock, settle_s: float, may_write: Callable[[str], bool]):
        self._tables = tables
        self._clock = clock
        self._settle = timedelta(seconds=settle_s)
        self._may_write = may_write

    def write(
        self,
        intent: Intent,
        *,
        act: Callable[[], Json],
        look: Callable[[Json], Json | None],
        survey: Callable[[], Json] = dict,
        repeatable: bool = False,
        longest_s: float = 0,
    ) -> Json:
        """Bring about one effect exactly once and return its result (small JSON).

        `survey()` tells what is there before the first try; `look(before)` finds what an earlier try made,
        or None; `act()` writes. `repeatable` writes (same effect if done twice) don't wait to settle;
        the others wait `longest_s` more, the seconds `act` itself may take, as a try that was given up by the
        engine may still be at work.
        Raises what `act` raises (a refusal closes the intent: the next try starts afresh), NotYet, Stopped
        where the migration may not write any more, or Superseded.
        """
        found = self._intents.get(intent.partition, intent.row)
        row, etag = found or (None, "")
        if row and row["state"] == _DONE:
            return row["result"]
        if row is None:
            row = {"state": _OPEN, "tried": self._now(), "tries": 1, "before": survey(), "result": {}}
            if not self._intents.insert(intent.partition, intent.row, row):
                return self.write(
                    intent, act=act, look=look, survey=survey, repeatable=repeatable, longest_s=longest_s
                )
        else:
            made = look(row["before"])
            if made is not None:
                return self._record(intent, row, made, "adopted", [])
            self._wait_to_settle(row, repeatable, timedelta(seconds=longest_s))
            row = {**row, "tried": self._now(), "tries": row["tries"] + 1}
            if not self._intents.replace(intent.partition, intent.row, _values(row), etag):
                return self.write(
                    intent, act=act, look=look, survey=survey, repeatable=repeatable, longest_s=longest_s
                )
        return self._act(intent, row, act)

    def repeat(self, intent: Intent, act: Callable[[], object]) -> None:
        """A write that has the same effect however often it is done, and no result that anybody needs."""

        def once() -> Json:
            act()
            return {}

        self.write(intent, act=once, look=lambda before: None, repeatable=True)

    def settle(
        self, intent: Intent, look: Callable[[Json], Json | None], *, longest_s: float = 0
    ) -> Json | None:
        """What a write that was begun has made, without writing: its result, or None where it made nothing.

        An open intent is taken away once it is known that nothing comes of it any more: a try that is still at
        work somewhere then sends nothing. Raises NotYet while the effect may still appear.
        """
        row = self._intent_row(intent)
        if row is None:
            return None
        if row["state"] == _DONE:
            return row["result"]
        made = look(row["before"])
        if made is not None:
            return self._record(intent, row, made, "adopted", [])
        self._wait_to_settle(row, repeatable=False, longest=timedelta(seconds=longest_s))
        self._intents.delete(intent.partition, intent.row)
        return None

    def recorded(self, intent: Intent) -> tuple[Json, Json] | None:
        """The result of a write that is done and what was there before it, else None."""
        row = self._intent_row(intent)
        return (row["result"], row["before"]) if row and row["state"] == _DONE else None

    def is_open(self, intent: Intent) -> bool:
        """True where an earlier try may have written: what is found now may be ours."""
        return self._intent_row(intent) is not None

    def results(self, migration_id: str, workspace_id: str, action: str) -> list[Json]:
        """The recorded results of every done write of one kind in a workspace."""
        rows = self._intents.partition(key(migration_id, safe_id(workspace_id)))
        return [
            row["result"] for row in rows if row["RowKey"].startswith(f"{action}.") and row["state"] == _DONE
        ]

    def surveys(self, migration_id: str, workspace_id: str, action: str) -> list[Json]:
        """What was there before each write of one kind that was begun, done or open."""
        rows = self._intents.partition(key(migration_id, safe_id(workspace_id)))
        mine = [row for row in rows if row["RowKey"].startswith(f"{action}.")]
        return [row["before"] for row in mine]

    def drop(self, intent: Intent) -> None:
        """Forget one write, done or open: its effect was undone."""
        self._intents.delete(intent.partition, intent.row)

    def forget_all(self, migration_id: str, workspace_id: str) -> None:
        """Drop every write of a workspace, open ones too: it was undone, and is begun anew if it is."""
        partition = key(migration_id, safe_id(workspace_id))
        for row in list(self._intents.partition(partition)):
            self._intents.delete(partition, row["RowKey"])

    def forget(self, migration_id: str, workspace_id: str, action: str, subject: str = "") -> None:
        """Drop the done writes of one kind (of one subject, or of all): their effect is known to be gone, or is
        wanted once more. Open ones stay, as their effect may still come; the audit rows stay for ever."""
        partition = key(migration_id, safe_id(workspace_id))
        row_key = key(action, safe_id(subject)) if subject else ""
        for row in list(self._intents.partition(partition)):
            named = row["RowKey"] == row_key if row_key else row["RowKey"].startswith(f"{action}.")
            if named and row["state"] == _DONE:
                self._intents.delete(partition, row["RowKey"])

    def _permit(self, intent: Intent, row: Json) -> None:
        """The status is asked for last: whatever time storage takes for the rest, people may say stop in it."""
        now = self._intent_row(intent)
        if not self._may_write(intent.migration_id):
            raise Stopped
        if now is None or (now["tries"], now["tried"]) != (row["tries"], row["tried"]):
            raise Superseded

    def _act(self, intent: Intent, row: Json, act: Callable[[], Json]) -> Json:
        _observe("before", intent)
        _trail.calls, _trail.permit = [], lambda: self._permit(intent, row)
        try:
            still_permitted()
            result = act()
        except TerminalError as refused:
            self._refused(intent, row, refused)
            raise
        except (Throttled, IdentityRefused, Stopped):
            # Certainly no effect of this try; an earlier one may still have had its own. Where there was none,
            # what comes up in the target while we wait is not ours.
            if self._withdraw(intent, row):
                raise
            self._intents.put(intent.partition, intent.row, {**_values(row), "tried": ""})
            raise
        except AmbiguousWrite as lost:
            # The effect may come as late as the loss: time to settle runs from here, not from the start.
            self._intents.put(intent.partition, intent.row, {**_values(row), "tried": self._now()})
            self._audit(intent, "lost", {"error": str(lost)[:500]}, _calls())
            raise
        finally:
            calls, _trail.calls, _trail.permit = _calls(), None, None
        _observe("after", intent)
        return self._record(intent, row, result, "written", calls)

    def _record(self, intent: Intent, row: Json, result: Json, outcome: str, calls: list[Json]) -> Json:
        self._audit(
            intent, outcome, result, calls
        )  # first: rather an object named twice than a write unnamed
        done = {**_values(row), "state": _DONE, "result": result}
        self._intents.put(intent.partition, intent.row, done)
        _observe("recorded", intent)
        return result

    def _refused(self, intent: Intent, row: Json, refused: ServiceError) -> None:
        """A clear refusal had no effect. A first try leaves no intent behind; a later one stays open, since
        the earlier try's effect may be the very reason of this refusal."""
        self._audit(intent, "refused", {"code": refused.code, "error": refused.message[:500]}, _calls())
        self._withdraw(intent, row)

    def _withdraw(self, intent: Intent, row: Json) -> bool:
        """Forget an intent whose only try had no effect; one that was tried again meanwhile stays."""
        now = self._intent_row(intent) if row["tries"] == 1 else None
        if now is None or now["tries"] != 1 or now["state"] != _OPEN:
            return False
        self._intents.delete(intent.partition, intent.row)
        return True

    def _wait_to_settle(self, row: Json, repeatable: bool, longest: timedelta) -> None:
        if repeatable or not row["tried"]:
            return
        until = datetime.fromisoformat(row["tried"]) + self._settle + longest
        if self._clock.now() < until:
            raise NotYet(until)

    def _audit(self, intent: Intent, outcome: str, result: Json, calls: list[Json]) -> None:
        now = self._clock.now()
        row = key(f"{now:%Y%m%dT%H%M%S%f}", hashed(f"{intent.partition}/{intent.row}")[:12], outcome)
        self._tables[_AUDIT].put(
            intent.migration_id,
            row,
            {
                "time": now.isoformat(),
                "actor": intent.actor,
                "connection": intent.connection,
                "operation": intent.operation,
                "action": intent.action,
                "workspaceId": intent.workspace_id,
                "subject": intent.subject,
                "target": intent.target,
                "outcome": outcome,
                "result": result,
                "calls": calls,
            },
        )

    def _intent_row(self, intent: Intent) -> Entity | None:
        found = self._intents.get(intent.partition, intent.row)
        return found[0] if found else None

    @property
    def _intents(self) -> Any:
        return self._tables[_INTENTS]

    def _now(self) -> str:
        return self._clock.now().isoformat()


def _values(row: Json) -> Json:
    return {name: row[name] for name in ("state", "tried", "tries", "before", "result")}


def _observe(point: str, intent: Intent) -> None:
    if write_observer is not None:
        write_observer(point, f"{intent.partition}/{intent.row}")


def _calls() -> list[Json]:
    return list(getattr(_trail, "calls", None) or [])
