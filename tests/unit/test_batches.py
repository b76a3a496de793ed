"""The queue: a message starts a migration or goes to the poison queue in words, always small enough for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import batches
from shared.batches import MAX_DELIVERIES, take
from shared.config import Settings
from shared.errors import Away
from shared.services import Services
from shared.strict_json import MAX_BYTES

QUEUE_BYTES = 64 * 1024
NAMES_OF_NO_BLOB = [
    "%",
    "%00",
    "a?b",
    "a#b",
    "a%2f..%2fb",
    "x/" * 400,
    "x" * 1024,
    "a/",
    "/",
    "//",
    "a.",
    "a b ",
    "~",
    ":",
    "ä" * 500,
    "数据/🚀",
    "*",
    "|",
    "<>",
    '"',
    "\\",
    "../x",
    "..",
    ".",
    "a/./b",
    "a\\..\\b",
    "?comp=list",
    "$root/x",
]


class Starts:
    """A starter that notes what it was asked to run, and fails where told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._failure = failure

    def __call__(
        self, orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False
    ) -> None:
        if self._failure is not None:
            raise self._failure
        self.asked.append(f"{orchestrator}/{instance_id}")


@pytest.fixture
def starts() -> Starts:
    return Starts()


def body(**changes: Any) -> dict[str, Any]:
    return {"source": "contoso", "target": "fabrikam", "workspaces": ["*"], **changes}


