"""Table Storage as we use it, against a real emulator and against the limits the emulator lacks."""

from __future__ import annotations

import base64
import json
import string
from typing import Any

import pytest
from core_support import AWKWARD, at_once, next_id, pages
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InvalidInput
from shared.manifest import safe_id, shard_of
from shared.tables import Table, Tables, TooLarge, hashed, key

FORBIDDEN = set("/\\#?") | {chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)]}


@pytest.fixture
def table(tables: Tables) -> Table:
    return tables["UnitTables"]


@pytest.fixture
def partition() -> str:
    return next_id("p")


def token_of(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


@given(st.text() | st.sampled_from([*AWKWARD, "id\n", "", "K", "a/b\\c#d?e", "x" * 5000]))
def test_any_id_becomes_a_key_without_forbidden_characters(identity: str) -> None:
    for part in (safe_id(identity), hashed(identity), shard_of(identity)):
        assert part
        assert not FORBIDDEN & set(part)
        assert len(key("migration", part)) < 512


@given(st.text(), st.text())
def test_keys_of_ids_are_the_same_only_for_ids_that_differ_in_case(one: str, other: str) -> None:
    assert (safe_id(one) == safe_id(other)) <= (one.lower() == other.lower())


@given(st.uuids())
def test_an_id_of_the_service_stays_readable_and_has_one_key_in_any_case(identity: Any) -> None:
    assert safe_id(str(identity)) == safe_id(str(identity).upper()) == str(identity)


@pytest.mark.parametrize("part", ["", "a/b", "a\\b", "a#b", "a?b", "a\nb", "a\n", "ä", "a b", "%", "x" * 513])
def test_other_keys_are_programming_errors(part: str) -> None:
    with pytest.raises(ValueError, match="not a table key"):
        key(part)


VALUES: dict[str, Any] = {
    "text": "Größe 数据 🚀",
    "empty": "",
    "awkward": "\n".join(AWKWARD),
    "flag": True,
    "number": -(2**31),
    "large": 3 * 2**30,  # a file of 3 GiB
    "negative": -(2**31) - 1,
    "list": ["a", {"b": 1}],
    "object": {"ä": [1, 2]},
    "emptyObject": {},
}


@pytest.mark.parametrize("way", ["insert", "put", "insert_all", "replace"])
def test_values_come_back_as_they_were_written(table: Table, partition: str, way: str) -> None:
    match way:
        case "insert":
            table.insert(partition, "row", VALUES)
        case "put":
            table.put(partition, "row", VALUES)
        case "insert_all":
            table.insert_all(partition, {"row": VALUES})
        case _:
            table.insert(partition, "row", {"before": 1})
            found = table.get(partition, "row")
            assert found is not None
            table.replace(partition, "row", VALUES, found[1])
    found = table.get(partition, "row")
    assert found is not None
    assert found[0] == {"PartitionKey": partition, "RowKey": "row", **VALUES}
    assert {name: type(value) for name, value in found[0].items() if name in VALUES} == {
        name: type(value) for name, value in VALUES.items()
    }


def test_an_insert_happens_once_even_from_many_threads(table: Table, partition: str) -> None:
    jobs = [lambda number=number: table.insert(partition, "row", {"by": number}) for number in range(8)]
    results = at_once(*jobs)
    assert sorted(results) == [False] * 7 + [True]
    found = table.get(partition, "row")
    assert found is not None
    assert found[0]["by"] == results.index(True)


def test_a_replace_needs_the_version_it_read(table: Table, partition: str) -> None:
    table.insert(partition, "row", {"n": 0})
    found = table.get(partition, "row")
    assert found is not None
    etag = found[1]
    jobs = [
        lambda number=number: table.replace(partition, "row", {"n": number}, etag) for number in range(1, 6)
    ]
    assert sorted(at_once(*jobs)) == [False] * 4 + [True]
    table.delete(partition, "row")
    table.delete(partition, "row")
    assert not table.replace(partition, "row", {"n": 9}, etag)
    assert table.get(partition, "row") is None


def test_rows_are_inserted_all_or_told_that_one_was_there(table: Table, partition: str) -> None:
    rows = {f"r{number:03d}": {"n": number} for number in range(230)}
    assert table.insert_all(partition, rows)
    assert [row["n"] for row in table.partition(partition)] == list(range(230))
    assert not table.insert_all(partition, {"r100": {"n": -1}, "s": {"n": 1}})
    assert len(list(table.partition(partition))) == 230
    assert table.insert_all(partition, {})


@pytest.mark.parametrize(
    "values",
    [
        {"text": "x" * 29_001},
        {"text": "🚀" * 14_501},
        {"list": ["x" * 100] * 300},
        {f"p{n}": n for n in range(200)},
    ],
)
def test_what_azure_would_refuse_is_refused_here(
    table: Table, partition: str, values: dict[str, Any]
) -> None:
    with pytest.raises(TooLarge):
        table.put(partition, "row", values)


def test_the_largest_values_that_are_allowed_fit(table: Table, partition: str) -> None:
    table.put(partition, "row", {"text": "x" * 29_000, "astral": "🚀" * 14_500})
    assert table.get(partition, "row") is not None


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), max_size=24), st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_paging_gives_every_row_of_a_range_once_for_any_page_sizes(
    tables: Tables, places: list[int], sizes: list[int]
) -> None:
    table, prefix = tables["UnitPaging"], next_id("g")
    for number, place in enumerate(places):
        table.insert(f"{prefix}.{place}", f"r{number:02d}", {"n": number})
        table.insert(f"{prefix}-2.{place}", f"r{number:02d}", {"n": -1})  # a neighbour's
    turns = iter(range(1000))

    def read(token: str | None) -> tuple[list[int], str | None]:
        size = sizes[next(turns) % len(sizes)]
        page = table.page(f"{prefix}.0", f"{prefix}.9", size, token)
        assert len(page.rows) == size or page.token is None
        return [row["n"] for row in page.rows], page.token

    found = [number for page in pages(read) for number in page]
    assert found == sorted(range(len(places)), key=lambda number: (places[number], number))


