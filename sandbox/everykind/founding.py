"""What every step of this estate needs: both tenants, the request as it is being written, and what was planted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.generate import Making, add_report, users
from sandbox.people import Directory, PrincipalMap, new_id
from sandbox.state import Access, Dataset, Report, Tenant, Workspace

Json = dict[str, Any]
Planted = Json
"""{"obstacle", "kind", "id", "name", "workspaceId"}, and what else helps to find it."""


@dataclass(slots=True)
class Founding:
    """`making` is the source's, with draws of its own: the rest of the estate stays what it is without us."""

    making: Making
    target: Directory
    capacities: dict[str, str]
    """Of the request, as are the next three."""
    principals: PrincipalMap
    gateways: dict[str, str] = field(default_factory=dict[str, str])
    credentials: dict[str, str] = field(default_factory=dict[str, str])
    planted: list[Planted] = field(default_factory=list[Planted])
    home: str = ""
    """The source capacity on which most workspaces are."""

    @property
    def source(self) -> Tenant:
        return self.making.tenant

    def id(self) -> str:
        return new_id(self.making.draw)

    def person(self, name: str) -> str:
        """The object id of one of the source's people, by plain name."""
        return self.making.directory.by_name[name].id

    def upn(self, name: str) -> str:
        return self.making.directory.by_name[name].upn or ""

    def space(self, name: str, *, rights: Iterable[Access] | None = None) -> Workspace:
        """On the capacity most are on; without `rights`, our app and some of the people are in it."""
        given = users(self.making) if rights is None else list(rights)
        space = Workspace(self.id(), name, modified_date_time=self.making.moment(), users=given)
        space.capacity_id = self.home or None
        self.source.workspaces[space.id] = space
        return space

    def published(self, space: Workspace, name: str) -> tuple[Report, Dataset]:
        """A report with a model of its own, as publishing a PBIX leaves them."""
        report = add_report(self.making, space, name)
        return report, next(model for model in space.datasets if model.id == report.dataset_id)

    def model(self, space: Workspace, name: str, provider: str) -> Dataset:
        """A model that no file stands behind."""
        made = Dataset(self.id(), name, configured_by=self.upn("alice"), created_date=self.making.moment())
        made.content_provider_type = provider
        space.datasets.append(made)
        return made

    def authored(self, space: Workspace, name: str, model: Dataset, home: Workspace | None = None) -> Report:
        """A report made in the service: there is no PBIX of it. `home`: where its model is, if elsewhere."""
        made = Report(self.id(), name, dataset_id=model.id, created_by=self.upn("bob"))
        made.modified_by, made.dataset_workspace_id = made.created_by, home.id if home else None
        made.created_date_time = made.modified_date_time = self.making.moment()
        space.reports.append(made)
        return made

    def plant(
        self, obstacle: str, kind: str, item_id: str, name: str, space: Workspace | None = None, **more: Any
    ) -> None:
        row: Planted = {"obstacle": obstacle, "kind": kind, "id": item_id, "name": name}
        self.planted.append(row | {"workspaceId": space.id if space else ""} | more)