def sent(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def poison(rejected: str | None) -> dict[str, Any]:
    """A poison message as the queue takes it: base64 of JSON text within 64 KiB."""
    assert rejected is not None
    assert len(base64.b64encode(rejected.encode())) <= QUEUE_BYTES
    message = json.loads(rejected)
    assert set(message) == {"original", "error", "dequeueCount"}
    assert set(message["error"]) == {"code", "message", "details"}
    return message


def test_a_message_starts_what_the_same_body_by_http_would(
    services: Services, starts: Starts, migration: str
) -> None:
    assert take(services, starts, sent(body(id=migration)), 1) is None
    assert take(services, starts, sent(body(id=migration)), 2) is None  # delivered twice
    assert set(starts.asked) == {f"migration/{migration}"}
    assert services.manifest.migration(migration).status == "planning"


def test_a_large_body_lies_in_a_blob(services: Services, starts: Starts, migration: str) -> None:
    many = body(id=migration, workspaces=[f"workspace {number}" for number in range(10_000)])
    services.batches.write_json(f"{migration}.json", many)
    assert take(services, starts, sent({"bodyBlob": f"{migration}.json"}), 1) is None
    assert len(services.request_of(migration).workspaces) == 10_000


@pytest.mark.parametrize(
    "envelope", [{"bodyBlob": "missing"}, {"bodyBlob": 3}, {"bodyBlob": ""}, {"bodyBlob": None}]
)
def test_a_blob_that_is_not_there_is_named(
    services: Services, starts: Starts, envelope: dict[str, Any]
) -> None:
    message = poison(take(services, starts, sent(envelope), 1))
    assert message["error"]["details"][0]["field"] == "bodyBlob"


@pytest.mark.parametrize("name", NAMES_OF_NO_BLOB)
def test_a_name_no_blob_can_have_is_put_aside_at_once(services: Services, starts: Starts, name: str) -> None:
    message = poison(take(services, starts, sent({"bodyBlob": name}), 1))
    assert [detail["field"] for detail in message["error"]["details"]] == ["bodyBlob"]


def test_a_blob_larger_than_any_body_is_not_read(services: Services, starts: Starts, migration: str) -> None:
    services.batches.stage(f"{migration}.json", iter([b" " * 1024] * (MAX_BYTES // 1024) + [b"{}"]))
    message = poison(take(services, starts, sent({"bodyBlob": f"{migration}.json"}), 1))
    assert str(MAX_BYTES) in message["error"]["details"][0]["message"]


def test_a_blob_that_names_a_blob_is_no_body(services: Services, starts: Starts, migration: str) -> None:
    services.batches.write_json(f"{migration}.json", {"bodyBlob": f"{migration}.json"})
    message = poison(take(services, starts, sent({"bodyBlob": f"{migration}.json"}), 1))
    assert "bodyBlob" in {detail["field"] for detail in message["error"]["details"]}


def test_a_blob_beside_other_fields_is_refused(services: Services, starts: Starts, migration: str) -> None:
    services.batches.write_json(f"{migration}.json", body(id=migration))
    poison(take(services, starts, sent({"bodyBlob": f"{migration}.json", "id": "x"}), 1))
    assert services.manifest.find(migration) is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "request.invalid"),
        (b"\xff\xfe\x00", "request.invalid"),
        (b"\x00", "request.invalid"),
        (sent([]), "request.invalid"),
        (sent(body(source="nowhere", colour=1)), "request.invalid"),
    ],
)
def test_what_can_never_be_processed_goes_to_the_poison_queue_at_once(
    services: Services, starts: Starts, raw: bytes, code: str
) -> None:
    message = poison(take(services, starts, raw, 1))
    assert message["error"]["code"] == code
    assert message["original"] == raw.decode("utf-8", "replace")
    assert message["dequeueCount"] == 1
    assert starts.asked == []


def test_another_body_under_a_taken_id_is_refused_with_the_reason(
    services: Services, starts: Starts, migration: str
) -> None:
    take(services, starts, sent(body(id=migration)), 1)
    message = poison(take(services, starts, sent(body(id=migration, freeze=True)), 1))
    assert message["error"]["code"] == "migration.otherBody"


def test_what_may_work_later_is_delivered_again_and_named_at_the_last(
    services: Services, migration: str
) -> None:
    failing = Starts(RuntimeError("the hub is away, secret detail"))
    for delivery in range(1, MAX_DELIVERIES):
        with pytest.raises(RuntimeError):
            take(services, failing, sent(body(id=migration)), delivery)
    message = poison(take(services, failing, sent(body(id=migration)), MAX_DELIVERIES))
    assert "secret detail" not in json.dumps(message["error"])
    assert message["dequeueCount"] == MAX_DELIVERIES


def test_no_outage_uses_a_message_up(services: Services, migration: str) -> None:
    away = Starts(Away())
    for delivery in range(1, 3 * MAX_DELIVERIES):
        with pytest.raises(Away):
            take(services, away, sent(body(id=migration)), delivery)
    starts = Starts()
    assert take(services, starts, sent(body(id=migration)), 3 * MAX_DELIVERIES) is None
    assert starts.asked == [f"migration/{migration}"]


class Death(BaseException):
    """What ends the process passes every handler of errors."""


def dying(orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False) -> None:
    raise Death


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Each `next(lives)` is another process."""

    def begin() -> Iterator[int]:
        for number in range(100):
            monkeypatch.setattr("shared.deliveries.PROCESS", f"process {number}")
            yield number

    return begin()


def test_a_message_at_which_the_process_dies_each_time_is_not_tried_a_fifth_time(
    services: Services, starts: Starts, migration: str, lives: Iterator[int]
) -> None:
    raw, identity = sent(body(id=migration)), f"message of {migration}"
    for delivery in range(1, MAX_DELIVERIES):
        next(lives)
        with pytest.raises(Death):
            take(services, dying, raw, delivery, identity)
    next(lives)
    message = poison(take(services, starts, raw, MAX_DELIVERIES, identity))
    assert message["error"]["code"] == "message.processDied"
    assert (message["original"], message["dequeueCount"]) == (raw.decode(), MAX_DELIVERIES)
    assert starts.asked == []
    assert take(services, starts, raw, 1, f"copy of {identity}") is None  # another message of the same body


def test_deliveries_that_failed_or_died_now_and_then_are_tried_again(
    services: Services, starts: Starts, migration: str, lives: Iterator[int]
) -> None:
    raw, identity, away = sent(body(id=migration)), f"message of {migration}", Starts(RuntimeError("away"))
    for delivery, starter in enumerate((dying, away, dying, away), 1):
        next(lives)
        with pytest.raises((Death, RuntimeError)):
            take(services, starter, raw, delivery, identity)
    assert take(services, starts, raw, MAX_DELIVERIES, identity) is None
    assert starts.asked == [f"migration/{migration}"]


def test_a_process_that_could_not_take_its_mark_back_has_not_died(
    services: Services, starts: Starts, migration: str
) -> None:
    """Storage went away in the middle of each delivery, and the process lives on."""
    raw, identity = sent(body(id=migration)), f"message of {migration}"
    for delivery in range(1, 20):
        with pytest.raises(Death):
            take(services, dying, raw, delivery, identity)
    assert take(services, starts, raw, 20, identity) is None


@settings(max_examples=40)
@given(st.sampled_from(["x", "🚀", "\x01", '"', "\\", "ä", "\x00"]), st.integers(1, 48 * 1024), st.booleans())
def test_a_poison_message_always_fits_its_queue(
    storage: Settings, letter: str, size: int, as_json: bool
) -> None:
    text = letter * (size // len(letter.encode()))
    raw = sent({text: 1, "workspaces": [text] * 3})[: 48 * 1024] if as_json else text.encode()
    message = poison(take(Services(storage), Starts(), raw, 1))
    whole = raw.decode("utf-8", "replace")
    assert whole.startswith(message["original"])
    assert message["original"] == whole or len(message["original"]) >= 5_000


def test_many_faults_are_cut_to_what_fits(services: Services, starts: Starts) -> None:
    raw = sent(body(**{f"unknown {number} {'x' * 60}": 1 for number in range(400)}))
    message = poison(take(services, starts, raw, 1))
    assert message["error"]["code"] == "request.invalid"


def test_the_names_are_the_contracts() -> None:
    assert (batches.QUEUE, batches.POISON) == ("migration-batches", "migration-batches-poison")
