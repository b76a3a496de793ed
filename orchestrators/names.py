"""Instance ids: derived, never random, so that the same work always has the same id.

Azure Storage allows 100 characters; a migration id has at most 40, so what follows it is a hash where two
service ids would not fit.
"""

from __future__ import annotations

import hashlib


def scan_instance(migration_id: str, batch: int) -> str:
    return f"{migration_id}.scan.{batch:04d}"


def details_instance(migration_id: str, workspace_id: str) -> str:
    return f"{migration_id}.details.{workspace_id.lower()}"


def workspace_instance(migration_id: str, workspace_id: str) -> str:
    return f"{migration_id}.{workspace_id.lower()}"


def undo_instance(migration_id: str, workspace_id: str) -> str:
    return f"{migration_id}.undo.{workspace_id.lower()}"


def item_instance(migration_id: str, workspace_id: str, item_id: str) -> str:
    digest = hashlib.sha256(f"{workspace_id}/{item_id}".lower().encode()).hexdigest()
    return f"{migration_id}.item.{digest[:32]}"
