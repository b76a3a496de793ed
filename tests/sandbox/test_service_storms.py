"""429 in all its forms, for a while; the ledger says when each client may come back, and who came too soon."""

from typing import Any

from service_client import Client

from sandbox.server import Sandbox


def test_a_storm_tells_its_odd_waits_in_turn(sandbox: Sandbox, source: Client) -> None:
    waits: list[Any] = ["0", "-5", None, {"date": 60}, {"text": 9}, "rest"]
    sandbox.control.storm(600, waits)
    answers = [source.get("groups") for _ in range(7)]
    assert {answer.status_code for answer in answers} == {429}
    told = [answer.headers.get("Retry-After") for answer in answers]
    assert told[:3] == [*told[6:], "-5", None] == ["0", "-5", None]
    assert (told[3] or "").endswith(" GMT") and told[4] is None and 590 < int(told[5] or 0) <= 600
    assert answers[4].json()["message"].endswith("Retry in 9 seconds.")
    counted = [round(entry["told"]) for entry in sandbox.control.ledger() if entry["status"] == 429]
    assert counted[:3] == [0, 0, 0] and 58 <= counted[3] <= 60 and counted[4] == 9 and counted[5] > 590


def test_a_storm_spares_tokens_and_ends(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.storm(600, [1])
    assert source.token(source.app_grant()).status_code == 200
    assert source.get("groups").status_code == 429
    sandbox.control.clear_faults()
    sandbox.control.storm(0)
    assert source.get("groups").status_code == 200


def test_a_storm_may_meet_some_calls_only(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.storm(600, [None], operation="Groups_CreateGroup")
    assert source.post("groups", {"name": "x"}).status_code == 429
    assert source.get("groups").status_code == 200


def test_who_comes_sooner_than_told_is_written_down(sandbox: Sandbox, source: Client, master: Client) -> None:
    sandbox.control.settings(grace=0)
    sandbox.control.fault({"operation": "Groups_GetGroups", "times": 1}, {"status": 429, "retryAfter": 600})
    source.get("groups")
    assert sandbox.control.violations() == []
    assert source.get("capacities").status_code == 200
    assert master.get("groups").status_code == 200
    (found,) = sandbox.control.violations()
    assert (found["kind"], found["operation"], found["told"]) == (
        "early-call",
        "Capacities_GetCapacities",
        600,
    )
    assert 590 < found["early"] <= 600
    sandbox.control.clear_violations()
    source.get("groups")
    assert sandbox.control.violations() == []


def test_a_spent_quota_speaks_for_its_bucket_only(sandbox: Sandbox, source: Client, admin: Client) -> None:
    sandbox.control.settings(grace=0)
    sandbox.control.quotas(wall={"admin.items": [[1, 600]]})
    for path in ("reports", "reports", "datasets", "groups?$top=1"):
        admin.get(f"admin/{path}")
    assert sandbox.control.violations() == []
    admin.get("admin/reports")
    assert [item["operation"] for item in sandbox.control.violations()] == ["Reports_GetReportsAsAdmin"]


def test_who_is_told_nothing_is_never_early(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.settings(grace=0)
    sandbox.control.storm(600, ["0", "-1", None, "garbage", {"date": -9}, "1e9", "NaN"])
    for _ in range(14):
        source.get("groups")
    assert sandbox.control.violations() == []
