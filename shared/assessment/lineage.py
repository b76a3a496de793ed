"""What uses what: between workspaces, and between the items of one.

Whoever moves before what it uses arrives with nothing behind it. So workspaces move in waves, each after those it uses;
workspaces that use each other can't be told apart and share one, and within a wave shared models come before the
reports on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment.model import Json, Route, Verdict
from shared.assessment.reading import lower, rows, text
from shared.assessment.verdicts_contents import contents
from shared.models import Kind

_UPSTREAM = (
    ("upstreamDatasets", "targetDatasetId"),
    ("upstreamDataflows", "targetDataflowId"),
    ("upstreamDatamarts", "targetDatamartId"),
)
_WITH_UPSTREAM = (Kind.DATASET, Kind.DATAFLOW, Kind.DATAMART)
_REPORTS = (Kind.REPORT, Kind.PAGINATED_REPORT)
_STAGES: dict[str, int] = {
    Kind.WORKSPACE: 0,
    Kind.GATEWAY_DATASOURCE: 0,
    Kind.FABRIC_ITEM: 1,  # lakehouses and the like: dataflows and models read from them
    Kind.DATAMART: 1,
    Kind.DATAFLOW: 2,
    Kind.DATASET: 3,
    Kind.REPORT: 4,
    Kind.PAGINATED_REPORT: 4,
    Kind.WORKBOOK: 4,
    Kind.DASHBOARD: 5,
    Kind.APP: 6,
    Kind.SUBSCRIPTION: 7,
    Kind.PIPELINE: 8,
}


def upstream(document: Mapping[str, Any]) -> set[str]:
    """The other workspaces whose models, dataflows or datamarts this one uses; lower case."""
    items = contents(document)
    used = {lower(report.raw, "datasetWorkspaceId") for kind in _REPORTS for report in items[kind]}
    for kind in _WITH_UPSTREAM:
        for item in items[kind]:
            used |= {lower(row, "groupId") for part, _ in _UPSTREAM for row in rows(item.raw, part)}
    return used - {"", lower(document, "id")}


def uses(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """For each item the ids of those it can't be without; lower case."""
    items = contents(document)
    found: dict[str, set[str]] = {}
    for kind in _WITH_UPSTREAM:
        for item in items[kind]:
            found[item.key] = {lower(row, name) for part, name in _UPSTREAM for row in rows(item.raw, part)}
    for kind in _REPORTS:
        found |= {item.key: {lower(item.raw, "datasetId")} for item in items[kind]}
    found |= {item.key: _pinned(item.raw) for item in items[Kind.DASHBOARD]}
    return {key: used - {"", key} for key, used in found.items()}


def _pinned(dashboard: Json) -> set[str]:
    return {
        text(tile, name).lower() for tile in rows(dashboard, "tiles") for name in ("reportId", "datasetId")
    }


def order(verdicts: Iterable[Verdict], used: Mapping[str, Iterable[str]]) -> list[Verdict]:
    """The verdicts of one wave as they are best worked off; `used` as `uses` gives it, of all its workspaces.

    Dataflows before models, a model with the report that carries it before the other reports; within a kind, each
    after those of its kind that it uses.
    """
    known = list(verdicts)
    level = waves({verdict.source_id.lower(): used.get(verdict.source_id.lower(), ()) for verdict in known})
    return sorted(known, key=lambda verdict: _place(verdict, level))


def _place(verdict: Verdict, level: Mapping[str, int]) -> tuple[int, int, bool, str, str]:
    """A report that carries its model is at the model's stage, right after it."""
    carries = verdict.kind == Kind.REPORT and verdict.route == Route.PBIX
    stage = _STAGES[Kind.DATASET] if carries else _STAGES.get(verdict.kind, max(_STAGES.values()))
    depth = level[verdict.source_id.lower()]
    return stage, depth, carries, verdict.workspace_id.lower(), verdict.source_id


def sequence(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """The nodes wave by wave; those that use each other stand side by side, so that neither is far from the other."""
    level = waves(edges)
    place = {node: number for number, group in enumerate(_groups(_within(edges))) for node in group}
    return sorted(edges, key=lambda node: (level[node], place[node], node))


def waves(edges: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The wave of each node, from 1: one more than the latest of those it uses. Those that use each other share one.

    `edges`: node -> what it uses. Who is no node itself (a workspace that was not chosen) holds nobody up.
    """
    graph = _within(edges)
    wave: dict[str, int] = {}
    for group in _groups(graph):
        before = (wave[used] for node in group for used in graph[node] if used in wave)
        wave |= dict.fromkeys(group, 1 + max(before, default=0))
    return wave


def _within(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {node: [used for used in dict.fromkeys(users) if used in edges] for node, users in edges.items()}


def _groups(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Strongly connected components (Tarjan), each after all it uses; without recursion, for chains of any length."""
    search = _Search(graph)
    for root in graph:
        if root not in search.index:
            yield from search.below(root)


class _Search:
    """Tarjan's state: when a node was met, and the earliest one still open that it reaches."""

    def __init__(self, graph: Mapping[str, list[str]]):
        self.index: dict[str, int] = {}
        self._graph = graph
        self._low: dict[str, int] = {}
        self._open: dict[str, None] = {}  # in the order they were met, and fast to look into

    def below(self, root: str) -> Iterator[list[str]]:
        path = [(root, self._meet(root))]
        while path:
            node, left = path[-1]
            following = next(left, None)
            if following is None:
                path.pop()
                if path:
                    self._reaches(path[-1][0], self._low[node])
                if self._low[node] == self.index[node]:
                    yield self._close(node)
            elif following not in self.index:
                path.append((following, self._meet(following)))
            elif following in self._open:
                self._reaches(node, self.index[following])

    def _meet(self, node: str) -> Iterator[str]:
        self.index[node] = self._low[node] = len(self.index)
        self._open[node] = None
        return iter(self._graph[node])

    def _reaches(self, node: str, earliest: int) -> None:
        self._low[node] = min(self._low[node], earliest)

    def _close(self, node: str) -> list[str]:
        group = [self._open.popitem()[0]]
        while group[-1] != node:
            group.append(self._open.popitem()[0])
        return group
