"""Small estates for the tests of obstacles: a workspace per call, only what the test is about filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.assessment.model import Extract, Json, Obstacle
from shared.assessment.obstacles import of_estate
from shared.assessment.obstacles_parts import Part, Surroundings
from shared.models import MigrationRequest

SQL = "sql:sql01.contoso.local;sales"
CLOUD_SQL = "sql:contoso.database.windows.net;sales"


def wanted(**changes: Any) -> MigrationRequest:
    return MigrationRequest(**{"source": "contoso", "target": "fabrikam", "workspaces": ["*"], **changes})


def workspace(number: int = 1, **changes: Any) -> Extract:
    return Extract(**{"workspace_id": f"w{number}", "name": f"Workspace {number}", **changes})


def people(*identifiers: str, kind: str = "User", best: str = "Viewer") -> dict[str, Json]:
    return {
        each: {
            "kind": kind,
            "name": each.split("@")[0],
            "upn": each if "@" in each else "",
            "id": "",
            "best": best,
        }
        for each in identifiers
    }


def sources(*keys: str, gateway: str = "", models: int = 1) -> dict[str, Json]:
    each = {"gateway": gateway, "models": [f"d{n}" for n in range(models)], "dataflows": []}
    return {key: {"type": key.split(":")[0], **each} for key in keys}


def found(
    extracts: Iterable[Extract],
    request: MigrationRequest | None = None,
    *,
    parts: dict[str, Any] | None = None,
    **surroundings: Any,
) -> list[Obstacle]:
    """All of the estate but what is never checkable."""
    told = {name: part if isinstance(part, Part) else Part(part) for name, part in (parts or {}).items()}
    known = Surroundings(**{"target_graph": True, **surroundings})
    obstacles = of_estate(extracts, told, request or wanted(), known)
    always = {"customVisuals", "downloads", "modelSizes", "tenantSettings"}
    return [each for each in obstacles if each.id not in always]


def codes(obstacles: Iterable[Obstacle]) -> list[str]:
    return sorted(each.code for each in obstacles)
