"""What is inside a published file: the same bytes hold the same tables, in whichever tenant they are published."""

from dataclasses import dataclass
from typing import Any

from sandbox.state import Dataset, Tenant

Rows = list[dict[str, Any]]


@dataclass(slots=True)
class Contents:
    """By hash of the file. Role members stay behind: their ids belong to the tenant they came from."""

    by_hash: dict[str, Dataset]

    def fill(self, model: Dataset, sha256: str) -> None:
        original = self.by_hash.get(sha256)
        if original is None:
            return
        model.tables, model.expressions = original.tables, original.expressions
        model.roles = [{**role, "members": []} for role in original.roles]


def read(tenants: list[Tenant]) -> Contents:
    """From the models that the tenants hold now."""
    return Contents(
        {
            tenant.files[model.file_id].sha256: model
            for tenant in tenants
            for workspace in tenant.workspaces.values()
            for model in workspace.datasets
            if model.file_id in tenant.files
        }
    )
