"""The comparison for people: a table of counts per kind, then every difference in a line, then the verdict."""

from typing import Any

from sandbox.comparison import OUTCOMES

_WIDTH, _KIND = 11, 17


def render(comparison: dict[str, Any], limit: int = 50) -> str:
    """Of `Comparison.to_dict()`; names at most `limit` left behind and so many differences, and counts the others."""
    lines = [
        _row("kind", list(OUTCOMES)),
        *(_row(kind, _cells(row)) for kind, row in comparison["counts"].items()),
    ]
    lines += [f"not compared: {count} {kind}" for kind, count in comparison["notCompared"].items()]
    lines += _some([f"left behind: {_left(item)}" for item in comparison["left"]], limit)
    lines += _some([_line(difference) for difference in comparison["differences"]], limit)
    return "\n".join([*lines, f"verdict: {_verdict(comparison)}"])


def _verdict(comparison: dict[str, Any]) -> str:
    """Equal is said of what has moved alone: what was left behind is not in the target."""
    left, uncompared = len(comparison["left"]), sum(comparison["notCompared"].values())
    besides = [
        *([f"{left} left behind as named"] if left else []),
        *([f"{uncompared} not compared"] if uncompared else []),
    ]
    equal = "equal in everything that moved" if comparison["clean"] else "NOT equal"
    return "; ".join([f"{equal}, {_count(comparison['differences'])}", *besides])


def _some(lines: list[str], limit: int) -> list[str]:
    return lines if len(lines) <= limit else [*lines[:limit], f"… and {len(lines) - limit} more"]


def _row(kind: str, cells: list[str]) -> str:
    return kind.ljust(_KIND) + "".join(cell.rjust(_WIDTH) for cell in cells)


def _cells(row: dict[str, int]) -> list[str]:
    return [str(row[outcome]) for outcome in OUTCOMES]


def _line(difference: dict[str, Any]) -> str:
    sides = f"source {difference['source'] or '-'}, target {difference['target'] or '-'}"
    where = f"{difference['workspace']!r} / {difference['name']!r}"
    return f"{difference['kind']} {where}: {difference['what']} ({sides})"


def _left(item: dict[str, Any]) -> str:
    return f"{item['kind']} {item['workspace']!r} / {item['name']!r}"


def _count(differences: list[dict[str, Any]]) -> str:
    return f"{len(differences)} difference{'' if len(differences) == 1 else 's'}"
