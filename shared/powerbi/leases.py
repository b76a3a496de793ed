"""What may be in flight at once, shared fairly: each holder has a number of places until a time, pure.

A process holds places for its threads and renews them; a scan holds one until it has ended. Whoever dies loses
his places when their time is over. Where somebody waits for a place, nobody keeps more than his part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lease:
    """One holder: places held, places wished for, and until when (milliseconds of the ledger's clock)."""

    held: int
    wanted: int
    until: int


type Leases = Mapping[str, Lease]


def to_dict(leases: Leases) -> dict[str, Any]:
    return {holder: [each.held, each.wanted, each.until] for holder, each in leases.items()}


def from_dict(raw: Mapping[str, Any]) -> dict[str, Lease]:
    return {str(holder): Lease(*(int(number) for number in each)) for holder, each in raw.items()}


def claim(
    leases: Leases, limit: int, holder: str, wanted: int, now: float, lasting: float, used: int = 0
) -> tuple[dict[str, Lease], int]:
    """Hold up to `wanted` places for so many seconds: the leases afterwards, and how many places may be used.

    Places in use can't be given back: of those never less than `used` are held.
    """
    others = {name: each for name, each in leases.items() if name != holder and each.until > _ms(now)}
    free = max(0, limit - sum(each.held for each in others.values()))
    part = max(1, limit // (len(others) + 1))
    starving = any(each.held < min(each.wanted, part) for each in others.values())
    granted = min(wanted, free, part if starving else limit)
    lease = Lease(max(granted, used), wanted, _ms(now + lasting))
    return {**others, holder: lease}, granted


def release(leases: Leases, holder: str) -> dict[str, Lease]:
    return {name: each for name, each in leases.items() if name != holder}


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
