"""What is inside a published file: the same bytes hold the same tables, in whichever tenant they are published.

And what a table is filled with when it is refreshed: the rows that it had where it was read in the same way.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.scene import masked
from sandbox.state import Dataset, Report, Tenant

Json = dict[str, Any]


@dataclass(slots=True)
class Contents:
    """By hash of the file. Role members stay behind: their ids belong to the tenant they came from."""

    by_hash: dict[str, Dataset]
    links: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Addresses of other reports, by what the file shows."""
    rows: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def fill(self, model: Dataset, sha256: str) -> None:
        original = self.by_hash.get(sha256)
        if original is None:
            return
        model.tables, model.expressions = copy.deepcopy(original.tables), copy.deepcopy(original.expressions)
        model.parameters = copy.deepcopy(original.parameters)
        model.roles = [{**role, "members": []} for role in original.roles]

    def rows_of(self, table: Json) -> int | None:
        """None: nobody knows where they would come from."""
        return self.rows.get(_read(table))


def read(tenants: list[Tenant]) -> Contents:
    """From what the tenants hold now."""
    models = list(_models(tenants))
    return Contents(
        {tenant.files[m.file_id].sha256: m for tenant, m in models if m.file_id in tenant.files},
        {
            tenant.files[report.file_id].layout: report.extra["links"]
            for tenant, report in _linked(tenants)
            if report.file_id in tenant.files
        },
        {
            _read(table): table["rows"]
            for _, m in models
            for table in m.tables
            if table.get("rows") is not None
        },
    )


def _models(tenants: list[Tenant]) -> Iterator[tuple[Tenant, Dataset]]:
    for tenant in tenants:
        for workspace in tenant.workspaces.values():
            yield from ((tenant, model) for model in workspace.datasets)


def _linked(tenants: list[Tenant]) -> Iterator[tuple[Tenant, Report]]:
    for tenant in tenants:
        for workspace in tenant.workspaces.values():
            yield from ((tenant, report) for report in workspace.reports if report.extra.get("links"))


def _read(table: Json) -> tuple[str, str]:
    """A table and how it is read, whichever tenant's ids it is read by."""
    return table["name"], masked("\n".join(item["expression"] for item in table.get("source", [])))
