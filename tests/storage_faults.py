"""Faults of the storage account as data: which requests to spoil, and how; the proxy only carries them out.

A request is named by what it does to which resource, never by its place in time alone: timers, queues and the
watchdog poll storage at their own pace, so that "the 400th request" is another one in every run.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_ENTITY = re.compile(r"PartitionKey='(?P<pk>[^']*)',\s*RowKey='(?P<rk>[^']*)'")


@dataclass(frozen=True, slots=True)
class StorageCall:
    """One request as it arrives at the account."""

    service: str  # blob, queue or table
    method: str
    target: str  # path and query as sent, with the account in front
    headers: dict[str, str]  # names in lower case
    body: bytes = b""  # empty where it is streamed

    @property
    def path(self) -> str:
        """Without the account: `PbiIntents(PartitionKey='a',RowKey='b')`, `pbi-staging/x/y.pbix`."""
        return unquote(urlsplit(self.target).path).partition("/")[2].partition("/")[2]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def holder(self) -> str:
        """The table, container or queue."""
        if self.path == "$batch":
            found = re.search(rb"/(\w+)\(?[^/]*? HTTP/1\.1", self.body)
            return found.group(1).decode() if found else "$batch"
        return re.split(r"[/(]", self.path, maxsplit=1)[0] or "account"

    @property
    def kind(self) -> str:
        """`table POST PbiIntents`, `blob PUT pbi-staging comp=block`: the same in every run."""
        comp = self.query.get("comp")
        suffix = f" comp={comp}" if comp else ""
        batch = " $batch" if self.path == "$batch" else ""
        return f"{self.service} {self.method} {self.holder}{suffix}{batch}"

    @property
    def resource(self) -> str:
        """The row or blob, with nothing in it that a second try of the same work would change."""
        keys = self._keys()
        if keys is None:
            filtered = self.query.get("$filter", "") or self.query.get("blockid", "")[-12:]
            return f"{self.path} {filtered}".strip()
        partition, row = keys
        return f"{partition}/{row.partition('.')[2] if self.holder == 'PbiAudit' else row}"

    @property
    def name(self) -> str:
        return f"{self.kind} {self.resource}"

    @property
    def operation(self) -> str:
        """The same for every try that the storage SDK makes of one operation."""
        return self.headers.get("x-ms-client-request-id", "")

    def _keys(self) -> tuple[str, str] | None:
        found = _ENTITY.search(self.path)
        if found is not None:
            return found["pk"], found["rk"]
        if self.service == "table" and self.method == "POST" and self.body.startswith(b"{"):
            entity: dict[str, Any] = json.loads(self.body)
            if "RowKey" in entity:
                return str(entity["PartitionKey"]), str(entity["RowKey"])
        return None


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of a request. Neither a status nor `forward`: the connection is cut before any effect."""

    status: int = 0
    code: str = "ServerBusy"
    forward: bool = False  # the request takes effect, and the client is not told
    hook: Callable[[], None] | None = None  # in a thread; then the connection is cut


BUSY = Effect(503)
REFUSED_ETAG = Effect(412, "UpdateConditionNotSatisfied")
CUT_BEFORE = Effect()
CUT_AFTER = Effect(forward=True)


def of_the_app(call: StorageCall) -> bool:
    """Requests for rows and blobs of migrations: no queue, no tables or containers being looked for."""
    if call.service == "table":
        return call.holder.startswith("Pbi")
    return call.service == "blob" and "restype" not in call.query


@dataclass(slots=True)
class Rule:
    """Of the requests that match: the `nth`, or every `every`-th, at most `times`.

    `whole`: all tries that the SDK makes of a spoiled operation are spoiled as well, so that the app hears of it.
    """

    effect: Effect
    match: Callable[[StorageCall], bool] = of_the_app
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    whole: bool = False
    seen: int = 0
    fired: list[StorageCall] = field(default_factory=list[StorageCall])
    _operations: set[str] = field(default_factory=set[str])

    def fires(self, call: StorageCall) -> bool:
        if self.whole and call.operation and call.operation in self._operations:
            return True
        if not self.match(call):
            return False
        self.seen += 1
        spent = self.times is not None and len(self.fired) >= self.times
        wrong_turn = self.nth not in (None, self.seen) or (self.every is not None and self.seen % self.every)
        if spent or wrong_turn:
            return False
        self.fired.append(call)
        self._operations.add(call.operation)
        return True


class Drawn:
    """Matches those places of a run that `draw` chooses: a name and how often it has come up, restarts included.

    A try of the SDK is no new place. For chains of faults that together meet every request of a run.
    """

    def __init__(self, draw: Callable[[str], bool]) -> None:
        self._draw = draw
        self._seen: Counter[str] = Counter()
        self._operations: set[str] = set()
        self.places: list[str] = []

    def __call__(self, call: StorageCall) -> bool:
        if not of_the_app(call) or (call.operation and call.operation in self._operations):
            return False
        self._operations.add(call.operation)
        self._seen[call.name] += 1
        self.places.append(f"{call.name} #{self._seen[call.name]}")
        return self._draw(self.places[-1])


class Ordinal:
    """Matches the n-th request of one kind: how a failure is named so that it comes about again."""

    def __init__(self, kind: str, number: int) -> None:
        self._kind, self._number, self._seen = kind, number, 0

    def __call__(self, call: StorageCall) -> bool:
        self._seen += call.kind == self._kind
        return call.kind == self._kind and self._seen == self._number


@dataclass(slots=True)
class StorageFaults:
    """The rules in force, and what was asked of the account so far."""

    rules: list[Rule] = field(default_factory=list[Rule])
    calls: list[StorageCall] = field(default_factory=list[StorageCall])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> Rule:
        with self._lock:
            self.rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()
            self.calls.clear()

    def find(self, call: StorageCall) -> Effect | None:
        """The first rule that fires decides."""
        with self._lock:
            self.calls.append(call)
            return next((rule.effect for rule in self.rules if rule.fires(call)), None)

    def counted(self, match: Callable[[StorageCall], bool] = of_the_app) -> Counter[str]:
        """How many requests of each kind came."""
        with self._lock:
            return Counter(call.kind for call in self.calls if match(call))
