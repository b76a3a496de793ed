"""Which objects a failed import is proved to have made: by its own words, else by being the only new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.remains import Facts, find, remains
from activities.survey import Contents

BEGAN, LATER, EARLIER = "2026-11-21T12:00:00Z", "2026-11-21T12:01:00Z", "2026-11-21T11:59:00Z"

type Row = Mapping[str, Any]


def failed(*made: Row) -> Row:
    """Our import, with what it names."""
    return {
        "id": "OURS",
        "name": "Sales",
        "importState": "Failed",
        "createdDateTime": BEGAN,
        "datasets": [row for row in made if "datasetId" not in row],
        "reports": [row for row in made if "datasetId" in row],
    }


def dataset(identity: str = "d", **facts: Any) -> Row:
    return {"id": identity, "name": "Sales", **facts}


def report(identity: str = "r", model: str = "d", **facts: Any) -> Row:
    return {"id": identity, "name": "Sales", "datasetId": model, **facts}


def facts(*strangers: str, surveyed: bool = True) -> Facts:
    return Facts("sales", frozenset(strangers), surveyed, frozenset({"our-app"}))


def there(*rows: Row, imports: tuple[Row, ...] = ()) -> Contents:
    reports = [row for row in rows if "datasetId" in row]
    return Contents([failed(), *imports], reports, [row for row in rows if row not in reports])


def judged(known: Facts, content: Contents, import_: Row | None = None) -> tuple[set[str], set[str]]:
    """What is removed, and what stays and is named."""
    left = remains(known, content, import_ or failed())
    return {*left.reports, *left.datasets}, set(left.unproved)


def test_what_the_import_names_is_ours_under_any_name() -> None:
    own = (dataset("D", name="renamed"), report("R", "d"))
    content = there(*own, dataset("other"), report("theirs", "other"))
    assert judged(facts(), content, failed(*own)) == ({"D", "R"}, {"other", "theirs"})


def test_the_only_new_ones_of_the_name_are_ours() -> None:
    assert judged(facts("old"), there(dataset(), report(), dataset("old"))) == ({"d", "r"}, set())
    assert judged(facts(), there(dataset())) == ({"d"}, set())
    assert judged(facts(), there(report(model="gone"))) == ({"r"}, set())


@pytest.mark.parametrize(
    "content",
    [
        there(dataset("d"), dataset("e")),
        there(dataset(), imports=({"id": "i2", "name": "Sales.pbix", "importState": "Publishing"},)),
        there(dataset(), imports=({"id": "i2", "name": "Sales", "importState": "Succeeded"},)),
        there(dataset(configuredBy="alice@fabrikam.com")),
        there(dataset(createdDate=EARLIER)),
    ],
    ids=["two", "another import at work", "another import ended", "a person's", "older than ours"],
)
def test_what_something_speaks_against_stays(content: Contents) -> None:
    removed, unproved = judged(facts(), content)
    assert removed == set()
    assert unproved == {row["id"] for row in content.datasets}


def test_what_speaks_for_us_is_no_obstacle() -> None:
    assert judged(facts(), there(dataset(configuredBy="app:our-app@tenant", createdDate=LATER)))[0] == {"d"}
    assert judged(facts(), there(dataset(configuredBy="our-app", createdDate="no time")))[0] == {"d"}
    past = {"id": "i2", "name": "Sales", "importState": "Failed"}
    assert judged(facts("i2"), there(dataset(), imports=(past,)))[0] == {"d"}


def test_without_a_survey_nothing_follows_from_names() -> None:
    assert judged(facts(surveyed=False), there(dataset(), report())) == (set(), {"d", "r"})
    assert judged(facts(surveyed=False), there(dataset()), failed(dataset())) == ({"d"}, set())


def test_a_model_that_others_use_stays() -> None:
    content = there(dataset(), report("theirs", "D", name="Another"))
    assert judged(facts(), content, failed(dataset())) == (set(), {"d"})


def test_what_another_import_names_is_not_ours_even_if_ours_names_it_too() -> None:
    other = {"id": "i2", "name": "Sales", "importState": "Succeeded", "datasets": [dataset()]}
    assert judged(facts(), there(dataset(), imports=(other,)), failed(dataset()))[0] == set()


ids = st.sampled_from(["a", "b", "c", "d", "e"])
rows = st.lists(
    st.builds(dataset, ids, name=st.sampled_from(["Sales", "SALES", "x"]))
    | st.builds(report, ids.map("r-{}".format), ids, name=st.sampled_from(["Sales", "x"])),
    max_size=6,
    unique_by=lambda row: row["id"],
)


@given(rows, st.sets(ids | ids.map("r-{}".format)), st.sets(ids | ids.map("r-{}".format)), st.booleans())
def test_laws(content: list[Row], strangers: set[str], others: set[str], names_its_own: bool) -> None:
    """Whatever is there: nobody else's object goes, no report goes with a model but our own, nothing twice."""
    other = {"id": "i2", "name": "x", "datasets": [{"id": identity} for identity in others]}
    made = failed(*content) if names_its_own else failed()
    left = remains(facts(*strangers), there(*content, imports=(other,)), made)
    removed = {*left.reports, *left.datasets}
    assert not removed & (strangers | others)
    assert not removed & set(left.unproved)
    taken_along = {row["id"] for row in content if row.get("datasetId") in left.datasets}
    assert taken_along <= set(left.reports)
    if not names_its_own:
        assert len(left.datasets) <= 1


def test_one_report_on_one_model_has_arrived() -> None:
    pair = find(facts("old"), there(dataset("D"), report(), dataset("old")), "ours").pair
    assert pair is not None
    assert [row["id"] for row in pair] == ["r", "D"]


@pytest.mark.parametrize(
    ("content", "unclear"),
    [
        (there(), False),
        (there(dataset()), False),
        (there(report(model="elsewhere")), True),
        (there(dataset("d"), dataset("e")), True),
        (there(dataset(), report(), report("s")), True),
        (there(dataset(), report(model="another")), True),
        (there(dataset(), imports=({"id": "i2", "name": "Sales"},)), True),
    ],
)
def test_anything_else_has_not(content: Contents, unclear: bool) -> None:
    found = find(facts(), content, "ours")
    assert (found.pair, found.is_unclear) == (None, unclear)
