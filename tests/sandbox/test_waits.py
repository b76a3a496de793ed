"""What of a 429 binds its client, whichever way it is told; and who is early."""

from typing import Any

import pytest

from sandbox.patience import Closed, Patience
from sandbox.replies import Reply
from sandbox.waits import ODD, throttled, told

NOON = 1_800_000_000.0


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        (7, 7),
        ("7", 7),
        ("2.5", 2.5),
        ("0", 0),
        ("-5", 0),
        (None, 0),
        ("", 0),
        ("garbage", 0),
        ("NaN", 0),
        ("1e9", 0),
        ("inf", 0),
        ("3392", 3392),
        ({"date": 30}, 30),
        ({"date": -30}, 0),
        ({"text": 4}, 4),
    ],
)
def test_only_what_is_a_time_to_come_binds(spec: Any, seconds: float) -> None:
    assert told(throttled(spec, NOON).reply, NOON) == seconds


def test_the_longer_of_header_and_text_binds() -> None:
    body = b'{"message": "Retry in 9 seconds."}'
    assert told(Reply(429, body, {"retry-after": "3"}), NOON) == 9
    assert told(Reply(429, body, {"retry-after": "12"}), NOON) == 12


def test_a_missing_header_is_missing() -> None:
    assert "retry-after" not in throttled(None, NOON).reply.headers
    assert "retry-after" not in throttled({"text": 4}, NOON).reply.headers
    assert throttled({"date": 1}, NOON).reply.headers["retry-after"] == "Fri, 15 Jan 2027 08:00:01 GMT"


def test_the_oddities_are_all_there() -> None:
    assert {None, "0", "-5", "garbage", "1e9", "NaN", "rest"} <= {
        spec for spec in ODD if not isinstance(spec, dict)
    }


def test_early_is_after_the_news_and_before_the_time() -> None:
    patience = Patience(grace=0.5)
    patience.close("default me", Closed(100, 110, "told"))
    assert patience.early("default me", 99) is None  # under way when it was sent
    assert patience.early("default me", 100.4) is None  # the news may not have reached its thread
    assert patience.early("default me", 104) == {"early": 6, "told": 10, "toldBy": "told"}
    assert patience.early("default another", 104) is None
    assert patience.early("default me", 109.99) is None  # timers are not that exact
    assert patience.early("default me", 110) is None


def test_a_shorter_later_word_does_not_take_back_a_longer_one() -> None:
    patience = Patience(grace=0)
    patience.close("k", Closed(100, 110, "long"))
    patience.close("k", Closed(101, 102, "short"))
    assert patience.early("k", 103) == {"early": 7, "told": 10, "toldBy": "long"}
