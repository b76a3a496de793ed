"""One model and what has become of it: bytes where a file came, else its files; the data; how it is stored."""

from typing import Any

from sandbox.compare_files import alike, unlike
from sandbox.definitions import model_payloads
from sandbox.filling import expressions_of
from sandbox.scene import GUID, Couple, Scene, plain
from sandbox.state import Dataset, Report, Tenant, Workspace

LONGEST_DESCRIPTION = 256
LARGE = "PremiumFiles"


def facts_of_model(
    scene: Scene, couple: Couple, old: Dataset, new: Dataset
) -> dict[str, tuple[object, object]]:
    """Of what was made by definition the description too; no other way carries it."""
    expectation = scene.expectation
    facts: dict[str, tuple[object, object]] = {"name": (old.name, new.name)}
    if new.parts:
        facts["description"] = description(scene, old.description, new.description)
    else:
        facts["content"] = (hash_of(expectation.source, old), hash_of(expectation.target, new))
    if old.target_storage_mode == LARGE and couple.new and couple.new.capacity_id:
        facts["storage"] = (LARGE, new.target_storage_mode)
    facts["rows"] = (_rows(old, old), _rows(new, old))
    if _plainly_equal(old, new):
        return facts
    return facts | dict(unlike(scene, model_payloads(old), model_payloads(new)))


def _plainly_equal(old: Dataset, new: Dataset) -> bool:
    """Without a file of its own on either side, and no id in it that would have to be another one: most models."""
    if old.parts or new.parts or old.tables != new.tables or old.expressions != new.expressions:
        return False
    if old.roles or new.roles or old.extra.get("refreshPolicy") != new.extra.get("refreshPolicy"):
        return False
    return not any(GUID.search(text) or "powerbi://" in text for text in expressions_of(old))


def model_alike(old: Dataset, new: Dataset) -> bool:
    return bool(new.parts) and alike(model_payloads(old), model_payloads(new))


def description(scene: Scene, old: str, new: str) -> tuple[str, str]:
    """A link in it may be taken over as it is, or rewritten; what is too long can't be taken over."""
    wanted = (old, scene.mapped(old))
    if len(old) > LONGEST_DESCRIPTION or plain(new) in wanted or new in wanted:
        return "", ""
    return old, new


def hash_of(tenant: Tenant, item: Report | Dataset) -> str | None:
    file = tenant.files.get(item.file_id or "")
    return file.sha256 if file else None


def moved_models(space: Workspace) -> list[Dataset]:
    carried = {report.dataset_id for report in space.reports if moves_as_file(space, report)}
    return [model for model in space.datasets if model.id in carried]


def moves_as_file(space: Workspace, report: Report) -> bool:
    """A PBIX report whose file the service gives out, on a model of its own workspace."""
    model = next((model for model in space.datasets if model.id == report.dataset_id), None)
    refused = model is not None and (model.export_refusal is not None or model.target_storage_mode == LARGE)
    away = report.dataset_workspace_id not in (None, space.id)
    held = report.file_id is not None and not report.extra.get("rebound")
    return report.report_type == "PowerBIReport" and held and not refused and not away


def _rows(model: Dataset, old: Dataset) -> dict[str, Any]:
    """Of tables that hold any: neither DirectQuery, as the source has it, nor Direct Lake."""
    direct = "DirectQuery" in old.content_provider_type
    tables = [table for table in model.tables if not direct and not table.get("storageMode")]
    return {table["name"]: table.get("rows", 0) for table in tables}
