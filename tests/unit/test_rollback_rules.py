"""Whose is what in a target, by ids alone, and which rights are still as we gave them."""

from __future__ import annotations

from typing import Any

import pytest
from core_support import HandClock, next_id

from activities.adoption import ADOPTED
from activities.belongings import belongings, hanging_on, strangers
from activities.taking_back import Given, all_given, still_given
from shared.models import ItemRow, Kind
from shared.ownership import Owned, Ownership
from shared.services import Services
from shared.tables import Tables
from shared.writes import Intent, NotYet

SPACE = "w1"


def pair(number: int, **report: Any) -> list[ItemRow]:
    model = ItemRow(SPACE, Kind.DATASET, f"d{number}", "Sales", target_id=f"TD{number}")
    given = {"target_id": f"TR{number}", "import_id": f"i{number}", **report}
    return [model, ItemRow(SPACE, Kind.REPORT, f"r{number}", "Sales", dataset_id=f"D{number}", **given)]


def test_ours_is_what_our_imports_brought() -> None:
    listed = [
        {"id": "I1", "reports": [{"id": "tr1"}, {"id": "extra"}], "datasets": [{"id": "td1"}]},
        {"id": "others", "reports": [{"id": "theirs"}], "datasets": []},
    ]
    adopted = pair(2, import_id="", note=f"{ADOPTED} first")
    unsent = pair(3, import_id="")
    found = belongings([*pair(1), *adopted, *unsent], listed, [{"import": "i1"}])
    assert (found.reports, found.datasets) == ({"tr1", "extra"}, {"td1"})
    assert {row.source_id for row in found.rows} == {"r1", "d1"}


def test_what_was_taken_over_is_not_ours_though_an_import_of_it_was_sent() -> None:
    assert not belongings(pair(1, note=f"{ADOPTED} first"), (), [{"import": "i1"}]).rows


def test_objects_that_were_found_in_no_import_are_ours() -> None:
    sent = {"import": "", "report": {"id": "TR1"}, "dataset": {"id": "TD1"}}
    found = belongings(pair(1, import_id=""), (), [sent])
    assert (found.reports, found.datasets) == ({"tr1"}, {"td1"})


def test_reports_of_others_on_our_model() -> None:
    ours = belongings(pair(1), (), [{"import": "i1"}])
    reports = [
        {"id": "tr1", "name": "Sales", "datasetId": "td1"},
        {"id": "x", "name": "People's", "datasetId": "TD1"},
        {"id": "y", "name": "Elsewhere", "datasetId": "other"},
        {"id": "z", "name": "Unbound"},
    ]
    assert hanging_on("td1", reports, ours) == ["People's (x)"]
    everything = [*reports, {"id": "TD1", "name": "Sales"}, {"objectId": "f", "name": "Flow"}]
    assert set(strangers(everything, ours)) == {"x", "y", "z", "f"}


def asked(right: str, had: str | None, who: str = "a@x") -> dict[str, Any]:
    return {"identifier": who, "kind": "User", "right": right, "had": had}


def user(right: str, who: str = "A@x") -> dict[str, str]:
    return {"identifier": who, "groupUserAccessRight": right}


def test_the_right_before_the_first_of_ours_counts() -> None:
    given = all_given(
        [asked("Viewer", None), asked("Member", "Viewer", "A@X"), asked("Admin", "Member", "b@x")]
    )
    assert given == [Given("A@X", "User", "Member", None), Given("b@x", "User", "Admin", "Member")]


def test_only_a_right_that_is_as_we_gave_it_is_taken_back() -> None:
    given = [Given("a@x", "User", "Member", None)]
    assert still_given(given, [user("Member")], ()) == given
    assert still_given(given, [user("Admin")], ()) == []  # somebody changed it
    assert still_given(given, [], ()) == []  # somebody removed it
    assert still_given(given, [user("Member")], {"a@x"}) == []  # our own
    assert still_given([Given("a@x", "User", "Member", "Member")], [user("Member")], ()) == []


def intent(migration: str) -> Intent:
    return Intent(migration, SPACE, "import", "r1", "Imports_PostImportInGroup", "Sales", "fabrikam", "app")


def test_a_write_that_was_begun_is_settled_without_writing(services: Services, clock: HandClock) -> None:
    began, made = intent(next_id("settle-")), {"import": "i1"}
    services.tables["PbiIntents"].insert(began.partition, began.row, open_since(clock))
    assert services.gate.settle(intent("never-begun"), lambda before: made) is None
    with pytest.raises(NotYet) as early:
        services.gate.settle(began, lambda before: None, longest_s=100)
    clock.move((early.value.until - clock.now()).total_seconds())
    assert services.gate.settle(began, lambda before: None, longest_s=100) is None
    assert not services.gate.is_open(began)


def test_what_a_begun_write_has_made_is_recorded(services: Services, clock: HandClock) -> None:
    began, made = intent(next_id("settle-")), {"import": "i1"}
    services.tables["PbiIntents"].insert(began.partition, began.row, open_since(clock))
    assert services.gate.settle(began, lambda before: made) == made
    assert services.gate.settle(began, lambda before: None) == made
    services.gate.drop(began)
    assert not services.gate.is_open(began)


def open_since(clock: HandClock) -> dict[str, Any]:
    return {"state": "open", "tried": clock.now().isoformat(), "tries": 1, "before": {}, "result": {}}


def test_a_workspace_is_given_back_to_whom_it_was_taken_from(tables: Tables) -> None:
    ownership, space = Ownership(tables), next_id("space-")
    first, second = (Owned(name, "tenant", "source") for name in ("first", "second"))
    assert ownership.claim("target", space, first) and ownership.succeed("target", space, second, first)
    ownership.release("target", space, first, None)  # no longer its own
    assert ownership.owner("target", space) == second
    ownership.release("target", space, second, first)
    assert ownership.owner("target", space) == first
    ownership.share("target", space, first)
    ownership.release("target", space, first, None)
    assert ownership.owner("target", space) is None and ownership.sources("target", space) == []


def test_who_was_found_finished_and_goes_on_keeps_the_lease(tables: Tables) -> None:
    """Between the look at the holder and the taking over the holder begins anew: the taking over fails."""
    ownership, space = Ownership(tables), next_id("leased-")
    first, second = (Owned(name, "tenant", space) for name in ("first", "second"))
    seen: list[Owned] = []

    def is_over(holder: Owned) -> bool:
        seen.append(holder)
        if len(seen) == 1:
            assert ownership.lease("target", first, lambda holder: False) is None
            return True
        return False

    assert ownership.lease("target", first, lambda holder: False) is None
    assert ownership.lease("target", second, is_over) == first
