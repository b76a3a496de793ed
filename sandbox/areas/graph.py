"""Microsoft Graph as far as people are looked up in it: users, groups, service principals, batches of such questions.

Served only where the sandbox was asked for it. A list of properties without `$select` leaves out accountEnabled and
userType, as the real one does.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sandbox import odata
from sandbox.calls import Call
from sandbox.replies import ApiError, Reply, graph_error, json_reply, refused
from sandbox.routing import operation
from sandbox.state import Kind, Principal, Tenant

Json = dict[str, Any]
MOST_IN_BATCH = 20
PAGE = 100
SHOWN: dict[Kind, tuple[str, ...]] = {
    "User": ("id", "displayName", "userPrincipalName", "mail", "givenName", "surname", "jobTitle"),
    "Group": ("id", "displayName", "mail", "mailEnabled", "securityEnabled", "groupTypes"),
    "App": ("id", "appId", "displayName", "servicePrincipalType", "accountEnabled"),
}
"""By default; $select asks for others."""

PATHS: dict[str, Kind] = {"users": "User", "groups": "Group", "servicePrincipals": "App"}
TYPES: dict[Kind, str] = {"User": "user", "Group": "group", "App": "servicePrincipal"}
DEFAULTS = {f"#microsoft.graph.{name}": SHOWN[kind] for kind, name in TYPES.items()}
COLLECTIONS = {kind: path for path, kind in PATHS.items()}


@operation("Graph_Batch", "POST", "$batch", family="graph")
async def batch(call: Call) -> Reply:
    """The answers come in any order; here in the other one."""
    _permit(call)
    asked = (await call.body()).get("requests")
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST_IN_BATCH:
        raise _refuse(400, "BadRequest", f"A batch takes 1 to {MOST_IN_BATCH} requests.")
    return json_reply({"responses": [_part(call, item) for item in reversed(asked)]})


def _part(call: Call, asked: Json) -> Json:
    """One of a batch: it fails or succeeds by itself."""
    reply = _answer(call, str(asked.get("method", "")), str(asked.get("url", "")))
    headers = {"Content-Type": "application/json"}
    return {"id": asked.get("id"), "status": reply.status, "headers": headers, "body": json.loads(reply.body)}


def _answer(call: Call, method: str, url: str) -> Reply:
    parts = urlsplit(url)
    path, query = parts.path.strip("/"), dict(parse_qsl(parts.query))
    steps = [unquote(step) for step in path.split("/")]
    try:
        if method.upper() != "GET" or steps[0] not in PATHS or len(steps) > 3:
            raise _refuse(400, "BadRequest", "Only what is looked up can be in a batch here.")
        return _look_up(call, PATHS[steps[0]], steps[1:], query)
    except ApiError as error:
        return graph_error(error, call.request_id)


def _look_up(call: Call, kind: Kind, steps: list[str], query: dict[str, str]) -> Reply:
    """The list of a kind, one of it, or what one is related to."""
    tenant = call.service.state
    address = "/".join([call.service.base_url + "/graph/v1.0", COLLECTIONS[kind], *map(quote, steps)])
    if not steps:
        return _listing(address, _of_kind(tenant, kind), query)
    found = _find(tenant, kind, steps[0])
    if len(steps) == 1:
        return json_reply(_shown(found, query.get("$select", "")))
    return _listing(address, _related(tenant, found, steps[1]), query)


def _of_kind(tenant: Tenant, kind: Kind) -> list[Principal]:
    return [who for who in tenant.principals.values() if who.kind == kind]


def _find(tenant: Tenant, kind: Kind, name: str) -> Principal:
    """By object id; users by UPN too."""
    found = tenant.principal_named(name)
    by_upn = found is not None and found.id != name.lower()
    if found is None or found.kind != kind or (by_upn and kind != "User"):
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise _refuse(404, "Request_ResourceNotFound", text)
    return found


def _related(tenant: Tenant, who: Principal, relation: str) -> list[Principal]:
    if relation == "transitiveMembers" and who.kind == "Group":
        return [tenant.principals[member] for member in who.members if member in tenant.principals]
    if relation == "transitiveMemberOf":
        return [group for group in _of_kind(tenant, "Group") if who.id in group.members]
    if relation == "licenseDetails" and who.kind == "User":
        return []
    raise _refuse(400, "BadRequest", f"Resource not found for the segment '{relation}'.")


def _listing(address: str, people: Iterable[Principal], query: dict[str, str]) -> Reply:
    """By pages that @odata.nextLink leads along."""
    rows = [_everything(who) for who in people]
    if query.get("$filter"):
        rows = list(filter(odata.parse(query["$filter"]), rows))
    top = odata.whole_number(query, "$top", PAGE, 1, 999)
    start = odata.whole_number(query, "$skiptoken", 0, 0, 2**31)
    select = query.get("$select", "")
    answer: Json = {"value": [_kept(row, select) for row in rows[start : start + top]]}
    if start + top < len(rows):
        following = query | {"$skiptoken": str(start + top)}
        answer["@odata.nextLink"] = f"{address}?{urlencode(following, safe='$')}"
    return json_reply(answer)


def _shown(who: Principal, select: str) -> Json:
    return _kept(_everything(who), select)


def _kept(row: Json, select: str) -> Json:
    names = [name.strip() for name in select.split(",") if name.strip()]
    wanted = names or DEFAULTS[row["@odata.type"]]
    return {"@odata.type": row["@odata.type"]} | {name: row.get(name) for name in wanted}


def _everything(who: Principal) -> Json:
    fields: Json = {
        "@odata.type": f"#microsoft.graph.{TYPES[who.kind]}",
        "id": who.id,
        "displayName": who.display_name,
        "accountEnabled": True,
    }
    if who.kind == "User":
        guest = "#EXT#" in (who.upn or "")
        return fields | {
            "userPrincipalName": who.upn,
            "mail": who.upn,
            "userType": "Guest" if guest else "Member",
        }
    if who.kind == "Group":
        return fields | {"mail": None, "mailEnabled": False, "securityEnabled": True, "groupTypes": []}
    return fields | {"appId": who.app_id, "servicePrincipalType": "Application"}


def _permit(call: Call) -> None:
    if not call.service.world.graph:
        raise _refuse(404, "UnknownError", "Microsoft Graph is not served here.")
    if call.caller.is_app and not call.caller.principal.reads_directory:
        raise _refuse(
            403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )


def _refuse(status: int, code: str, text: str) -> ApiError:
    return refused(status, code, message=text)


def _declare(path: str, kind: Kind) -> None:
    """The list of one kind, one of it, and its relations."""
    name = TYPES[kind].capitalize()

    async def in_list(call: Call) -> Reply:
        _permit(call)
        return _look_up(call, kind, [], call.query)

    async def one(call: Call) -> Reply:
        _permit(call)
        return _look_up(call, kind, [call.params["id"]], call.query)

    async def related(call: Call) -> Reply:
        _permit(call)
        return _look_up(call, kind, [call.params["id"], call.params["relation"]], call.query)

    operation(f"Graph_List{name}s", "GET", path, family="graph")(in_list)
    operation(f"Graph_Get{name}", "GET", f"{path}/{{id}}", family="graph")(one)
    operation(f"Graph_List{name}Relations", "GET", f"{path}/{{id}}/{{relation}}", family="graph")(related)


for _path, _kind in PATHS.items():
    _declare(_path, _kind)