def test_a_page_may_be_larger_than_what_the_service_gives_at_once(tables: Tables) -> None:
    table, prefix = tables["UnitPaging"], next_id("g")
    table.insert_all(prefix, {f"r{number:04d}": {} for number in range(1100)})
    page = table.page(prefix, prefix, 1050, None)
    assert (len(page.rows), page.token is None) == (1050, False)
    assert len(table.page(prefix, prefix, 1050, page.token).rows) == 50


def test_the_keys_of_a_range_come_alone_and_whole_however_many_pages_they_take(tables: Tables) -> None:
    table, prefix = tables["UnitPaging"], next_id("k")
    rows = {f"r{number:04d}": {"large": "x" * 100} for number in range(600)}
    for partition in ("a", "b", "z"):
        table.insert_all(key(prefix, partition), rows)
    assert list(table.row_keys(key(prefix, "a"), key(prefix, "b"))) == [*rows, *rows]


def test_a_row_that_comes_in_between_shifts_nothing(table: Table, partition: str) -> None:
    table.insert_all(partition, {name: {} for name in "bdf"})
    first = table.page(partition, partition, 2, None)
    table.insert(partition, "a", {})
    table.delete(partition, "b")
    rest = table.page(partition, partition, 10, first.token)
    assert [row["RowKey"] for row in first.rows + rest.rows] == ["b", "d", "f"]


POSITION = {"PartitionKey": "cA==", "RowKey": "cg=="}


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "ä",
        "=",
        " ",
        "\x00",
        token_of(None),
        token_of(7),
        token_of({}),
        token_of([]),
        token_of(["x", POSITION]),
        token_of(POSITION),
        "W" * 10_000,
        base64.urlsafe_b64encode(b"[" * 9_000).decode(),
    ],
)
def test_a_token_that_is_not_ours_is_the_callers_fault(table: Table, partition: str, token: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        table.page(partition, partition, 10, token)
    assert refused.value.faults[0]["field"] == "continuationToken"


@given(st.text(min_size=1) | st.text(string.ascii_letters + "-_=", min_size=1))
def test_random_tokens_are_the_callers_fault(tables: Tables, token: str) -> None:
    with pytest.raises(InvalidInput):
        tables["UnitTables"].page("p", "p", 10, token)


def test_a_token_of_one_list_is_refused_by_another(table: Table, partition: str) -> None:
    table.insert_all(partition, {"a": {}, "b": {}})
    token = table.page(partition, partition, 1, None).token
    assert token is not None
    with pytest.raises(InvalidInput):
        table.page("p0", "p0", 1, token)


@pytest.mark.parametrize(
    "position",
    [
        {"PartitionKey": "cA==\n", "RowKey": "cg=="},
        {"PartitionKey": "ä", "RowKey": "cg=="},
        {"PartitionKey": 1, "RowKey": "x"},
        {"PartitionKey": "cA=="},
        {"PartitionKey": ["x"], "RowKey": {}},
        [],
    ],
)
def test_a_forged_position_is_refused(table: Table, partition: str, position: Any) -> None:
    with pytest.raises(InvalidInput):
        table.page(partition, partition, 10, token_of([hashed(f"{partition} {partition}"), position]))


def test_a_forged_position_shows_no_other_list(table: Table, partition: str) -> None:
    table.insert(partition, "mine", {})
    table.insert(f"{partition}-other", "hidden", {})
    for place in (partition, f"{partition}-other", ""):
        position = {"PartitionKey": base64.b64encode(place.encode()).decode(), "RowKey": ""}
        page = table.page(partition, partition, 10, token_of([hashed(f"{partition} {partition}"), position]))
        assert {row["RowKey"] for row in page.rows} <= {"mine"}


def test_opening_a_table_does_not_touch_what_others_send_through(tables: Tables) -> None:
    """The SDK links the policies of a service client anew for each client made of it, while threads are in them."""
    opened: list[Any] = [tables[name]._client for name in ("PbiOne", "PbiTwo")]
    pipelines = (client._client._client._pipeline for client in opened)  # there is no public way to them
    one, two = ({id(policy) for policy in pipeline._impl_policies} for pipeline in pipelines)
    assert one
    assert not one & two
