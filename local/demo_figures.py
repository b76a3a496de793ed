"""The demo's closing lines: counts per kind, forecast beside outcome, calls to the service, and the verdict."""

from __future__ import annotations

from typing import Any

type Json = dict[str, Any]

CHANGES = 2  # one in each tenant


def accounted(comparison: Json, findings: list[Json], verdicts: list[Json]) -> tuple[list[str], list[str]]:
    """A table of what became of everything, kind by kind, and the names of what is nowhere to be found.

    Each item is equal in the target, or named in exactly one task for a person, or stays behind by its verdict.
    """
    tasks = {_place(row) for row in findings if row["code"].startswith("manual.")}
    # Workbooks and subscriptions cost scarce quotas to list: only the plan names them.
    tasks |= {_place(row) for row in verdicts if row["route"] == "byHand"}
    stays = {_place(row) for row in verdicts if row["route"] == "staysBehind"}
    kinds: dict[str, list[int]] = {
        kind: [row["equal"], 0, 0, 0] for kind, row in comparison["counts"].items()
    }
    lost: list[str] = []
    for item in comparison["left"]:
        place = _place(item)
        column = 1 if place in tasks else 2 if place in stays else 3
        kinds.setdefault(item["kind"], [0, 0, 0, 0])[column] += 1
        if column == 3:
            lost.append(f"{item['kind']} {item['name']!r} in {item['workspace']!r}")
    for difference in comparison["differences"]:
        kinds.setdefault(difference["kind"], [0, 0, 0, 0])[3] += 1
    head = f"{'what became of it':<18}{'equal':>8}{'a task':>8}{'stays':>8}{'neither':>9}"
    rows = [f"{kind:<18}{a:>8}{b:>8}{c:>8}{d:>9}" for kind, (a, b, c, d) in kinds.items()]
    return [head, *rows], lost


def _place(row: Json) -> tuple[str, str]:
    """An item as all three lists name it: settings are their workspace's, and what has no id goes by its name."""
    kind = "workspace" if row["kind"] == "workspaceSetting" else row["kind"]
    nameless = not row["id"] or kind == "workbook"  # the service lists workbooks without an id
    return kind, str(row["name"] if nameless else row["id"]).lower()


def forecast_beside_outcome(forecast: dict[str, Any], outcome: dict[str, Any]) -> list[str]:
    """A table of what the plan said and what the migration took, by its own count."""
    told, made = forecast["calls"], outcome["calls"]
    rows = [(f"calls on {key}", told.get(key, 0), made.get(key, 0)) for key in sorted({*told, *made})]
    rows.append(("calls in all", sum(told.values()), sum(made.values())))
    rows.append(("answered 429", 0, outcome["throttled"]))
    rows.append(("seconds", round(forecast["seconds"] or 0), round(outcome["seconds"] or 0)))
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
