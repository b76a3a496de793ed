"""Bearer tokens: issued, remembered, checked; a token of the other tenant is refused and written down."""

import base64
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.state import Principal
from sandbox.timing import now


@dataclass(frozen=True, slots=True)
class Token:
    tenant_id: str
    principal_id: str
    expires_at: float
    audience: str = ""

    @property
    def for_graph(self) -> bool:
        return "graph." in self.audience


@dataclass(slots=True)
class Tokens:
    """Shared by both tenants, so that a foreign token is recognised as such."""

    access: dict[str, Token] = field(default_factory=dict[str, Token])
    refresh: dict[str, Token] = field(default_factory=dict[str, Token])

    def issue(self, tenant_id: str, principal: Principal, audience: str, life: float) -> str:
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant_id}/",
            "iat": int(now()),
            "exp": int(now() + life),
            "tid": tenant_id,
            "oid": principal.id,
            "idtyp": "app" if principal.kind == "App" else "user",
        }
        claims |= {"appid": principal.app_id} if principal.kind == "App" else {"upn": principal.upn}
        text = ".".join((_part({"typ": "JWT", "alg": "RS256"}), _part(claims), secrets.token_urlsafe(256)))
        self.access[text] = Token(tenant_id, principal.id, now() + life, audience)
        return text

    def issue_refresh(self, tenant_id: str, principal: Principal) -> str:
        text = "0." + secrets.token_urlsafe(256)
        self.refresh[text] = Token(tenant_id, principal.id, float("inf"))
        return text

    def expire(self, tenant_id: str | None = None) -> None:
        """Every token issued so far (to that tenant) is old from now on (tests of renewal)."""
        for text, old in self.access.items():
            if tenant_id in (None, old.tenant_id):
                self.access[text] = replace(old, expires_at=0.0)


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
