"""Content of every other kind: reports, dashboards, dataflows of both generations, Fabric's items, apps, pipelines."""

from sandbox.everykind.founding import Founding
from sandbox.everykind.moving import add_moving, second_generation, speak
from sandbox.everykind.sources import Sources, fed_by
from sandbox.extras import DASHBOARDS, PAGINATED
from sandbox.holdings import (
    Datamart,
    FabricItem,
    Link,
    Marks,
    Origins,
    Pipeline,
    PublishedApp,
    Share,
    Subscription,
)
from sandbox.state import Dashboard, Dataflow, Report, Workspace

REPORTS, BOARDS, FLOWS, FEEDING, FABRIC, MARTS = (
    "Every report",
    "Every dashboard",
    "Every dataflow",
    "Every dataflow upstream",
    "Every Fabric item",
    "Every datamart",
)
STAGES = ("Every stage development", "Every stage test")
LABEL = "d9b9581a-0594-4c39-81c5-91ddf40baeda"
FABRIC_KINDS = (
    "Notebook",
    "Warehouse",
    "DataPipeline",
    "Eventstream",
    "Scorecard",
    "Dataflow",
    "Environment",
    "OrgApp",
)
"""Of them a Dataflow is one of the second generation, which no list of Power BI has."""


def add_content(founding: Founding, sources: Sources) -> None:
    space = _reports(founding)
    _dashboards(founding, space)
    _dataflows(founding, sources)
    _fabric(founding, sources)
    _datamart(founding, sources)
    _apps(founding, space)
    _pipeline(founding)
    _subscriptions(founding, space)
    add_moving(founding, sources)
    speak(founding)


def named(founding: Founding, name: str) -> Workspace:
    return next(w for w in founding.source.workspaces.values() if w.name == name)


def _reports(founding: Founding) -> Workspace:
    """Labelled, certified, promoted, shared; a second one on the same model; and the copy that an app shows."""
    space = founding.space(REPORTS)
    alice, board = founding.person("alice"), founding.person("Board / Vorstand")
    report, model = founding.published(space, "Certified and labelled")
    shares = [Share(alice, "ReadReshare"), Share(board, "Read")]
    report.marks = Marks(LABEL, "Certified", founding.upn("alice"), shares)
    model.marks = Marks(LABEL, "Promoted", shares=[Share(board, "ReadExplore")])
    founding.authored(space, "Second on the same model", model)
    copy = founding.authored(space, "[App] Certified and labelled", model)
    copy.app_id, copy.original_report_id = founding.id(), report.id
    copy.id = founding.id()
    return space


def _dashboards(founding: Founding, reports: Workspace) -> None:
    """Tiles of a report, of a model elsewhere, and of nothing that has an id; and a dashboard without any."""
    space = founding.space(BOARDS)
    report, model = founding.published(space, "Pinned from")
    away = reports.datasets[0]
    tiles = [
        {"id": founding.id(), "title": "Total", "reportId": report.id, "datasetId": model.id},
        {"id": founding.id(), "title": "Asked", "datasetId": away.id, "datasetWorkspaceId": reports.id},
        {"id": founding.id(), "title": "A picture"},
    ]
    marks = Marks(LABEL, shares=[Share(founding.person("carol"), "ReadReshare")])
    space.dashboards.append(Dashboard(founding.id(), "With tiles", tiles, marks))
    space.dashboards.append(Dashboard(founding.id(), "Empty"))


def _dataflows(founding: Founding, sources: Sources) -> None:
    """C feeds B, here and in another workspace; B feeds a model."""
    above, space = founding.space(FEEDING), founding.space(FLOWS)
    first = _flow(founding, above, "Raw", fed_by(sources.warehouse))
    linked = Origins(dataflows=[Link(first.object_id, above.id)])
    second = _flow(founding, space, "Linked", linked)
    _flow(founding, space, "Computed", Origins(dataflows=[Link(second.object_id, space.id)]))
    second.marks = Marks(LABEL, "Promoted", shares=[Share(founding.person("dave"), "Read")])
    _, model = founding.published(space, "On a dataflow")
    model.origins = Origins(dataflows=[Link(second.object_id, space.id), Link(first.object_id, above.id)])


def _flow(founding: Founding, space: Workspace, name: str, origins: Origins) -> Dataflow:
    made = Dataflow(founding.id(), name, f"{name} rows", founding.upn("alice"), founding.making.moment())
    made.origins = origins
    space.dataflows.append(made)
    return made


def _fabric(founding: Founding, sources: Sources) -> None:
    space = founding.space(FABRIC)
    for kind in FABRIC_KINDS:
        item = FabricItem(founding.id(), kind, f"Our {kind}", creator_id=founding.person("bob"))
        item.modified = founding.making.moment()
        space.fabric_items.append(item)
    second_generation(founding, space, sources)


def _datamart(founding: Founding, sources: Sources) -> None:
    space = founding.space(MARTS)
    made = Datamart(
        founding.id(), "Datamart", "Self service", founding.upn("alice"), founding.making.moment()
    )
    made.origins, made.marks = (
        fed_by(sources.warehouse),
        Marks(shares=[Share(founding.person("erin"), "Read")]),
    )
    space.datamarts.append(made)


def _apps(founding: Founding, reports: Workspace) -> None:
    made = PublishedApp(reports.reports[-1].app_id or "", "The app", reports.id, "For everyone")
    made.published_by, made.last_update = "Alice", founding.making.moment()
    made.users = [Share(founding.person("alice"), "ReadExplore"), Share(founding.person("Analysts"), "Read")]
    founding.source.apps[made.id] = made


def _pipeline(founding: Founding) -> None:
    spaces = [founding.space(name) for name in STAGES]
    for space in spaces:
        founding.published(space, "Deployed")
    made = Pipeline(founding.id(), "Every pipeline", "From development to production")
    made.stages = [*(space.id for space in spaces), None]
    made.users = [founding.person(who) for who in ("alice", "Analysts", "etl")]
    founding.source.pipelines[made.id] = made


def _subscriptions(founding: Founding, reports: Workspace) -> None:
    rdl = named(founding, PAGINATED).reports[0]
    board = named(founding, DASHBOARDS).dashboards[0]
    _subscribe(founding, reports.reports[0], "Report", "alice", "leaver")
    _subscribe(founding, rdl, "PaginatedReport", "grace")
    _subscribe(founding, board, "Dashboard", "heidi")


def _subscribe(founding: Founding, item: Report | Dashboard, kind: str, *people: str) -> None:
    name = item.display_name if isinstance(item, Dashboard) else item.name
    made = Subscription(founding.id(), f"{name} by mail", item.id, name, kind)
    made.users = [founding.person(who) for who in people]
    made.page = "" if kind == "Dashboard" else "Page 1"
    founding.source.subscriptions.append(made)
