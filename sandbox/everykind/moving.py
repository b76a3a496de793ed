"""Content that takes more than its file: models across workspaces, names twice, refusals, links, RDL, mashups."""

import copy
import hashlib

from sandbox import definitions, mashups, pbix, rdl
from sandbox.everykind.founding import Founding
from sandbox.everykind.sources import SALES, Sources
from sandbox.holdings import FabricItem, Link, Origins
from sandbox.state import Dataset, File, Report, Workspace

LEFT, RIGHT, TWINS, MASHED = "Every left half", "Every right half", "Every twin", "Every mashup"
REFUSED, LINKED, PAGED = "Every refusal at the door", "Every link", "Every paginated report"
MODELESS = "ExportPBIX_ModelessWorkbookNotFound"
APP = "https://app.powerbi.com"
BOM = b"\xef\xbb\xbf"


def add_moving(founding: Founding, sources: Sources) -> None:
    _halves(founding)
    _twins(founding)
    _refusals(founding)
    _links(founding)
    _paginated(founding)


def second_generation(founding: Founding, space: Workspace, sources: Sources) -> None:
    """Two dataflows, one reads the other; and in another workspace a model that reads the second."""
    first = next(item for item in space.fabric_items if item.kind == "Dataflow")
    second = FabricItem(founding.id(), "Dataflow", "Our second Dataflow", "Reads the first", first.creator_id)
    second.modified = founding.making.moment()
    space.fabric_items.append(second)
    steps = mashups.of_source(founding.source.data_sources[sources.warehouse])
    first.parts = definitions.encoded(mashups.gen2(first.name, {"Rows": steps}))
    reading = mashups.of_dataflow(Link(first.id, space.id))
    second.parts = definitions.encoded(mashups.gen2(second.name, {"Rows": reading, "Few": "Rows{0}"}))
    view = founding.space(MASHED)
    model = founding.model(view, "On a dataflow of the second generation", "PowerBIModelingService")
    model.tables = _tables(founding, mashups.of_dataflow(Link(second.id, space.id)))
    founding.authored(view, "View of the second generation", model)


def speak(founding: Founding) -> None:
    """Every model says in M where its data comes from, as far as its lineage knows."""
    for space in founding.source.workspaces.values():
        for model in space.datasets:
            texts = list(_texts(founding, model.origins)) if model.origins else []
            if texts and model.tables and not model.add_rows_api_enabled:
                _tell(model, texts)


def modelled(founding: Founding, model: Dataset) -> None:
    """Tables for a model that no file has brought."""
    model.tables = _tables(founding, mashups.of_source(next(iter(founding.source.data_sources.values()))))


def _texts(founding: Founding, origins: Origins) -> list[str]:
    known, spaces = founding.source.data_sources, founding.source.workspaces
    texts = [mashups.of_source(known[item]) for item in (*origins.data_sources, *origins.misconfigured)]
    texts += [mashups.of_dataflow(link) for link in origins.dataflows]
    for link in origins.datasets:
        home = spaces[link.workspace_id]
        above = next(model for model in home.datasets if model.id == link.item_id)
        texts.append(mashups.of_model(home.name, above.name))
    return texts


def _tell(model: Dataset, texts: list[str]) -> None:
    """The first is what the first table reads, unless parameters say that; others are queries beside it."""
    model.tables = copy.deepcopy(model.tables)
    names = {item["name"] for item in model.parameters}
    text = texts[0]
    if {"Server", "Database"} <= names:
        text = "let\n    Source = Sql.Database(Server, Database)\nin\n    Source"
    if {"RangeStart", "RangeEnd"} <= names:
        text = text.replace("\nin\n    Source", _BETWEEN)
    model.tables[0]["source"] = [{"expression": text}]
    model.expressions += [
        {"name": f"Source {number}", "expression": other} for number, other in enumerate(texts[1:], 2)
    ]


_BETWEEN = (
    ",\n    Rows = Table.SelectRows(Source, each [Date] >= RangeStart and [Date] < RangeEnd)\nin\n    Rows"
)


def _tables(founding: Founding, text: str) -> list[dict[str, object]]:
    tables = copy.deepcopy(founding.making.templates.get("Sales").tables)
    tables[0]["source"] = [{"expression": text}]
    return tables


