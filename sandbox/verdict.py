"""The comparison for people: a table of counts per kind, then every difference in a line, then the verdict."""

from typing import Any

from sandbox.comparison import OUTCOMES

_WIDTH, _KIND = 11, 17


def render(comparison: dict[str, Any], limit: int = 50) -> str:
    """Of `Comparison.to_dict()`; shows at most `limit` differences and says how many more there are."""
    differences: list[dict[str, Any]] = comparison["differences"]
    lines = [
        _row("kind", list(OUTCOMES)),
        *(_row(kind, _cells(row)) for kind, row in comparison["counts"].items()),
    ]
    lines += [f"not compared: {count} {kind}" for kind, count in comparison["notCompared"].items()]
    lines += [f"left behind: {_left(item)}" for item in comparison["left"][:limit]]
    lines += [_line(difference) for difference in differences[:limit]]
    if len(differences) > limit:
        lines.append(f"… and {len(differences) - limit} more")
    lines.append(
        f"verdict: {'the tenants are equal' if comparison['clean'] else 'NOT equal'}, {_count(differences)}"
    )
    return "\n".join(lines)


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
