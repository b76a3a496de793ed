"""Start bodies: random ones are refused in words, right ones mean the same however they are written."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from core_support import CONNECTIONS, scalars, texts
from hypothesis import given
from hypothesis import strategies as st

from shared.config import load
from shared.errors import InvalidInput
from shared.intake import CUTOVER_SCHEMA, SCHEMA, Start, parse_cutover, parse_start
from shared.models import MigrationRequest
from shared.strict_json import MAX_BYTES, parse_json

SETTINGS = load(CONNECTIONS)
BODY: dict[str, Any] = {"source": "contoso", "target": "fabrikam", "workspaces": ["*"]}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
near_bodies = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.sampled_from(["contoso", "fabrikam", ["*"]]) for name in SCHEMA["properties"]
    },
)
bodies = st.fixed_dictionaries(
    {
        "source": st.just("contoso"),
        "target": st.just("fabrikam"),
        "workspaces": st.lists(texts, min_size=1, max_size=5),
    },
    optional={
        "capacities": st.dictionaries(texts, texts, max_size=3),
        "gateways": st.dictionaries(texts, texts, max_size=3),
        "principals": st.dictionaries(texts, texts | st.none(), max_size=3),
        "parameters": st.dictionaries(texts, scalars | st.dictionaries(texts, scalars), max_size=3),
        "credentials": st.dictionaries(texts, st.from_regex(r"[A-Za-z0-9-]+", fullmatch=True), max_size=3),
        "naming": st.sampled_from(["{name}", "{name} (moved)", "neu: {name}"]),
        "existing": st.sampled_from(["stop", "merge"]),
        "cutover": st.sampled_from(["manual", "auto"]),
        "freeze": st.booleans(),
    },
)


def started(**changes: Any) -> Start:
    return parse_start({**BODY, **changes}, SETTINGS)


def faults(body: Any) -> dict[str, dict[str, str]]:
    """The faults of a body by field; each says what is wrong and what to do."""
    with pytest.raises(InvalidInput) as refused:
        parse_start(body, SETTINGS)
    assert refused.value.code == "request.invalid"
    for fault in refused.value.faults:
        assert set(fault) == {"field", "message", "remedy"}
        assert fault["message"]
        assert fault["remedy"]
    json.dumps(refused.value.faults)
    return {fault["field"]: fault for fault in refused.value.faults}


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_random_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        parse_json(raw)
    except InvalidInput as refused:
        assert refused.faults[0]["remedy"]


@given(json_values | near_bodies)
def test_random_documents_are_accepted_or_refused(body: Any) -> None:
    try:
        assert parse_start(body, SETTINGS).body_hash
    except InvalidInput as refused:
        assert refused.faults
    try:
        parse_cutover(body)
    except InvalidInput as refused:
        assert refused.faults


@given(bodies, st.randoms(use_true_random=False))
def test_bodies_of_one_meaning_are_one_migration(body: dict[str, Any], dice: Any) -> None:
    """Order of fields and workspaces, defaults, repetitions, spelling of the connections: all the same."""
    other = {
        name: value
        for name, value in body.items()
        if MigrationRequest("", "", []).to_dict().get(name) != value
    }
    wanted = [*body["workspaces"], body["workspaces"][0]]
    dice.shuffle(wanted)
    other |= {"source": " CONTOSO", "target": "Fabrikam ", "workspaces": wanted, "id": "named"}
    fields = list(other.items())
    dice.shuffle(fields)
    first, second = parse_start(body, SETTINGS), parse_start(dict(fields), SETTINGS)
    assert first.body_hash == second.body_hash
    assert first.request == second.request
    assert first.id == first.body_hash[:32]
    assert second.id == "named"


@given(bodies, bodies)
def test_bodies_of_another_meaning_are_another_migration(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = parse_start(one, SETTINGS), parse_start(other, SETTINGS)
    assert (first.request == second.request) == (first.body_hash == second.body_hash)


@given(bodies)
def test_parsing_leaves_the_body_alone_and_can_be_repeated(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    first = parse_start(body, SETTINGS)
    assert body == before
    assert parse_start(first.request.to_dict(), SETTINGS) == first


def test_star_beside_names_means_everything() -> None:
    assert started(workspaces=["Sales", "*"]).request.workspaces == ["*"]


def test_every_fault_is_named_at_once() -> None:
    found = faults(
        {
            "id": "Not An Id",
            "source": "nowhere",
            "workspaces": ["Sales", 3, ""],
            "capacities": {"*": 1},
            "principals": {"a@x": ""},
            "credentials": {"sql:a": "not a name"},
            "naming": "no placeholder",
            "existing": "perhaps",
            "cutover": None,
            "freeze": "yes",
            "colour": "blue",
        }
    )
    assert set(found) == {
        "id",
        "source",
        "target",
        "workspaces[1]",
        "workspaces[2]",
        "capacities.*",
        "principals.a@x",
        "credentials.sql:a",
        "naming",
        "existing",
        "cutover",
        "freeze",
        "colour",
    }
    assert "contoso" in found["source"]["message"]  # what is configured instead


@pytest.mark.parametrize("body", [None, 3, "text", [], [BODY], {}])
def test_what_is_no_start_body_is_refused(body: Any) -> None:
    assert faults(body)


@pytest.mark.parametrize("identity", ["", "A", "a" * 41, "a b", "a/b", "a.b", "ä", "abc\n", "\nabc", "a\x00"])
def test_ids_that_could_be_no_key_are_refused(identity: str) -> None:
    assert set(faults({**BODY, "id": identity})) == {"id"}


@pytest.mark.parametrize("name", ["name\n", "a b", "", "ä", "../x"])
def test_secret_names_are_letters_digits_and_dashes(name: str) -> None:
    assert set(faults({**BODY, "credentials": {"sql:server": name}})) == {"credentials.sql:server"}


@pytest.mark.parametrize("other", ["contoso", "CONTOSO", " contoso "])
def test_a_tenant_is_not_moved_into_itself(other: str) -> None:
    assert set(faults({**BODY, "target": other})) == {"target"}


@pytest.mark.parametrize("section", ["capacities", "principals", "parameters", "gateways"])
def test_a_fault_inside_a_section_names_its_key(section: str) -> None:
    assert set(faults({**BODY, section: {"good": "x", "bad key.with dots": []}})) == {
        f"{section}.bad key.with dots"
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b'{"a": 1} trailing',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"'single'",
    ],
)
def test_what_is_no_strict_json_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_json(raw)
    (fault,) = refused.value.faults
    assert len(fault["message"]) < 500


@pytest.mark.parametrize("depth", [100, 900, 5_000, 20_000])
@pytest.mark.parametrize("field", ["parameters", "workspaces", "extra"])
def test_deep_nesting_is_refused_however_deep(depth: int, field: str) -> None:
    raw = json.dumps({name: value for name, value in BODY.items() if name != field})[:-1]
    deep = '{"a":' * depth + "1" + "}" * depth
    with pytest.raises(InvalidInput):
        parse_start(parse_json(f'{raw}, "{field}": {deep}}}'.encode()), SETTINGS)


def test_a_large_body_is_accepted_whole() -> None:
    names = [f"workspace {number} 数据" for number in range(20_000)]
    assert len(started(workspaces=names).request.workspaces) == 20_000


@given(st.fixed_dictionaries({}, optional={"force": st.booleans(), "reason": st.text(max_size=50)}))
def test_a_cutover_needs_neither_force_nor_reason(body: dict[str, Any]) -> None:
    assert parse_cutover(body) == (bool(body.get("force")), body.get("reason", ""))


@pytest.mark.parametrize(
    "body", [[], None, "x", {"force": 1}, {"reason": 2}, {"because": "x"}, {"reason": "x" * 1001}]
)
def test_other_cutover_bodies_are_refused(body: Any) -> None:
    with pytest.raises(InvalidInput):
        parse_cutover(body)


def test_the_published_fields_are_the_contracts() -> None:
    contract = "id source target workspaces capacities gateways principals parameters credentials naming"
    assert sorted(SCHEMA["properties"]) == sorted(f"{contract} existing cutover freeze".split())
    assert sorted(CUTOVER_SCHEMA["properties"]) == ["force", "reason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"workspaces": [7] * 100_000},
        {"parameters": {f"name {number}": None for number in range(100_000)}},
        {"principals": {f"@{number}": "nobody" for number in range(100_000)}},
        {f"unknown {number}": 1 for number in range(100_000)},
    ],
    ids=["entries", "values", "rules", "fields"],
)
def test_very_many_faults_are_named_in_part_and_said_to_be_more(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_start({**BODY, **changes}, SETTINGS)
    *named, last = refused.value.faults
    assert len(named) == 200
    assert "more faults" in last["message"]


def test_what_is_too_long_is_not_read() -> None:
    padded = json.dumps(BODY).encode() + b" " * MAX_BYTES
    assert parse_json(padded[:MAX_BYTES]) == BODY
    with pytest.raises(InvalidInput) as refused:
        parse_json(padded)
    assert str(MAX_BYTES) in refused.value.faults[0]["message"]


@pytest.mark.parametrize("name", ["{name}\n", "{name}\x00", "\t{name}", "{name}\x7f"])
def test_a_naming_has_no_control_characters(name: str) -> None:
    assert set(faults({**BODY, "naming": name})) == {"naming"}


@pytest.mark.parametrize("field", ["capacities", "gateways", "principals", "parameters", "credentials"])
@pytest.mark.parametrize("name", ["", "x" * 513])
def test_names_in_maps_are_as_long_as_names_are(field: str, name: str) -> None:
    assert set(faults({**BODY, field: {name: "value"}})) == {field}


def test_the_words_of_a_fault_are_for_people() -> None:
    for raw in (b'{"a": ' + b"9" * 5000 + b"}", b"[" * 200_000, b'{"a": "\\ud800"}', b"\xff", b'{"a": NaN}'):
        with pytest.raises(InvalidInput) as refused:
            parse_json(raw)
        assert "sys." not in refused.value.faults[0]["message"]
