"""Two tenants to migrate between, made from a seed: a lived-in source with real files, and an empty target.

The same arguments give the same ids, names and rights for ever. Only the bytes of the data models (and so the
hashes) are new in each data dir, because their builder stamps each model with a fresh id and the time.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import pbix, people
from sandbox.awkward import report_names, workspace_name
from sandbox.files import FileStore
from sandbox.people import Directory, new_id
from sandbox.state import (
    Access,
    Capacity,
    Dataset,
    File,
    Principal,
    Refresh,
    Report,
    Right,
    Tenant,
    Workspace,
)
from sandbox.timing import iso

REPORTS_PER_WORKSPACE = (2, 3, 1, 4, 2, 0, 2, 3, 1, 2)
"""In turn: two on average, so that 20 workspaces have 40 reports with 40 models, 100 items in all."""
DUPLICATES_EVERY = 4
"""In every fourth workspace (if it has two reports) the first two reports share their name."""
SHARED_EVERY = 5
"""Every fifth workspace is on no capacity."""
SMALL = (16_000, 64_000)
GIVEN_RIGHTS: tuple[Right, ...] = ("Admin", "Member", "Contributor", "Viewer")
_EPOCH = datetime(2025, 1, 6, 8, tzinfo=UTC)

CAPACITIES = {
    "contoso": (("Contoso Premium P1", "P1", "West Europe"), ("Contoso Fabric / EU", "F64", "North Europe")),
    "fabrikam": (
        ("Fabrikam F64", "F64", "Sweden Central"),
        ("Fabrikam Analytics", "F128", "Germany West Central"),
    ),
}


@dataclass(frozen=True, slots=True)
class Estate:
    source: Tenant
    target: Tenant
    principals: people.PrincipalMap
    capacities: dict[str, str]
    gateways: dict[str, str] = field(default_factory=dict[str, str])
    credentials: dict[str, str] = field(default_factory=dict[str, str])
    planted: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Every obstacle put in the way on purpose: {"obstacle", "kind", "id", "name", "workspaceId", …}."""

    @property
    def tenants(self) -> list[Tenant]:
        return [self.source, self.target]

    def suggested_request(self) -> dict[str, Any]:
        """The body that migrates everything, as a person would write it, but for the gaps that are planted."""
        more = {"gateways": dict(self.gateways), "credentials": dict(self.credentials)}
        return {
            "source": self.source.name,
            "target": self.target.name,
            "workspaces": ["*"],
            "capacities": dict(self.capacities),
            "principals": dict(self.principals),
        } | {key: value for key, value in more.items() if value}


@dataclass(slots=True)
class Making:
    """What every step of the generator needs."""

    draw: random.Random
    directory: Directory
    store: FileStore
    templates: pbix.Templates
    sizes: Iterator[int]
    distinct_files: bool
    shared: dict[str, File] = field(default_factory=dict[str, File])

    @property
    def tenant(self) -> Tenant:
        return self.directory.tenant

    def moment(self) -> str:
        return iso((_EPOCH + timedelta(minutes=self.draw.randrange(400_000))).timestamp())

    def file(self, template: pbix.Template, label: str) -> File:
        size = next(self.sizes, 0) or self.draw.randrange(*SMALL)
        if not self.distinct_files and template.name in self.shared:
            return self.shared[template.name]
        made = pbix.write(self.store.path(new_id(self.draw)), template, label, size)
        self.tenant.files[made.id] = self.shared[template.name] = made
        return made


def generate(
    data_dir: Path,
    seed: int = 1,
    workspaces: int = 20,
    *,
    extras: bool = False,
    every_kind: bool = False,
    sizes: Sequence[int] = (),
    distinct_files: bool = True,
) -> Estate:
    """Both tenants; files are written to the file store of `data_dir`.

    `sizes`: bytes of the first reports' files; the others are small. `extras`: what needs more than moving a
    PBIX (see extras.py). `every_kind`: those, every other kind an assessment knows, and every obstacle (see
    everykind/). `distinct_files=False`: reports share a file per template, for very large estates.
    """
    draw = random.Random(f"estate {seed}")
    source = people.source_directory(draw, "contoso", "contoso.com")
    target = people.target_directory(draw, "fabrikam", "fabrikam.com")
    old, new = _capacities(draw, source), _capacities(draw, target)
    making = Making(draw, source, FileStore(data_dir), pbix.Templates(data_dir), iter(sizes), distinct_files)
    for number in range(workspaces):
        space = _workspace(making, number, [capacity.id for capacity in old])
        source.tenant.workspaces[space.id] = space
    if extras or every_kind:
        from sandbox.extras import add_extras

        add_extras(making)
    capacities = {old[0].display_name: new[0].display_name, old[1].id: new[1].id}
    estate = Estate(source.tenant, target.tenant, people.principal_map(source, target), capacities)
    if not every_kind:
        return estate
    from sandbox.everykind import add_every_kind

    made = add_every_kind(making, target, estate.capacities, estate.principals, seed)
    return replace(estate, gateways=made.gateways, credentials=made.credentials, planted=made.planted)


def _capacities(draw: random.Random, directory: Directory) -> list[Capacity]:
    """The migration app may assign; a person administers."""
    tenant, alice = directory.tenant, directory.by_name["alice"]
    made = [
        Capacity(
            new_id(draw), name, sku, region, admins=[alice.upn or ""], assigners=[tenant.actors["migration"]]
        )
        for name, sku, region in CAPACITIES[tenant.name]
    ]
    tenant.capacities = {capacity.id: capacity for capacity in made}
    return made


def _workspace(making: Making, number: int, capacities: list[str]) -> Workspace:
    on_capacity = number % SHARED_EVERY != SHARED_EVERY - 1
    space = Workspace(
        new_id(making.draw),
        workspace_name(number),
        description=f"Workspace {number}" if number % 3 else "",
        capacity_id=capacities[number % len(capacities)] if on_capacity else None,
        modified_date_time=making.moment(),
        users=users(making),
    )
    names = report_names(making.draw, REPORTS_PER_WORKSPACE[number % len(REPORTS_PER_WORKSPACE)])
    if number % DUPLICATES_EVERY == 0 and len(names) > 1:
        names[1] = names[0]
    for name in names:
        add_report(making, space, name)
    return space


def users(making: Making) -> list[Access]:
    """The app we run as, and some of the people with whatever right."""
    holders: list[Principal] = making.draw.sample(making.directory.holders(), making.draw.randrange(3, 9))
    given = [Access(who.id, making.draw.choice(GIVEN_RIGHTS)) for who in holders]
    return [Access(making.tenant.actors["migration"], "Admin"), *given]


def add_report(making: Making, space: Workspace, name: str) -> Report:
    """A report with a model of its own, as publishing a PBIX leaves them."""
    template = making.templates.get(making.draw.choice(pbix.TEMPLATES))
    owner = making.draw.choice([who.upn for who in making.directory.holders() if who.upn])
    report_id, model_id, made = new_id(making.draw), new_id(making.draw), making.moment()
    file = making.file(template, report_id)
    model = Dataset(model_id, name, configured_by=owner, created_date=made, file_id=file.id)
    model.tables = template.tables
    model.refreshes = [Refresh(new_id(making.draw), "Scheduled", made, "Completed", made)]
    report = Report(
        report_id, name, dataset_id=model_id, created_by=owner, modified_by=owner, file_id=file.id
    )
    report.created_date_time = report.modified_date_time = made
    space.datasets.append(model)
    space.reports.append(report)
    return report
