"""Thousands of bodies, messages and requests nobody should send: answered in words, nothing lost, nothing let out.

`make test` sends 1,100 of them and `make chaos` 10,000 (tests/properties adds those that need no app). Case n of a
seed is always the same: `FUZZ_SEED=<seed>` repeats a run, and a failure names seed and number.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from batch_queue import BatchQueue
from driver import Driver
from evidence import until
from hostile_bodies import AWKWARD, QUEUE_BYTES, Body, awkward_but_valid, start_body
from hostile_requests import Request, request

from local.azurite import Azurite
from local.process import ROOT
from sandbox.server import Sandbox

SEED = int(os.environ.get("FUZZ_SEED", "4711"))
SENDERS = 4
SHOWN = 5_000  # characters of a message that the poison queue shows at least
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}  # the app answers these; others never reach it
# Traces, our own paths, types and names of the language: nothing of the code behind may show.
LEAK = re.compile(rf'Traceback|File "|\.py\b|line \d+, in |site-packages|<class |object at 0x|sys\.|{ROOT}')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    kind: str
    text: str

    def error(self) -> dict[str, Any]:
        return json.loads(self.text)["error"]


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite(tmp_path_factory.mktemp("fuzz-azurite")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("fuzz")
    with Sandbox(folder / "sandbox", workspaces=1) as sandbox:
        sandbox.control.quotas(scale=0.0002)  # hundreds of small migrations are no estate
        driver = Driver(azurite, sandbox, folder / "app", **sandbox.control.quotas_env())
        driver.app.start()
        yield driver
        driver.app.stop()
    assert_log_is_whole(driver.app.log.read_text())


def assert_log_is_whole(text: str) -> None:
    """Every event one line of JSON, whatever it carried, and none of them unforeseen."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    entries = [json.loads(line, parse_constant=_no_constant) for line in lines]
    assert not [entry for entry in entries if entry.get("exception")]
    assert text.isascii() and "\x1b" not in text
    assert "Traceback" not in "".join(line for line in text.splitlines() if not line.startswith("{"))


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def send(driver: Driver, sent: Request) -> Answer:
    """Over a plain connection: a client library would put right what is meant to be wrong."""
    connection = HTTPConnection(urlsplit(driver.app.url).netloc, timeout=60)
    try:
        connection.putrequest(sent.method, sent.path, skip_accept_encoding=True)
        for name, value in {**sent.headers, "Content-Length": str(len(sent.body))}.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(sent.body)
        got = connection.getresponse()
        return Answer(got.status, got.headers.get_content_type(), got.read().decode())
    finally:
        connection.close()


def assert_proper(sent: Request, answer: Answer) -> None:
    """In the contract's form, or not for the app at all."""
    assert answer.status < 500, answer
    assert not LEAK.search(answer.text), answer
    if answer.status < 400 or sent.method not in METHODS:
        return
    assert answer.kind == "application/json", answer
    error = answer.error()
    assert set(error) == {"code", "message", "details"}, answer
    assert re.fullmatch(r"[a-z]\w*(\.\w+)*", error["code"]) and error["message"], answer
    if answer.status == 400:
        assert error["details"], answer
        for detail in error["details"]:
            assert detail["message"] and detail["remedy"], answer
            assert len(detail["message"]) < 1000, answer


def assert_judged(body: Body, answer: Answer) -> None:
    """A valid body is accepted; of a wrong one every wrong field is named, and no other."""
    if body.faulty is None:
        assert answer.status in {200, 202, 400, 409}, answer
    elif not body.faulty:
        assert answer.status in {200, 202}, answer
    else:
        assert answer.status == 400, answer
        named = {_top(detail["field"], body.faulty) for detail in answer.error()["details"]}
        assert named == body.faulty, answer


def _top(field: str, expected: frozenset[str]) -> str:
    """`workspaces[3]` is about workspaces; a name from outside may hold dots of its own, and is shown cut."""
    whole = next((name for name in expected if name[:80] == field), None)
    return whole if whole is not None else re.split(r"[.\[]", field, maxsplit=1)[0]


def each(count: int, check: Callable[[int], Any]) -> list[Any]:
    """Run the numbered checks, several at once; a failure says which one of which seed it was."""

    def checked(number: int) -> Any:
        try:
            return check(number)
        except Exception as error:
            raise AssertionError(f"FUZZ_SEED={SEED} case {number}: {error}") from error

    with ThreadPoolExecutor(SENDERS) as senders:
        return list(senders.map(checked, range(count)))


def chance(kind: str, number: int) -> random.Random:
    return random.Random(f"{SEED} {kind} {number}")


