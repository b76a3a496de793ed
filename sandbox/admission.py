"""Before a handler may answer: whose token it is, whether an admin operation is open to them, whose quota it takes."""

from sandbox.access import Caller, require_admin
from sandbox.calls import Call
from sandbox.replies import token_refused
from sandbox.timing import iso, now

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
    per_tenant = operation.guard in ("admin", "adminUser")
    who = service.state.id if per_tenant else call.caller.id
    own = operation.id if operation.bucket in PER_OPERATION else ""
    if not operation.bucket.startswith("dataset."):
        service.quotas.take(operation.bucket, f"{who} {own}", now())


def _identify(call: Call) -> Caller:
    world, tenant = call.service.world, call.service.state
    scheme, _, text = call.request.headers.get("authorization", "").partition(" ")
    token = world.tokens.access.get(text) if scheme.lower() == "bearer" else None
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
    if token is None or principal is None:
        raise token_refused("InvalidToken")
    if token.expires_at <= now():
        raise token_refused("TokenExpired")
    return Caller(principal)
