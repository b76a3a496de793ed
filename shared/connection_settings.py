"""Reads connections from `PBI_CONNECTIONS__<name>__<FIELD>` variables, naming every fault it meets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from shared.connections import Connection, Secret
from shared.errors import SettingFault
from shared.powerbi.clouds import CLOUDS, Cloud
from shared.powerbi.quotas import BUILT_IN, Quota, merge
from shared.powerbi.quotas import FIELDS as QUOTA_FIELDS

PREFIX = "PBI_CONNECTIONS__"
FIELDS = frozenset(
    {
        "TENANT_ID",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "CLIENT_CERTIFICATE_PATH",
        "ADMIN_CLIENT_ID",
        "ADMIN_CLIENT_SECRET",
    }
    | {
        "USERNAME",
        "PASSWORD",
        "REFRESH_TOKEN",
        "USER_CLIENT_ID",
        "PROFILE_ID",
        "CLOUD",
        "QUOTAS",
        "ALLOWED_HOSTS",
    }
    | {"AUTHORITY_URL", "API_URL", "FABRIC_URL", "GRAPH_URL"}
)
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_HOST_ENTRY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_UNRESOLVED = "@Microsoft.KeyVault("


def read_connections(
    values: Mapping[str, str], hosts: tuple[str, ...], faults: list[SettingFault], quota_share: float = 1.0
) -> dict[str, Connection]:
    """All connections by lower-case name; faults are added to the list, whatever else is wrong."""
    faults += [_host_fault("ALLOWED_HOSTS", host) for host in hosts if not _HOST_ENTRY.fullmatch(host)]
    grouped: dict[str, dict[str, tuple[str, str]]] = {}
    for variable, value in values.items():
        if not variable.upper().startswith(PREFIX):
            continue
        name, separator, field_name = variable[len(PREFIX) :].rpartition("__")
        key = field_name.upper()
        if not separator or not name or key not in FIELDS:
            faults.append(SettingFault(variable, "is not a connection setting", _known_fields()))
        elif key in grouped.setdefault(name.lower(), {}):
            faults.append(SettingFault(variable, "is set twice in different case", "keep one"))
        else:
            grouped[name.lower()][key] = (variable, value)
    return {
        name: _Reader(name, fields, hosts, faults, quota_share).connection()
        for name, fields in grouped.items()
    }


def _known_fields() -> str:
    return f"use {PREFIX}<name>__<FIELD> with one of {', '.join(sorted(FIELDS))}"


def _host_fault(setting: str, host: str) -> SettingFault:
    return SettingFault(
        setting, f"{host!r} is not a host", "comma separated host or host:port, without scheme"
    )


class _Reader:
    """One connection's fields; every method adds its faults and goes on."""

    def __init__(
        self,
        name: str,
        fields: Mapping[str, tuple[str, str]],
        hosts: tuple[str, ...],
        faults: list[SettingFault],
        quota_share: float,
    ) -> None:
        self._name = name
        self._quota_share = quota_share
        self._fields = fields
        self._hosts = hosts
        self._faults = faults

    def connection(self) -> Connection:
        cloud = self._cloud()
        tenant = self._required("TENANT_ID", _TENANT)
        client = self._required("CLIENT_ID")
        self._check_credentials()
        urls = {key: self._url(key) for key in ("AUTHORITY_URL", "API_URL", "FABRIC_URL", "GRAPH_URL")}
        return Connection(
            name=self._name,
            tenant_id=tenant,
            client_id=client,
            client_secret=self._secret("CLIENT_SECRET"),
            client_certificate_path=self._certificate(),
            admin_client_id=self._text("ADMIN_CLIENT_ID"),
            admin_client_secret=self._secret("ADMIN_CLIENT_SECRET"),
            username=self._text("USERNAME"),
            password=self._secret("PASSWORD"),
            refresh_token=self._secret("REFRESH_TOKEN"),
            user_client_id=self._text("USER_CLIENT_ID"),
            profile_id=self._text("PROFILE_ID"),
            cloud=cloud,
            authority_url=_with_tenant(urls["AUTHORITY_URL"] or cloud.authority, tenant),
            private_authority=urls["AUTHORITY_URL"] is not None,
            api_url=urls["API_URL"] or cloud.api,
            # Another Power BI than the cloud's has another Fabric too: the cloud's would be a foreign host.
            fabric_url=urls["FABRIC_URL"] or (None if urls["API_URL"] else cloud.fabric),
            graph_url=urls["GRAPH_URL"],
            quotas=self._quotas(),
            override_urls=tuple(url for url in urls.values() if url),
            allowed_hosts=self._allowed_hosts(),
        )

    def _text(self, key: str) -> str | None:
        return self._fields[key][1] if key in self._fields else None

    def _secret(self, key: str) -> Secret | None:
        value = self._text(key)
        if value is None:
            return None
        if value.startswith(_UNRESOLVED):
            self._fault(
                key, "is a Key Vault reference that was not resolved", "let the app's identity read the vault"
            )
        return Secret(value)

    def _required(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._text(key)
        if value is None:
            self._fault(key, "is missing", "every connection needs it")
            return ""
        if pattern and not pattern.fullmatch(value):
            self._fault(key, f"{value!r} is not an id or a domain name", "copy it from Entra")
        return value

    def _check_credentials(self) -> None:
        have = self._fields.keys()
        if ("CLIENT_SECRET" in have) == ("CLIENT_CERTIFICATE_PATH" in have):
            both = "CLIENT_SECRET" in have
            what = "is set together with CLIENT_CERTIFICATE_PATH" if both else "is missing"
            self._fault(
                "CLIENT_SECRET", what, "give exactly one of CLIENT_SECRET and CLIENT_CERTIFICATE_PATH"
            )
        for one, other in (
            ("ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET"),
            ("ADMIN_CLIENT_SECRET", "ADMIN_CLIENT_ID"),
        ):
            if one in have and other not in have:
                self._fault(other, f"is missing, {one} is set", "set both or none")
        if "PASSWORD" in have and "USERNAME" not in have:
            self._fault("USERNAME", "is missing, PASSWORD is set", "set both or none")
        if "USERNAME" in have and not have & {"PASSWORD", "REFRESH_TOKEN"}:
            self._fault("PASSWORD", "is missing, USERNAME is set", "set PASSWORD or REFRESH_TOKEN")

    def _certificate(self) -> str | None:
        path = self._text("CLIENT_CERTIFICATE_PATH")
        if path is not None and not Path(path).is_file():
            self._fault(
                "CLIENT_CERTIFICATE_PATH", "names a file that does not exist", "give a PEM or PFX file"
            )
        return path

    def _cloud(self) -> Cloud:
        name = self._text("CLOUD") or "public"
        if name.lower() not in CLOUDS:
            self._fault("CLOUD", f"{name!r} is not known", f"use one of {', '.join(CLOUDS)}")
        return CLOUDS.get(name.lower(), CLOUDS["public"])

    def _url(self, key: str) -> str | None:
        value = self._text(key)
        if value is None:
            return None
        problem = url_problem(value)
        if problem:
            self._fault(key, problem, "use https://host[:port]/path (http only for localhost)")
        return value.rstrip("/")

    def _quotas(self) -> Mapping[str, Quota]:
        try:
            parsed = json.loads(self._text("QUOTAS") or "{}")
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            self._fault(
                "QUOTAS", "is not a JSON object", 'use {"admin.getInfo": {"limit": 500, "window_s": 3600}}'
            )
            return BUILT_IN
        table, problems = merge(parsed, self._quota_share)
        for problem in problems:
            self._fault("QUOTAS", problem, f"keys: {', '.join(BUILT_IN)}; fields: {', '.join(QUOTA_FIELDS)}")
        return MappingProxyType(table)

    def _allowed_hosts(self) -> tuple[str, ...]:
        own = tuple(part.strip() for part in (self._text("ALLOWED_HOSTS") or "").split(",") if part.strip())
        self._faults += [
            _host_fault(self._fields["ALLOWED_HOSTS"][0], host)
            for host in own
            if not _HOST_ENTRY.fullmatch(host)
        ]
        return tuple(host.lower() for host in (*self._hosts, *own))

    def _fault(self, key: str, what: str, remedy: str) -> None:
        variable = self._fields[key][0] if key in self._fields else f"{PREFIX}{self._name.upper()}__{key}"
        self._faults.append(SettingFault(variable, what, remedy))


def url_problem(url: str) -> str | None:
    """What keeps this from being the base address of a service, in words, or None."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is not a number
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "is not an https URL"
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "uses http, which is allowed for localhost only"
    return "carries a user, query or fragment" if _has_extras(parts) else None


def _has_extras(parts: SplitResult) -> bool:
    return bool(parts.username or parts.password or "@" in parts.netloc or parts.query or parts.fragment)


def _with_tenant(authority: str, tenant: str) -> str:
    try:
        path = urlsplit(authority).path
    except ValueError:
        return authority
    return authority if path.strip("/") else f"{authority.rstrip('/')}/{tenant}"
