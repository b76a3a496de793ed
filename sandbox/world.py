"""The two tenants of one run and what they share: clock, faults, ledger, tokens, files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.agenda import Agenda
from sandbox.contents import Contents, read
from sandbox.faults import Faults
from sandbox.files import FileStore
from sandbox.holds import Holds
from sandbox.importplans import Plans
from sandbox.ledger import Ledger
from sandbox.lies import Lies
from sandbox.operationplans import OperationPlans
from sandbox.patience import Patience
from sandbox.quotas import Quotas
from sandbox.state import Tenant, Workspace
from sandbox.timing import Timing, now
from sandbox.tokens import Tokens


@dataclass(slots=True)
class Service:
    """One tenant as it is served: state, counters, port, and what areas remember between calls."""

    world: "World"
    state: Tenant
    port: int
    quotas: Quotas
    agenda: Agenda = field(default_factory=Agenda)
    _memory: dict[type, Any] = field(default_factory=dict[type, Any])

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def upload_url(self) -> str:
        """Another host name than the API's, as the real storage host is."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def timing(self) -> Timing:
        return self.world.timing

    def recall[T](self, kind: type[T]) -> T:
        """What an area remembers, made on first use."""
        return self._memory.setdefault(kind, kind())

    def later(self, seconds: float, work: Any) -> None:
        self.agenda.at(now() + seconds, work)

    def replace_state(self, state: Tenant) -> None:
        """Another estate; work under way, calls held and memories belong to the old one."""
        self.world.holds.release(drop=True, tenant=self.state.name)
        self.state = state
        self.agenda.clear()
        self._memory.clear()
        self.quotas.forget()
        self.world.patience.forget()

    def workspace_named(self, name: str) -> Workspace | None:
        """An active workspace by name; names are unique whatever their case."""
        wanted = name.casefold()
        spaces = self.state.workspaces.values()
        return next((w for w in spaces if w.name.casefold() == wanted and w.state == "Active"), None)


@dataclass(slots=True)
class ActivitySettings:
    page_size: int = 100
    empty_pages: bool = True
    """A result of several pages has an empty page with a token among them."""


@dataclass(slots=True)
class World:
    data_dir: Path
    timing: Timing
    files: FileStore
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    """By tenant name, source first."""
    faults: Faults = field(default_factory=Faults)
    holds: Holds = field(default_factory=Holds)
    patience: Patience = field(default_factory=Patience)
    import_plans: Plans = field(default_factory=Plans)
    live_connect: str = "refuse"
    """A thin PBIX on a model that this tenant does not have: "refuse" fails the import, "accept" leaves it unbound."""
    operation_plans: OperationPlans = field(default_factory=OperationPlans)
    lies: Lies = field(default_factory=Lies)
    """By operation id."""
    unseen_status: int = 401
    """What a workspace answers where the caller's right has not yet arrived; 404 was seen too."""
    fabric_page_size: int = 10_000
    """Rows on a page of Fabric's lists."""
    ledger: Ledger = field(default_factory=Ledger)
    tokens: Tokens = field(default_factory=Tokens)
    activity: ActivitySettings = field(default_factory=ActivitySettings)
    suggested_request: dict[str, Any] = field(default_factory=dict[str, Any])
    planted: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What the generator put in the way."""
    vault: dict[str, str] = field(default_factory=dict[str, str])
    """Data source secrets by name, for the app's settings."""
    graph: bool = False
    """Whether Microsoft Graph is served."""
    target_before: Tenant | None = None
    """The target as it was given to us: what stood there is nobody's leftover."""
    contents: Contents = field(default_factory=lambda: Contents({}))

    def settle(self) -> None:
        moment = now()
        for service in self.services.values():
            service.agenda.settle(moment)

    def open_graph(self) -> None:
        """Serve it, and give our apps the permissions to read there."""
        self.graph = True
        for service in self.services.values():
            for actor in ("migration", "adminReader"):
                service.state.principals[service.state.actors[actor]].reads_directory = True

    def begin(self) -> None:
        """Another estate is in place."""
        self.contents = read([service.state for service in self.services.values()])
        *_, target = self.services.values()
        self.target_before = Tenant.from_dict(target.state.to_dict())

    def service(self, name: str) -> Service:
        """By tenant name, tenant id, "source" or "target"."""
        roles = dict(zip(("source", "target"), self.services.values(), strict=False))
        by_id = {service.state.id: service for service in self.services.values()}
        return (self.services | roles | by_id)[name]


def build(data_dir: Path, timing: Timing, tenants: list[Tenant], ports: list[int]) -> World:
    world = World(data_dir, timing, FileStore(data_dir))
    for tenant, port in zip(tenants, ports, strict=True):
        world.services[tenant.name] = Service(world, tenant, port, Quotas(timing))
    world.begin()
    return world
