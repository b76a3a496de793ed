"""executeQueries, as far as row counts go: EVALUATE ROW("n", COUNTROWS('Table')), with errors that come as 200."""

import re
from typing import Any

from sandbox.calls import Call
from sandbox.replies import ApiError, Reply, bad_request, json_reply, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import Dataset
from sandbox.timing import now

COUNT = re.compile(
    r"\s*EVALUATE\s+ROW\s*\(\s*\"([^\"]+)\"\s*,\s*COUNTROWS\s*\(\s*'((?:[^']|'')+)'\s*\)\s*\)\s*", re.I
)
TOP, RESULT, TABLE = "top", "result", "table"


@operation(
    "Datasets_ExecuteQueriesInGroup",
    "POST",
    "groups/{groupId}/datasets/{datasetId}/executeQueries",
    bucket="dataset.executeQueries",
)
async def execute_queries(call: Call) -> Reply:
    """`extra.queryError` of a model ("top", "result" or "table") puts an error there, in a 200."""
    body = await call.body()
    item = call.dataset(call.workspace("Contributor"))
    queries = body.get("queries")
    if not isinstance(queries, list) or len(queries) != 1:
        raise bad_request("One query per request")
    if item.roles and call.caller.is_app:
        raise unauthorized()
    call.service.quotas.take("dataset.executeQueries", call.caller.id, now())
    return json_reply(_answer(item, str(queries[0].get("query", ""))))


def _answer(item: Dataset, query: str) -> dict[str, Any]:
    match = COUNT.fullmatch(query)
    if match is None:
        raise _query_error("Only a row count is understood here")
    column, name = match[1], match[2].replace("''", "'")
    counts = [table.get("rows", 0) for table in item.tables if table["name"] == name]
    if not counts:
        raise _query_error(f"Cannot find table '{name}'")
    return _with_error({"rows": [{f"[{column}]": counts[0]}]}, item.extra.get("queryError"))


def _with_error(table: dict[str, Any], place: str | None) -> dict[str, Any]:
    error = {"error": {"code": "DaxQueryFailure", "message": "The query ran out of memory"}}
    result = {"tables": [table | (error if place == TABLE else {})]} | (error if place == RESULT else {})
    return {"results": [result]} | (error if place == TOP else {})


def _query_error(text: str) -> ApiError:
    return refused(400, "DatasetExecuteQueriesError", text)
