"""No answer of the service, however odd, makes us ask again sooner than it told us."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import TransientError
from shared.powerbi.service_errors import ServiceFault
from shared.powerbi.throttling import Attempt, GiveUp, RetryAfter, decide, told_wait

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATE = 1.0  # an HTTP date has whole seconds
DAY = 86_400  # what is told beyond is taken for a mistake

seconds = st.integers(0, DAY) | st.floats(0, DAY).map(lambda number: round(number, 3))
garbage = st.sampled_from(
    ["", "-5", "soon", "NaN", "inf", "1e400", "0x10", "٣٠", "Thu, 99 Foo 2026", "12:00", "1,5", "\t"]
) | st.text(max_size=12)
phrases = st.sampled_from(
    ["", "You have exceeded the amount of requests.", "Retry in soon seconds", "retry in -3 seconds"]
)


def fault_of(message: str) -> ServiceFault:
    return ServiceFault(code="x", message=message, request_id="", codes=("x",))


def earliest(headers: dict[str, str], message: str, status: int, number: int, inline: float) -> float:
    """Seconds until the same request may be sent again, by what `decide` says."""
    attempt = Attempt(number, NOW, idempotent=True, max_inline_wait_s=inline)
    match decide(status, headers, fault_of(message), attempt):
        case RetryAfter(wait):
            return wait
        case GiveUp(TransientError(retry_at=datetime() as until)):
            return (until - NOW).total_seconds()
        case GiveUp(_):
            return math.inf  # only a person, or a plan of its own, asks again
        case other:
            raise AssertionError(other)


whole = st.fixed_dictionaries({}, optional={"Retry-After": garbage, "Date": garbage, "x": garbage})
statuses, tries, inlines = (
    st.sampled_from([429, 503, 500]),
    st.integers(0, 6),
    st.sampled_from([0.0, 1.0, 5.0, 60.0]),
)


@given(
    told=seconds,
    name=st.sampled_from(["Retry-After", "retry-after", "RETRY-AFTER"]),
    status=statuses,
    number=tries,
    inline=inlines,
)
def test_seconds_in_the_header_are_waited_for(
    told: float, name: str, status: int, number: int, inline: float
) -> None:
    assert earliest({name: str(told)}, "", status, number, inline) >= told


@given(told=st.integers(0, DAY), status=statuses, number=tries, inline=inlines)
def test_a_date_in_the_header_is_waited_for(told: int, status: int, number: int, inline: float) -> None:
    header = {"Retry-After": format_datetime(NOW + timedelta(seconds=told), usegmt=True)}
    assert earliest(header, "", status, number, inline) >= told - LATE


@given(told=st.integers(0, DAY), headers=whole, before=phrases, status=statuses, number=tries, inline=inlines)
def test_seconds_in_the_text_are_waited_for_whatever_the_header_says(
    told: int, headers: dict[str, str], before: str, status: int, number: int, inline: float
) -> None:
    message = f"{before} Retry in {told} seconds."
    assert earliest(headers, message, status, number, inline) >= told


@given(headers=whole, message=garbage | phrases, status=statuses, number=tries, inline=inlines)
def test_garbage_means_a_wait_of_our_own(
    headers: dict[str, str], message: str, status: int, number: int, inline: float
) -> None:
    told = told_wait(headers, fault_of(message), NOW)
    assert told is None or (math.isfinite(told) and told >= 0)
    assert earliest(headers, message, status, number, inline) > 0
