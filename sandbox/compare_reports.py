"""One report and what has become of it: bytes where its file came, what a file shows where its model did not come
along, or definition files; and the model it is bound to."""

from sandbox.compare_files import alike, unlike
from sandbox.compare_models import description, hash_of
from sandbox.definitions import report_payloads
from sandbox.scene import Scene
from sandbox.state import Report, Tenant


def facts_of_report(scene: Scene, old: Report, new: Report) -> dict[str, tuple[object, object]]:
    source, target = scene.expectation.source, scene.expectation.target
    bound = scene.counterparts.get(old.dataset_id or "")
    facts: dict[str, tuple[object, object]] = {
        "name": (old.name, new.name),
        "binding": (bound, new.dataset_id),
    }
    if new.parts:
        facts["description"] = description(scene, old.description, new.description)
        return facts | dict(unlike(scene, report_payloads(source, old), report_payloads(target, new)))
    content = (hash_of(source, old), hash_of(target, new))
    same = content[0] == content[1] or report_alike(scene, old, new)
    return facts | ({} if same else {"content": content})


def report_alike(scene: Scene, old: Report, new: Report) -> bool:
    source, target = scene.expectation.source, scene.expectation.target
    if new.parts:
        return alike(report_payloads(source, old), report_payloads(target, new))
    return _may_be_thin(source, old) and _shows(source, old) == _shows(target, new)


def _may_be_thin(tenant: Tenant, report: Report) -> bool:
    """Several reports are on its model, so one of them brought that along, and the others came without."""
    on_it = (
        item
        for space in tenant.workspaces.values()
        for item in space.reports
        if item.dataset_id == report.dataset_id
    )
    return _shows(tenant, report) is not None and sum(1 for _ in on_it) > 1


def _shows(tenant: Tenant, report: Report) -> str | None:
    """A digest of what the file has besides a model."""
    file = tenant.files.get(report.file_id or "")
    return (file.layout or None) if file else None