def _halves(founding: Founding) -> None:
    """Each has a report on the other's model: neither workspace can be moved whole before the other."""
    left, right = founding.space(LEFT), founding.space(RIGHT)
    (_, first), (_, second) = founding.published(left, "Left"), founding.published(right, "Right")
    founding.authored(left, "Right seen from the left", second, right)
    founding.authored(right, "Left seen from the right", first, left)


def _twins(founding: Founding) -> None:
    """Two models of one name, each with its file, and on each a view; the views share a name too."""
    space = founding.space(TWINS)
    for _ in range(2):
        _, model = founding.published(space, "Twin")
        founding.authored(space, "Twin view", model)


def _refusals(founding: Founding) -> None:
    """Nothing that can be seen beforehand tells that their files are refused; of one the definition is, too."""
    space = founding.space(REFUSED)
    _, model = founding.published(space, "Ordinary to look at")
    model.export_refusal = "ModelWithIncrementalRefreshIsNotDownloadable"
    report, model = founding.published(space, "Made by an API")
    report.file_id = model.file_id = None
    model.export_refusal = MODELESS
    report, model = founding.published(space, "Refused twice")
    model.export_refusal = "ModelExportActionDenied"
    model.extra["definitionRefusal"] = report.extra["definitionRefusal"] = "OperationNotSupportedForItem"


def _links(founding: Founding) -> None:
    """From a report made in the service and from one with a file; into this workspace, another one, and nowhere."""
    space = founding.space(LINKED)
    report, model = founding.published(space, "Target of links")
    away = next(held for held in founding.source.workspaces.values() if held.name == LEFT)
    links = [
        f"{APP}/groups/{space.id}/reports/{report.id}/ReportSection",
        f"{APP}/groups/{away.id}/reports/{away.reports[0].id}?filter=Sales%2FKey%20eq%201",
        f"{APP}/groups/{founding.id()}/reports/{founding.id()}",
    ]
    founding.authored(space, "Drill through", model).extra["links"] = links
    held, carrying = founding.published(space, "Drill through from a file")
    _refile(founding, held, carrying, links)


def _refile(founding: Founding, report: Report, model: Dataset, links: list[str]) -> None:
    """Another file in the place of its own, with the links in it."""
    template = founding.making.templates.get("Stock")
    path = founding.making.store.path(founding.id())
    file = pbix.write(path, template, report.id, links=links)
    founding.source.files[file.id] = file
    report.file_id = model.file_id = file.id
    report.extra["links"], model.tables = links, template.tables


def _paginated(founding: Founding) -> None:
    space = founding.space(PAGED)
    _, model = founding.published(space, "Behind the pages")
    away = next(held for held in founding.source.workspaces.values() if held.name == LEFT)
    other = away.datasets[0]
    embedded = rdl.embedded("Sales", SALES["server"], SALES["database"])
    first = _rdl(founding, space, "Embedded source", rdl.document("Embedded", [embedded]))
    _rdl(founding, space, "On a model", rdl.document("On a model", [rdl.on_model(space, model), embedded]))
    _rdl(founding, space, "On a model elsewhere", rdl.document("Elsewhere", [rdl.on_model(away, other)]))
    _rdl(founding, space, "By the endpoint", rdl.document("Endpoint", [rdl.by_endpoint(away, other)]))
    links = [f"{APP}/groups/{space.id}/rdlreports/{first.id}", f"{APP}/groups/{away.id}/list"]
    _rdl(founding, space, "With links & Größe", rdl.document("Links", [embedded], links))
    _rdl(founding, space, "With a byte order mark", BOM + rdl.document("Marked", [embedded]))


def _rdl(founding: Founding, space: Workspace, name: str, content: bytes) -> Report:
    made = Report(founding.id(), name, "PaginatedReport", created_by=founding.upn("carol"))
    made.created_date_time = made.modified_date_time = founding.making.moment()
    file = File(founding.id(), hashlib.sha256(content).hexdigest(), len(content))
    founding.making.store.path(file.id).write_bytes(content)
    founding.source.files[file.id] = file
    made.file_id, made.parts = file.id, definitions.encoded({definitions.RDL: content})
    space.reports.append(made)
    return made
