"""Push and streaming datasets: made with their tables in one request; rows go in afterwards and are only counted."""

from sandbox import push, views
from sandbox.calls import Call
from sandbox.push import Json
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found
from sandbox.routing import operation
from sandbox.state import Dataset, Workspace, new_id
from sandbox.timing import iso, now

TABLES = "groups/{groupId}/datasets/{datasetId}/tables"
RETENTION = ("None", "basicFIFO")


@operation("Datasets_PostDatasetInGroup", "POST", "groups/{groupId}/datasets")
async def post_dataset(call: Call) -> Reply:
    """Two of one name may stand side by side. 201 for most; a streaming one is answered with 202."""
    body = await call.body()
    workspace = call.workspace("Contributor")
    made, mode = _made(call, body), body.get("defaultMode", "Push")
    workspace.datasets.append(made)
    call.audit("CreateDataset", workspace, dataset=made)
    retention = {"defaultRetentionPolicy": call.query.get("defaultRetentionPolicy", "None")}
    made.extra |= retention
    return json_reply(views.dataset(workspace, made), 202 if mode == "Streaming" else 201)


@operation("Datasets_GetTablesInGroup", "GET", TABLES)
async def get_tables(call: Call) -> Reply:
    return listing([_shown(table) for table in _push(call, call.workspace()).tables], "tables")


@operation("Datasets_PutTableInGroup", "PUT", f"{TABLES}/{{tableName}}")
async def put_table(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = _push(call, workspace)
    old, new = _table(call, item), push.checked_table(body)
    new["rows"] = old["rows"]
    item.tables[item.tables.index(old)] = new
    call.audit("EditDataset", workspace, dataset=item)
    return json_reply(_shown(new))


@operation("Datasets_PostRowsInGroup", "POST", f"{TABLES}/{{tableName}}/rows")
async def post_rows(call: Call) -> Reply:
    body = await call.body()
    table = _table(call, _push(call, call.workspace("Contributor")))
    table["rows"] = table.get("rows", 0) + push.count_rows(body.get("rows"))
    return Reply()


@operation("Datasets_DeleteRowsInGroup", "DELETE", f"{TABLES}/{{tableName}}/rows")
async def delete_rows(call: Call) -> Reply:
    _table(call, _push(call, call.workspace("Contributor")))["rows"] = 0
    return Reply()


def _made(call: Call, body: Json) -> Dataset:
    name, mode = body.get("name"), body.get("defaultMode", "Push")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("name is missing")
    if mode not in push.PROVIDERS:
        raise bad_request(f"defaultMode must be one of {', '.join(push.PROVIDERS)}")
    if call.query.get("defaultRetentionPolicy", "None") not in RETENTION:
        raise bad_request(f"defaultRetentionPolicy must be one of {', '.join(RETENTION)}")
    made = Dataset(new_id(), name.strip(), configured_by=call.caller.name, created_date=iso(now()))
    made.content_provider_type, made.add_rows_api_enabled = push.PROVIDERS[mode], True
    made.is_refreshable, made.tables = False, push.checked_tables(body.get("tables"))
    made.relationships = push.checked_relationships(body.get("relationships"), made.tables)
    return made


def _push(call: Call, workspace: Workspace) -> Dataset:
    item = call.dataset(workspace)
    if not item.add_rows_api_enabled:
        raise bad_request("This operation is for push datasets only")
    return item


def _table(call: Call, item: Dataset) -> Json:
    found = next((table for table in item.tables if table["name"] == call.params["tableName"]), None)
    if found is None:
        raise not_found()
    return found


def _shown(table: Json) -> Json:
    """Nothing but the name comes back; only a scan tells columns and measures."""
    return {"name": table["name"], "columns": []}
