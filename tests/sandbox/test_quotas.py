"""Which calls share a limit, how its window runs, and what a client may be told of it."""

import json

import pytest

from sandbox.quotas import LIMITS, Quotas
from sandbox.replies import ApiError
from sandbox.timing import Timing


def granted(quotas: Quotas, bucket: str, moments: list[float], who: str = "me") -> list[bool]:
    found: list[bool] = []
    for moment in moments:
        try:
            quotas.take(bucket, who, moment)
            found.append(True)
        except ApiError:
            found.append(False)
    return found


def refusal(quotas: Quotas, bucket: str, moment: float) -> ApiError:
    with pytest.raises(ApiError) as raised:
        quotas.take(bucket, "me", moment)
    return raised.value


def test_both_windows_of_a_bucket_hold() -> None:
    quotas = Quotas(Timing(1.0))
    assert granted(quotas, "admin.items", [0, 1, 2, 3, 4, 5, 60, 61]) == [True] * 5 + [False] + [True] * 2
    later = [100 + 61 * number for number in range(50)]
    assert sum(granted(quotas, "admin.items", later)) == 43
    assert refusal(quotas, "admin.items", 3599).reply.headers["retry-after"] == "1"


def test_a_window_slides_but_the_platforms_is_fixed() -> None:
    quotas = Quotas(Timing(1.0), wall={"admin.other": [(2, 60)], "fabric.platform": [(2, 60)]})
    moments = [59.0, 59.5, 60.5, 61.0, 61.5]
    assert granted(quotas, "admin.other", moments) == [True, True, False, False, False]
    assert granted(quotas, "fabric.platform", moments) == [True, True, True, True, False]
    assert refusal(quotas, "fabric.platform", 90).reply.headers["retry-after"] == "30"


def test_identities_and_buckets_are_apart() -> None:
    quotas = Quotas(Timing(1.0), wall={"default": [(1, 60)], "admin.other": [(1, 60)]})
    assert granted(quotas, "default", [0, 1]) == [True, False]
    assert granted(quotas, "default", [2], who="another") == [True]
    assert granted(quotas, "admin.other", [3]) == [True]


def test_windows_have_a_scale_of_their_own() -> None:
    quotas = Quotas(Timing(0.02))
    assert quotas.windows("admin.getInfo") == [(500, 72)]
    quotas.change({"scale": 0.1, "wall": {"default": [[60, 6]]}})
    assert quotas.windows("admin.groups") == [(50, 360), (15, 6)]
    assert quotas.windows("default") == [(60, 6)]


def test_what_is_told_matches_and_keeps_the_secret() -> None:
    quotas = Quotas(Timing(0.1), scans=4)
    quotas.change({"wall": {"default": [[60, 6]], "admin.other": []}})
    told = json.loads(json.dumps(quotas.told()))
    assert told["admin.groups"] == {"limit": 50, "window_s": 360}
    assert told["admin.getInfo"] == {"limit": 500, "window_s": 360, "in_flight": 4}
    assert told["admin.other"] == {"limit": None, "window_s": None}
    assert told.keys() == LIMITS.keys() - {"default"}


def test_an_unknown_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown buckets"):
        Quotas(Timing(1.0)).change({"wall": {"admin.gropus": [[1, 1]]}})
