"""The demo's closing lines: forecast beside outcome, calls to the service, and the verdict."""

from __future__ import annotations

from typing import Any

type Json = dict[str, Any]

CHANGES = 2  # one in each tenant


def forecast_beside_outcome(forecast: dict[str, Any], outcome: dict[str, Any]) -> list[str]:
    """A table of what the plan said and what the migration took, by its own count."""
    told, made = forecast["calls"], outcome["calls"]
    rows = [(f"calls on {key}", told.get(key, 0), made.get(key, 0)) for key in sorted({*told, *made})]
    rows.append(("calls in all", sum(told.values()), sum(made.values())))
    rows.append(("answered 429", 0, outcome["throttled"]))
    scale = forecast.get("scale", 1)
    seconds = "seconds" if scale == 1 else f"seconds (at {scale:g} of real ones)"
    rows.append((seconds, round(forecast["seconds"] or 0), round(outcome["seconds"] or 0)))
    width = max(len(name) for name, _, _ in rows)
    head = f"{'':<{width}}  {'forecast':>8}  {'actual':>8}"
    return [head, *(f"{name:<{width}}  {said:>8}  {was:>8}" for name, said, was in rows)]


def calls_made(ledger: list[dict[str, Any]]) -> list[str]:
    """What the app asked of both tenants, by the sandbox's own record."""
    throttled = sum(entry.get("status") == 429 for entry in ledger)
    writes = sum(entry["method"] != "GET" for entry in ledger)
    sides = {name: sum(entry["tenant"] == name for entry in ledger) for name in ("contoso", "fabrikam")}
    each = ", ".join(f"{count} {name}" for name, count in sides.items())
    return [
        f"Calls to the service: {len(ledger)} ({each}), {writes} of them not GET; answered 429: {throttled}."
    ]


def verdict(
    status: str, comparison: Json, noticed: int, violations: list[Json], lost: list[str]
) -> tuple[list[str], bool]:
    """The last lines, and whether all is as it should be."""
    differences = len(comparison["differences"])
    wrong = [
        (differences > 0, f"{differences} differences between the tenants"),
        (bool(lost), f"{len(lost)} items are neither equal nor anybody's task: {lost[:5]}"),
        (status != "succeeded", f"the migration is {status}, not succeeded"),
        (noticed != CHANGES, f"{noticed} of {CHANGES} changes after the cutover were noticed"),
        (bool(violations), f"{len(violations)} calls broke a rule, the first: {violations[:1]}"),
    ]
    faults = [text for is_wrong, text in wrong if is_wrong]
    if faults:
        return ["VERDICT: not as it should be: " + "; ".join(faults)], False
    return ["VERDICT: migrated, 0 differences, every item accounted for, both later changes noticed."], True
