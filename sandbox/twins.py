"""Pairing what has a name with what has become of it: the best likeness first, each item once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Twins[T]:
    """`missing` have no twin, `surplus` are nobody's."""

    pairs: list[tuple[T, T]]
    missing: list[T]
    surplus: list[T]


def twins[T](old: Sequence[T], new: Sequence[T], *alike: Callable[[T, T], bool]) -> Twins[T]:
    """By the first likeness as far as it goes, then by the next; in order, so that equals are paired one to one."""
    pairs, missing, surplus = list[tuple[T, T]](), list(old), list(new)
    for likeness in alike:
        for item in list(missing):
            twin = next((other for other in surplus if likeness(item, other)), None)
            if twin is not None:
                missing.remove(item)
                surplus.remove(twin)
                pairs.append((item, twin))
    return Twins(pairs, missing, surplus)