def post_body(driver: Driver, number: int) -> str | None:
    """The id of what was started, if anything was."""
    body = start_body(chance("body", number))
    sent = Request(body.kind, "POST", "/api/migrations", body.raw)
    answer = send(driver, sent)
    assert_proper(sent, answer)
    assert_judged(body, answer)
    return json.loads(answer.text)["id"] if answer.status in {200, 202} else None


def bodies(driver: Driver, count: int) -> None:
    before = {row["id"] for row in driver.all("migrations")}
    started = {identity for identity in each(count, partial(post_body, driver)) if identity}
    assert {row["id"] for row in driver.all("migrations")} == before | started


def requests(driver: Driver, count: int) -> None:
    before = {row["id"] for row in driver.all("migrations")}

    def check(number: int) -> None:
        sent = request(chance("request", number))
        assert_proper(sent, send(driver, sent))

    each(count, check)
    assert {row["id"] for row in driver.all("migrations")} == before


def messages(driver: Driver, azurite: Azurite, count: int) -> None:
    """Every message has started one migration, or lies in the poison queue as it came, with the reason."""
    queue, before = BatchQueue(azurite), {row["id"] for row in driver.all("migrations")}
    drawn = [start_body(chance("message", number)) for number in range(count)]
    small = [body for body in drawn if len(body.raw) <= QUEUE_BYTES]
    each(len(small), lambda number: queue.put_bytes(small[number].raw))
    queue.await_drained(within=60 + count / 10)
    found = queue.take_poisoned()
    assert all(isinstance(one["dequeueCount"], int) and one["error"]["message"] for one in found)
    assert not LEAK.search(json.dumps([one["error"] for one in found]))
    aside = Counter(one["original"][:SHOWN] for one in found)
    assert not Counter(_original(body) for body in small if body.faulty) - aside, f"lost; FUZZ_SEED={SEED}"
    assert not aside - Counter(_original(body) for body in small if body.faulty != frozenset())
    started = {row["id"] for row in driver.all("migrations")} - before
    assert len(started) <= len(small) - len(found)


def _original(body: Body) -> str:
    """What the poison queue shows of a message: its text, or the base64 of what is none."""
    try:
        return body.raw.decode()[:SHOWN]
    except UnicodeDecodeError:
        return base64.b64encode(body.raw).decode()[:SHOWN]


def test_bodies(driver: Driver) -> None:
    bodies(driver, 550)


def test_requests(driver: Driver) -> None:
    requests(driver, 350)


def test_messages(driver: Driver, azurite: Azurite) -> None:
    messages(driver, azurite, 200)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_ten_thousand_of_them(driver: Driver, azurite: Azurite) -> None:
    bodies(driver, 5_000)
    requests(driver, 3_500)
    messages(driver, azurite, 1_500)


def test_awkward_yet_valid_bodies_come_to_rest_in_words(driver: Driver) -> None:
    """Names that break careless code end in findings that show them as they are."""
    base = {"source": "contoso", "target": "fabrikam"}
    for number, text in enumerate(AWKWARD):
        sent = json.dumps(awkward_but_valid(number, base)).encode()
        answer = send(driver, Request("awkward", "POST", "/api/migrations", sent))
        assert answer.status == 202, (text, answer)
    for number, text in enumerate(AWKWARD):
        assert driver.rest(f"awkward-{number}")["status"] == "failed"
        findings = driver.all(f"migrations/awkward-{number}/findings")
        assert text in {row["name"] for row in findings if row["code"] == "inventory.unknownWorkspace"}


def test_the_largest_bodies_are_refused_in_words(driver: Driver) -> None:
    for size in (17 * 1024 * 1024, 101 * 1024 * 1024):
        sent = Request("huge", "POST", "/api/migrations", b" " * size)
        answer = send(driver, sent)
        assert 400 <= answer.status < 500, answer
        assert answer.error()["message"]


def test_a_message_in_a_blob_that_is_too_much_is_put_aside(driver: Driver, azurite: Azurite) -> None:
    queue = BatchQueue(azurite)
    queue.put_blob("huge.json", {"source": " " * 17 * 1024 * 1024})
    wrong = ["huge.json", "gone.json", "../pbi-migrations/x", "", "a?b", "%2e%2e", 5, None, *AWKWARD]
    for name in wrong:
        queue.put({"bodyBlob": name})
    until(lambda: queue.waiting_poison() == len(wrong), "all of them put aside")
    found = queue.take_poisoned()
    assert {one["error"]["details"][0]["field"] for one in found} == {"bodyBlob"}
    assert {one["dequeueCount"] for one in found} == {1}
