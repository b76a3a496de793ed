"""Before a handler may answer: whose token it is, whether an admin operation is open to them, whose quota it takes."""

from sandbox.access import Caller, require_admin
from sandbox.calls import Call
from sandbox.replies import token_refused
from sandbox.timing import iso, now
from sandbox.tokens import Token

PER_OPERATION = ("admin.items", "admin.other")
"""Buckets that each operation has for itself."""


def admit(call: Call) -> None:
    """Token, admin right and quota, in the order in which the service looks at them."""
    operation, service = call.operation, call.service
    if operation.guard == "open":
        return
    call.identity = _identify(call)
    if operation.guard in ("admin", "adminUser"):
        require_admin(call.caller, user_only=operation.guard == "adminUser")
    if not operation.bucket.startswith("dataset."):
        service.quotas.take(operation.bucket, _counted(call, call.caller.id), now())


def quota_key(call: Call) -> str | None:
    """The bucket of a call and whose it is, also where the call is answered before that is looked at."""
    token = _token(call)
    if call.operation.guard == "open" or token is None or token.tenant_id != call.service.state.id:
        return None
    own = call.params.get("datasetId", "") if call.operation.bucket == "dataset.refresh" else ""
    return f"{call.operation.bucket} {_counted(call, token.principal_id)} {own}".strip()


def _counted(call: Call, caller: str) -> str:
    """Admin limits are the tenant's, others the caller's; some are each operation's own."""
    operation = call.operation
    who = call.service.state.id if operation.guard in ("admin", "adminUser") else caller
    return f"{who} {operation.id}" if operation.bucket in PER_OPERATION else who


def _identify(call: Call) -> Caller:
    world, tenant = call.service.world, call.service.state
    token = _token(call)
    if token is not None and token.tenant_id != tenant.id:
        world.ledger.violate(
            "foreign-token",
            time=iso(now()),
            tenant=tenant.name,
            tokenTenant=token.tenant_id,
            operation=call.operation.id,
            requestId=call.request_id,
        )
        raise token_refused("InvalidToken")
    principal = tenant.principals.get(token.principal_id) if token else None
    if token is None or principal is None or token.for_graph != (call.operation.family == "graph"):
        raise token_refused("InvalidToken")
    if token.expires_at <= now():
        raise token_refused("TokenExpired")
    return Caller(principal)


def _token(call: Call) -> Token | None:
    scheme, _, text = call.request.headers.get("authorization", "").partition(" ")
    return call.service.world.tokens.access.get(text) if scheme.lower() == "bearer" else None
