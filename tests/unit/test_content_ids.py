"""Ids in any text: found in every spelling, replaced in their own, and nothing else is touched."""

from __future__ import annotations

import pytest
from content_support import BOARD, IDS, MODEL, TO_MODEL, TO_WORKSPACE, WORKSPACE, some_ids, some_texts
from hypothesis import given
from hypothesis import strategies as st

from shared.content.encoding import decode, encode
from shared.content.ids import IdMap, guids, rewrite_text
from shared.errors import ContentError


@pytest.mark.parametrize(
    "around",
    ["{}", "{{{}}}", '"{}"', "groups/{}/reports", "sobe_wowvirtualserver-{}", "%7B{}%7D", "groupId%3D{}",
     "url%253D{}", "\\u0022{}\\u0022", "\\\\u0022{}", "x={};", "{}\n", "groups%2F{}%2F"],
)  # fmt: skip
def test_an_id_is_found_and_replaced_in_every_spelling(around: str) -> None:
    for spelt, target in ((MODEL, TO_MODEL), (MODEL.upper(), TO_MODEL.upper())):
        text = around.format(spelt)
        assert guids(text) == {MODEL}
        done = rewrite_text(text, IDS)
        assert (done.content, done.replaced) == (around.format(target), {MODEL})


def test_encoded_dashes_stay_encoded() -> None:
    text = MODEL.replace("-", "%2D")
    assert guids(text) == {MODEL}
    assert rewrite_text(text, IDS).content == TO_MODEL.replace("-", "%2D")


@pytest.mark.parametrize("around", ["0{}", "{}0", "F{}", "%{}", "abc%4{}", "{}abcdef"])
def test_a_longer_run_of_hexadecimal_digits_is_no_id(around: str) -> None:
    text = around.format(MODEL)
    expected = {MODEL} if around == "%{}" else set[str]()
    assert guids(text) == expected
    assert (rewrite_text(text, IDS).content == text) == (not expected)


def test_ids_without_a_place_stay_and_are_told() -> None:
    done = rewrite_text(f"{BOARD.upper()} {WORKSPACE} 99999999-9999-4999-8999-999999999999", IDS)
    assert done.content == f"{BOARD.upper()} {TO_WORKSPACE} 99999999-9999-4999-8999-999999999999"
    assert (done.replaced, done.left) == ({WORKSPACE}, {BOARD})


def test_a_map_may_be_given_in_upper_case() -> None:
    assert rewrite_text(MODEL, IdMap({MODEL.upper(): TO_MODEL})).content == TO_MODEL


@given(st.data())
def test_laws_of_rewriting(data: st.DataObject) -> None:
    pairs = data.draw(some_ids)
    text = data.draw(some_texts([*pairs]))
    there = rewrite_text(text, IdMap(pairs))
    assert rewrite_text(there.content, IdMap(pairs)).content == there.content
    assert rewrite_text(there.content, IdMap({new: old for old, new in pairs.items()})).content == text
    assert there.replaced == guids(text) & pairs.keys()
    assert rewrite_text(text, IdMap({}, dict.fromkeys(pairs, "known"))).left == there.replaced


@given(st.text())
def test_a_text_without_mapped_ids_stays_itself(text: str) -> None:
    assert rewrite_text(text, IDS).content == text


@given(st.binary())
def test_any_bytes_come_out_as_they_went_in(data: bytes) -> None:
    try:
        assert encode(*decode(data)) == data
    except ContentError as bad:
        assert bad.code == "content.encoding"  # UTF-16 cut in the middle of a letter


def test_a_long_hostile_text_is_read_in_one_pass() -> None:
    """Some 20 MB of what almost is an id; a second pass over each place would take hours."""
    text = "abcdef01-" * 1_000_000 + "f" * 5_000_000 + "%25" * 1_000_000
    assert guids(text) == set()


def test_too_large_a_text_is_refused() -> None:
    with pytest.raises(ContentError, match="at most"):
        decode(bytes(64 * 1024 * 1024 + 1))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_ids_are_found_in_every_encoding(codec: str) -> None:
    text, told = decode(f"id {MODEL} é".encode(codec))
    assert guids(text) == {MODEL}
    assert encode(rewrite_text(text, IDS).content, told) == f"id {TO_MODEL} é".encode(codec)
