"""How people arrange things: folders in folders, settings of workspaces, a pipeline of three stages, push models."""

from sandbox.everykind.founding import Founding, Json
from sandbox.holdings import Folder, Marks, Pipeline, Share, StorageAccount
from sandbox.state import Dashboard, Dataset, Workspace

FOLDERS, SETTINGS, PUSHED = "Every folder", "Every setting", "Every push model"
LINE = tuple(f"Every step {name}" for name in ("one", "two", "three"))
LAKE = "Company lake"


def add_arranged(founding: Founding) -> None:
    _folders(founding)
    _settings(founding)
    _pushed(founding)
    _pipeline(founding)


def _folders(founding: Founding) -> None:
    """Two of one name at different places, one that is empty, and items of several kinds in and beside them."""
    space = founding.space(FOLDERS)
    sales, archive = _folder(founding, space, "Sales"), _folder(founding, space, "Archive und Ablage")
    inner = _folder(founding, space, "Archive und Ablage", sales)
    deepest = _folder(founding, space, "2026", inner)
    _folder(founding, space, "Empty", archive)
    for name, folder in (("In a folder", sales), ("Far down", deepest), ("Beside them all", None)):
        report, model = founding.published(space, name)
        for item in (report.id, model.id) if folder else ():
            space.placed[item] = folder.id if folder else ""
    board = Dashboard(founding.id(), "Filed")
    space.dashboards.append(board)
    space.placed[board.id] = inner.id


def _folder(founding: Founding, space: Workspace, name: str, parent: Folder | None = None) -> Folder:
    made = Folder(founding.id(), name, parent.id if parent else None)
    space.folders.append(made)
    return made


def _settings(founding: Founding) -> None:
    """All that a workspace can be told; the storage account is the target's too, under its own id."""
    space = founding.space(SETTINGS)
    founding.published(space, "Plain")
    space.description = "Monthly figures.\nAsk Alice – or Jörg."
    space.default_dataset_storage_format = "Large"
    for tenant in (founding.source, founding.target.tenant):
        account = StorageAccount(founding.id(), LAKE)
        tenant.storage_accounts[account.id] = account
    space.dataflow_storage_id = next(iter(founding.source.storage_accounts))
    space.log_analytics = {
        "id": f"/subscriptions/{founding.id()}/resourceGroups/logs/providers/microsoft.operationalinsights"
        "/workspaces/contoso-logs"
    }


def _pushed(founding: Founding) -> None:
    """Two of one name with other tables, one that also streams, one whose tables no scan tells."""
    space = founding.space(PUSHED)
    board = founding.person("Board / Vorstand")
    _push(founding, space, "Sensors", [_table("Readings", ("At", "DateTime"), ("Degrees", "Double"))])
    second = [
        _table("Doors", ("At", "DateTime"), ("Door", "String"), ("Open", "Boolean")),
        _table("Places", ("Door", "String"), ("Floor", "Int64")),
    ]
    second[0]["measures"] = [{"name": "Openings", "expression": "COUNTROWS(Doors)"}]
    model = _push(founding, space, "Sensors", second)
    model.marks = Marks(shares=[Share(board, "Read")])
    founding.authored(space, "Doors today", model)
    streamed = _push(founding, space, "Both", [_table("Ticks", ("At", "DateTime"), ("Price", "Decimal"))])
    streamed.content_provider_type = "RealTimeInPushStreamingMode"
    untold = _push(founding, space, "Untold", [])
    untold.extra["schemaRetrievalError"] = "The schema of this dataset can't be read."
    founding.plant("modelUnreadable", "dataset", untold.id, untold.name, space)


def _push(founding: Founding, space: Workspace, name: str, tables: list[Json]) -> Dataset:
    made = founding.model(space, name, "RealTimeInPushMode")
    made.add_rows_api_enabled, made.is_refreshable, made.tables = True, False, tables
    return made


def _table(name: str, *columns: tuple[str, str]) -> Json:
    told = [{"name": column, "dataType": kind} for column, kind in columns]
    return {"name": name, "columns": told, "measures": [], "rows": 5}


def _pipeline(founding: Founding) -> None:
    """Every stage is taken; of its users one goes by another name in the target, and one has left."""
    spaces = [founding.space(name) for name in LINE]
    for space in spaces:
        founding.published(space, "Promoted")
    made = Pipeline(founding.id(), "Every line", "Three steps", [space.id for space in spaces])
    made.users = [founding.person(who) for who in ("alice", "bob", "leaver")]
    founding.source.pipelines[made.id] = made
