"""Connections: one tenant's identities and endpoints, as the rest of the app sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.powerbi.clouds import CLOUDS, Cloud
from shared.powerbi.quotas import BUILT_IN, Quota


class Secret:
    """A value that shows itself only when asked to; never in repr, str, JSON or a log line."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, slots=True)
class Connection:
    """One tenant as this app reaches it. `name` is in lower case; URLs have no trailing slash."""

    name: str
    tenant_id: str
    client_id: str
    client_secret: Secret | None = None
    client_certificate_path: str | None = None
    admin_client_id: str | None = None
    admin_client_secret: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    refresh_token: Secret | None = None
    user_client_id: str | None = None
    profile_id: str | None = None
    cloud: Cloud = CLOUDS["public"]
    authority_url: str = ""
    private_authority: bool = False  # AUTHORITY_URL is given: no instance discovery
    api_url: str = ""
    fabric_url: str | None = None
    graph_url: str | None = None
    quotas: Mapping[str, Quota] = field(default_factory=lambda: BUILT_IN)
    override_urls: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()

    @property
    def has_admin(self) -> bool:
        """A second identity reads the admin APIs."""
        return self.admin_client_id is not None

    @property
    def has_user(self) -> bool:
        """A master user is configured."""
        return bool(self.refresh_token or (self.username and self.password))

    def secrets(self) -> Iterator[Secret]:
        for secret in (self.client_secret, self.admin_client_secret, self.password, self.refresh_token):
            if secret:
                yield secret
