"""Thin PBIX files: a report without its model, connected live to one in the service."""

import copy
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

MODEL_MEMBERS = ("DataModel", "SecurityBindings", "Connections")


def without_model(whole: Path, made: Path, model_id: str) -> None:
    """Copy a PBIX member by member, with a live connection to `model_id` in the place of its model."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            if member.filename not in MODEL_MEMBERS:
                with old.open(member) as source, new.open(copy.copy(member), "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target)
        new.writestr("Connections", json.dumps(_connection(model_id)))


def connected_model(thin: Path) -> str | None:
    """The id of the model that a thin PBIX names."""
    with zipfile.ZipFile(thin) as archive:
        try:
            sent = json.loads(archive.read("Connections"))
            return str(sent["Connections"][0]["PbiModelDatabaseName"]).lower()
        except (KeyError, IndexError, TypeError, ValueError):
            return None


def _connection(model_id: str) -> dict[str, Any]:
    where = (
        f"Data Source=pbiazure://api.powerbi.com;Initial Catalog={model_id};Integrated Security=ClaimsToken"
    )
    return {
        "Version": 3,
        "Connections": [
            {
                "Name": "EntityDataSource",
                "ConnectionString": where,
                "ConnectionType": "pbiServiceLive",
                "PbiModelDatabaseName": model_id,
            }
        ],
    }
