"""Does the target hold what the source holds, once and unchanged? Judged from both tenants' records alone.

The app has no part in this. Each kind has its comparer; a kind that has none is counted as not compared, never as
equal. What a PBIX carries must be there; of any other kind what is missing is listed as `left`, for the caller to say
whether it should have moved.
"""

from collections import defaultdict
from typing import Any

from sandbox.compare_content import Content
from sandbox.compare_dashboards import Dashboards
from sandbox.compare_dataflows import Dataflows
from sandbox.compare_definitions import fabric_dataflows, paginated_reports
from sandbox.compare_folders import Folders
from sandbox.compare_others import Others
from sandbox.compare_parameters import Parameters
from sandbox.compare_pipelines import Pipelines
from sandbox.compare_push import PushModels
from sandbox.compare_settings import Settings
from sandbox.compare_workspaces import Workspaces
from sandbox.comparison import Comparison, Difference
from sandbox.expected import Expectation, is_ordinary
from sandbox.scene import Comparers, Couple, Scene
from sandbox.state import Tenant, Workspace

COMPARERS: Comparers = (
    Workspaces,
    Settings,
    fabric_dataflows,
    Dataflows,
    PushModels,
    Content,
    paginated_reports,
    Parameters,
    Dashboards,
    Folders,
    Pipelines,
    Others,
)
"""In the order of lineage: what others refer to comes first."""


def compare(
    source: Tenant, target: Tenant, request: dict[str, Any], before: Tenant | None = None
) -> Comparison:
    """`before`: the target as it was when the run began; what stood there already is no orphan."""
    known = _ids(before) if before else set[str]()
    scene = Scene(Expectation(source, target, request), Comparison(), known)
    _couple(scene)
    comparers = [make(scene) for make in COMPARERS]
    for comparer in comparers:
        comparer.pair()
    for comparer in comparers:
        comparer.judge()
    return scene.result


def _couple(scene: Scene) -> None:
    """By name. A second workspace of that name is one too many, a name nobody asked for an orphan."""
    by_name: dict[str, list[Workspace]] = defaultdict(list)
    for space in scene.expectation.target.workspaces.values():
        if is_ordinary(space):
            by_name[space.name.casefold()].append(space)
    for old in scene.expectation.workspaces():
        found = by_name.pop(scene.expectation.name_of(old).casefold(), [])
        new = found[0] if found else None
        scene.couples.append(Couple(old, new, _remains(new) - scene.known if new else set()))
        if new is not None:
            scene.meet(old.id, new.id)
        for copy in found[1:]:
            scene.result.differs(
                "twice", Difference("workspace", old.name, copy.name, "twice", old.id, copy.id)
            )
    for space in (space for spaces in by_name.values() for space in spaces if space.id not in scene.known):
        scene.result.differs(
            "orphan", Difference("workspace", space.name, space.name, "orphan", None, space.id)
        )


def _ids(tenant: Tenant) -> set[str]:
    """Everything that can be an orphan, by id; a right by workspace and principal."""
    spaces = tenant.workspaces.values()
    rights = [f"{space.id}/{access.principal_id}" for space in spaces for access in space.users]
    items = [
        item.id
        for space in spaces
        for item in (*space.reports, *space.datasets, *space.imports, *space.dashboards, *space.fabric_items)
    ]
    flows = [flow.object_id for space in spaces for flow in space.dataflows]
    folders = [folder.id for space in spaces for folder in space.folders]
    return {*tenant.workspaces, *tenant.pipelines, *items, *flows, *folders, *rights}


def _remains(space: Workspace) -> set[str]:
    """What failed imports made and no successful one took over."""
    made = {
        state: {
            key
            for item in space.imports
            if item.state == state
            for key in (*item.dataset_ids, *item.report_ids, *item.dataflow_ids)
        }
        for state in ("Failed", "Succeeded")
    }
    return made["Failed"] - made["Succeeded"]
