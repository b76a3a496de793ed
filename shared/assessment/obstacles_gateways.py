"""Data sources: each needs a way to its data in the target, a gateway with a data source or a credential.

One cause, one obstacle. A gateway that is mapped to none hides what its target lacks; a data source that its target
gateway lacks is not also one without a credential, because a gateway's data source holds its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.assessment.extracts import data_source_key, details_of, without_query
from shared.assessment.model import Extract, Json, Obstacle
from shared.assessment.obstacles_parts import Parts, Tally, rows_of, unread_of
from shared.assessment.obstacles_places import Place, needs_credential, place_of
from shared.assessment.obstacles_unknown import not_checkable
from shared.assessment.reading import lower, rows, text
from shared.models import Kind, MigrationRequest

_GATEWAY = "gateway"
_NO_ADMIN = (
    "The source identity does not administer the gateway(s) {0}, so neither their names nor their data sources can be "
    "read; they can be mapped by id."
)


@dataclass(slots=True)
class _Use:
    """One data source as the estate uses it."""

    users: int = 0  # models and dataflows
    where: Tally = field(default_factory=Tally)

    def __str__(self) -> str:
        return f"{self.users} model(s) or dataflow(s) in {self.where}"


class Gateways:
    """One obstacle per gateway, per data source on one, per credential."""

    def __init__(self, parts: Parts, request: MigrationRequest):
        self._request = request
        self._source = {lower(row, "id"): text(row, "name") for row in rows_of(parts, "source-gateways")}
        self._target = rows_of(parts, "target-gateways")
        self._target_unread = unread_of(parts, "target-gateways")
        self._mapping = {key.lower(): value for key, value in request.gateways.items()}
        self._credentials = {without_query(key.lower()) for key in request.credentials}
        self._uses: dict[tuple[str, str], _Use] = {}  # (gateway or "", data source key)

    def see(self, extract: Extract) -> Iterator[Obstacle]:
        if extract.moves:
            for key, source in extract.sources.items():
                use = self._uses.setdefault((str(source.get("gateway") or "").lower(), key), _Use())
                use.users += len(source.get("models") or []) + len(source.get("dataflows") or [])
                use.where.add(extract.name)
        return iter(())

    def conclude(self) -> Iterator[Obstacle]:
        behind = {place: use for place, use in sorted(self._uses.items()) if self._is_behind(*place)}
        yield from self._unseen(behind)
        if not self._request.target:
            return
        gateways = sorted({gateway for gateway, _ in behind})
        unknown: set[str] = set()
        for gateway in gateways:
            found = list(
                self._gateway(gateway, {key: use for (of, key), use in behind.items() if of == gateway})
            )
            yield from (
                each for each in found if each.code != "gateway.unknownTarget" or each.name not in unknown
            )
            unknown |= {each.name for each in found}
        yield from self._missing_credentials(behind)

    def _is_behind(self, gateway: str, key: str) -> bool:
        """On a gateway that people run, not on the hidden one of a cloud source."""
        if not gateway:
            return False
        if gateway in self._source or gateway in self._mapping:
            return True
        return place_of(key) is not Place.CLOUD

    def _unseen(self, behind: dict[tuple[str, str], _Use]) -> Iterator[Obstacle]:
        unseen = sorted({gateway for gateway, _ in behind if gateway not in self._source})
        if unseen:
            yield not_checkable("sourceGateways", _NO_ADMIN.format(", ".join(unseen[:3])))

    def _gateway(self, gateway: str, uses: dict[str, _Use]) -> Iterator[Obstacle]:
        name = self._source.get(gateway) or gateway
        wanted = next((self._mapping[n] for n in (gateway, name.lower(), "*") if n in self._mapping), None)
        if wanted is None:
            message = f"{len(uses)} data source(s) are on it, used by {_sum(uses)}; gateways maps it to none."
            yield Obstacle("gateway.unmapped", _GATEWAY, gateway, name, message)
            return
        target = _chosen(self._target, wanted)
        if target is not None:
            yield from _on(target, name, uses)
        elif not self._target_unread:
            message = f"{name} is mapped to it; the target identity sees no gateway of that name or id."
            yield Obstacle("gateway.unknownTarget", _GATEWAY, "", wanted, message)

    def _missing_credentials(self, behind: dict[tuple[str, str], _Use]) -> Iterator[Obstacle]:
        on_gateways = {key for _, key in behind}
        merged: dict[str, list[_Use]] = {}
        for (_, key), use in sorted(self._uses.items()):
            if key not in on_gateways and key not in self._credentials and _is_open(key):
                merged.setdefault(key, []).append(use)
        for key, uses in merged.items():
            message = f"It is read by {'; '.join(map(str, uses))}; credentials names no secret for it."
            yield Obstacle("credentials.missing", Kind.GATEWAY_DATASOURCE, key, key, message)


def _is_open(key: str) -> bool:
    """The service reaches it by itself, with a credential. What lies behind a gateway and is bound to none is no
    refreshable source anywhere."""
    return place_of(key) is not Place.PREMISES and needs_credential(key)


def _on(target: Json, source_name: str, uses: dict[str, _Use]) -> Iterator[Obstacle]:
    """What the target gateway lacks of what the source gateway's models use."""
    identity, name = lower(target, "id"), text(target, "name") or lower(target, "id")
    unread = text(target, "unread")
    if target.get("administered") is False or unread:
        why = unread or "the target identity is not among its administrators"
        message = f"{source_name} is mapped to it, but its data sources can't be seen: {why}."
        yield Obstacle("gateway.notAdministered", _GATEWAY, identity, name, message)
        return
    there = {
        data_source_key(text(row, "datasourceType"), details_of(row)) for row in rows(target, "datasources")
    }
    for key, use in uses.items():
        if key not in there:
            message = (
                f"{name}, which {source_name} is mapped to, has no such data source; it is used by {use}."
            )
            yield Obstacle("gateway.noMatch", Kind.GATEWAY_DATASOURCE, key, key, message, key=identity)


def _chosen(gateways: list[Json], wanted: str) -> Json | None:
    """An id beats a name."""
    for field_name in ("id", "name"):
        for row in gateways:
            if lower(row, field_name) == wanted.lower():
                return row
    return None


def _sum(uses: dict[str, _Use]) -> str:
    return f"{sum(use.users for use in uses.values())} model(s) or dataflow(s)"
