"""Who in the target a request names for somebody in the source. Pure: an exact key beats a domain rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

type Rules = Mapping[str, str | None]


def rules_of(principals: Mapping[str, str | None]) -> dict[str, str | None]:
    """The request's `principals` as they are compared: without regard to case."""
    return {key.lower(): value for key, value in principals.items()}


def counterpart(names: Iterable[str], rules: Rules, *, is_person: bool) -> tuple[bool, str | None]:
    """Is anything said of them, and who it is (None: dropped knowingly). `names` in lower case, most exact first.

    A domain gives people another domain: the service takes groups and apps by object id only.
    """
    called = list(names)
    for name in called:
        if name in rules:
            return True, rules[name]
    for name in called:
        local, at, domain = name.rpartition("@")
        target = rules.get(f"@{domain}")
        if at and f"@{domain}" in rules and (is_person or target is None):
            return True, None if target is None else f"{local}{target}"
    return False, None
