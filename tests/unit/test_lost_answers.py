"""Storage whose answers are lost: what landed is known as ours, and what is an outage is told from a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from core_support import CONNECTIONS, HandClock, next_id
from storage_faults import BUSY, CUT_AFTER, CUT_BEFORE, REFUSED_ETAG, Effect, Rule, StorageCall
from storage_proxy import StorageProxy

from activities.frame import Body, run
from local.azurite import Azurite
from shared.config import load
from shared.errors import IdentityRefused
from shared.models import Migration
from shared.outcomes import Done
from shared.services import Services
from shared.storage import PAUSES_S, is_outage
from shared.tables import Table

TRIES = len(PAUSES_S) + 1


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageProxy]:
    with Azurite(tmp_path_factory.mktemp("azurite")) as emulator, StorageProxy(emulator) as running:
        yield running


@pytest.fixture
def away(proxy: StorageProxy, clock: HandClock) -> Iterator[Services]:
    """Services whose storage lies behind the proxy."""
    yield Services(load({**CONNECTIONS, "AzureWebJobsStorage": proxy.connection_string}), clock)
    proxy.faults.clear()


@pytest.fixture
def table(away: Services) -> Table:
    table = away.tables["UnitLost"]
    table.get("none", "none")  # the table itself is there before anything fails
    return table


def writes(call: StorageCall) -> bool:
    return call.service == "table" and call.method in ("POST", "PUT") and call.holder == "UnitLost"


VALUES = {"text": "ä", "number": 2**40, "ratio": 0.1, "list": [1, {"a": None}], "none": None, "flag": True}


@pytest.mark.parametrize("effect", [CUT_AFTER, CUT_BEFORE, BUSY])
def test_an_insert_that_landed_unheard_is_ours(proxy: StorageProxy, table: Table, effect: Effect) -> None:
    pk = next_id("p")
    rule = proxy.faults.add(Rule(effect, writes, times=1))
    assert table.insert(pk, "r", VALUES)
    assert len(rule.fired) == 1
    assert not table.insert(pk, "r", VALUES)  # a second one is not


def test_an_insert_of_somebody_else_stays_theirs(proxy: StorageProxy, table: Table) -> None:
    pk = next_id("p")
    table.insert(pk, "r", {"who": "they"})
    proxy.faults.add(Rule(BUSY, writes, times=1))
    assert not table.insert(pk, "r", {"who": "we"})


@pytest.mark.parametrize("effect", [CUT_AFTER, CUT_BEFORE, BUSY])
def test_a_change_that_landed_unheard_is_ours(proxy: StorageProxy, table: Table, effect: Effect) -> None:
    pk = next_id("p")
    first = table.swap(pk, "r", {"n": 1}, "")
    assert first
    proxy.faults.add(Rule(effect, writes, times=1))
    second = table.swap(pk, "r", {"n": 2, **VALUES}, first)
    found = table.get(pk, "r")
    assert found is not None
    assert found[1] == second
    assert not table.replace(pk, "r", {"n": 3}, first)


def test_a_refused_etag_is_no_outage(proxy: StorageProxy, table: Table) -> None:
    pk = next_id("p")
    etag = table.swap(pk, "r", {"n": 1}, "")
    assert etag
    proxy.faults.add(Rule(REFUSED_ETAG, writes, times=1))
    assert not table.replace(pk, "r", {"n": 2}, etag)


@pytest.mark.parametrize("effect", [BUSY, CUT_BEFORE, Effect(500), Effect(429), Effect(504)])
def test_what_does_not_pass_within_a_request_is_an_outage(
    proxy: StorageProxy, table: Table, effect: Effect
) -> None:
    with proxy.answering(effect) as rule, pytest.raises(Exception) as caught:
        table.insert(next_id("p"), "r", {})
    assert is_outage(caught.value)
    assert len(rule.fired) == TRIES


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_no_outage(proxy: StorageProxy, table: Table, status: int) -> None:
    with proxy.answering(Effect(status, "Refused")), pytest.raises(Exception) as caught:
        table.put(next_id("p"), "r", {})
    assert not is_outage(caught.value)


def test_errors_of_ours_are_no_outage() -> None:
    assert not is_outage(ValueError())
    assert not is_outage(IdentityRefused("invalid_client"))


def body_of(work: Callable[[Services], None]) -> Body:
    def activity(services: Services, call: object) -> Done:
        work(services)
        return Done()

    return activity


def test_an_activity_waits_as_long_as_storage_is_away(proxy: StorageProxy, away: Services) -> None:
    payload = {"scale": 1.0, "state_that_is_no_ones": 1, "waited": 7.0}
    body, waits = body_of(lambda services: services.manifest.find("nothing") and None), list[float]()
    with proxy.answering(CUT_BEFORE):
        for _ in range(7):
            outcome = run(body, away, payload)
            assert outcome["outcome"] == "wait"
            assert outcome["state"]["waited"] == 7.0
            waits.append(outcome["seconds"])
            payload = {"scale": 1.0, **outcome["state"]}
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    assert run(body, away, payload) == {"outcome": "done", "value": {}}
    with proxy.answering(CUT_BEFORE):
        assert run(body, away, {"scale": 0.001})["seconds"] == 0.2


def refused(for_s: float) -> Body:
    def work(_: Services) -> None:
        error = IdentityRefused(
            "invalid_client", "AADSTS7000222", operation="Entra_Token", connection="fabrikam"
        )
        error.refused_s = for_s
        raise error

    return body_of(work)


def begun(services: Services, status: str) -> str:
    identity = next_id("refused-")
    services.manifest.create(Migration(identity, status, "contoso", "fabrikam", "h", "t", "t"))
    return identity


def test_work_under_way_waits_an_hour_for_a_new_secret(services: Services) -> None:
    call = {"migration": begun(services, "running"), "scale": 1.0}
    outcome = run(refused(3599), services, call)
    assert (outcome["outcome"], outcome["seconds"]) == ("wait", 300)
    found = services.findings.page(call["migration"], 10).rows
    assert [(row.code, row.severity, row.kind, row.name) for row in found] == [
        ("connection.refused", "blocker", "connection", "fabrikam")
    ]
    assert run(refused(3600), services, call)["code"] == "invalid_client"
    assert run(body_of(lambda _: None), services, {**call, **outcome["state"]})["outcome"] == "done"
    assert services.findings.page(call["migration"], 10).rows == []  # it goes on: nobody has to do anything


def test_a_plan_says_at_once_that_the_secret_is_wrong(services: Services) -> None:
    call = {"migration": begun(services, "planning"), "scale": 1.0}
    assert run(refused(0), services, call)["code"] == "invalid_client"
    assert services.findings.page(call["migration"], 10).rows == []
