"""Every outcome survives the durable boundary; what is none is an error, not a guess."""

from __future__ import annotations

import json
from datetime import UTC, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outcomes import Done, Failed, Outcome, Stopped, Wait, from_dict, to_dict

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.text(), json_values, max_size=4)
zones = st.just(UTC) | st.timedeltas().filter(lambda gap: abs(gap.total_seconds()) < 86_000).map(timezone)
outcomes = (
    st.builds(Done, documents)
    | st.builds(Failed, st.text(), st.text())
    | st.builds(Wait, st.datetimes(timezones=zones), documents)
    | st.just(Stopped())
)


@given(outcomes)
def test_an_outcome_survives_the_durable_boundary(outcome: Outcome) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(outcome)))) == outcome


@pytest.mark.parametrize("raw", [{"outcome": "perhaps"}, {"outcome": None}])
def test_what_is_no_outcome_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="unknown outcome"):
        from_dict(raw)
