"""Where the documents of a run lie in Blob Storage; a run is a migration or a plan, by its run key."""

from __future__ import annotations

from shared.manifest import safe_id


def selection_path(run: str) -> str:
    """The head of the selection: how many, in how many batches."""
    return f"{run}/selection.json"


def batch_path(run: str, batch: int) -> str:
    """The part of the selection that one batch reads."""
    return f"{run}/selection/{batch:05d}.json"


def beside_path(run: str, batch: int) -> str:
    """Of what is there besides, and only named."""
    return f"{run}/beside/{batch:05d}.json"


def chosen_path(run: str) -> str:
    """Of the selection the ids of what moves (lower case), and its mode: what every activity of a plan needs."""
    return f"{run}/chosen.json"


def names_path(run: str) -> str:
    """What the workspaces that move are called on both sides."""
    return f"{run}/names.json"


def part_path(run: str, name: str) -> str:
    """A list of a whole tenant: `name` is "source-apps", "target-groups" and so on."""
    return f"{run}/tenant/{name}.json"


def inventory_path(run: str, workspace_id: str) -> str:
    return f"{run}/inventory/{safe_id(workspace_id)}.json"


def extracts_path(run: str, batch: int) -> str:
    return f"{run}/extracts/{batch:05d}.json"


def waves_path(run: str) -> str:
    return f"{run}/waves.json"


def order_path(run: str) -> str:
    """The workspaces in the order in which they are begun."""
    return f"{run}/order.json"


def changes_path(run: str, attempt: int) -> str:
    """Which batches a retry has still to look into for what was changed in the source."""
    return f"{run}/changes/{attempt:05d}.json"


def changed_path(run: str, attempt: int, workspace_id: str) -> str:
    """What it found changed in one workspace; where it found nothing there is none."""
    return f"{run}/changes/{attempt:05d}/{safe_id(workspace_id)}.json"


def folders_path(run: str, workspace_id: str) -> str:
    return f"{run}/folders/{safe_id(workspace_id)}.json"


def content_path(run: str, workspace_id: str, kind: str, item_id: str) -> str:
    """In the staging container: what an item is made of, on its way."""
    return f"{safe_id(run)}/{safe_id(workspace_id)}/{kind}.{safe_id(item_id)}"


def summary_path(run: str) -> str:
    return f"{run}/summary.json"
