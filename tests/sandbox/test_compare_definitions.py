"""Content moved by hand over the API, by definition wherever there is one: equal until something is amiss."""

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mover import Mover

from sandbox.compare import compare
from sandbox.everykind import content, models, moving
from sandbox.extras import PAGINATED, SHARED_MODEL, THIN
from sandbox.server import Sandbox
from sandbox.state import Tenant

Json = dict[str, Any]
Judge = Callable[[Json], Json]
SPACES = (
    moving.LEFT,
    moving.RIGHT,
    moving.TWINS,
    moving.MASHED,
    moving.REFUSED,
    moving.LINKED,
    moving.PAGED,
    models.MODELS,
    content.FABRIC,
    content.REPORTS,
    PAGINATED,
    SHARED_MODEL,
    THIN,
)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(
        tmp_path_factory.mktemp("moved"), workspaces=0, every_kind=True, time_scale=0.0001
    ) as sandbox:
        sandbox.control.quotas(limits={"fabric.platform": [], "fabric.lro": []})
        Mover(sandbox, SPACES).move()
        yield sandbox


KINDS = ("report", "dataset", "dataflow", "paginatedReport")
NOWHERE = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def judged(moved: Sandbox) -> Callable[[Json], Json]:
    """The comparison of the source with a target in a given state, to which nothing was there before."""
    request = {**moved.control.suggested_request(), "workspaces": list(SPACES)}
    source = Tenant.from_dict(moved.control.state("contoso"))
    return lambda state: compare(source, Tenant.from_dict(state), request).to_dict()


def wrong(found: Json) -> list[tuple[str, str, str]]:
    """Of content alone: people and capacities were not moved here."""
    return [(d["kind"], d["name"], d["what"]) for d in found["differences"] if d["kind"] in KINDS]


@pytest.fixture
def target(moved: Sandbox) -> Json:
    """The target's state, to be changed."""
    return moved.control.state("fabrikam")


def find(state: Json, space: str, kind: str, name: str, nth: int = 0) -> Json:
    (held,) = [item for item in state["workspaces"] if item["name"] == space]
    return [item for item in held[kind] if item["name"] == name][nth]


def test_all_that_has_a_definition_is_equal_and_the_rest_is_left(judged: Judge, target: Json) -> None:
    found = judged(target)
    assert wrong(found) == []
    counts = {kind: found["counts"][kind] for kind in KINDS}
    assert {kind: row["equal"] > 0 for kind, row in counts.items()} == dict.fromkeys(KINDS, True)
    left = Counter((item["kind"], item["name"]) for item in found["left"] if item["kind"] in KINDS)
    assert left == {
        ("dataset", "Push"): 1,
        ("dataset", "Streaming"): 1,
        ("dataset", "Report Usage Metrics Model"): 1,
        ("dataset", "Refused twice"): 1,
        ("report", "Push view"): 1,
        ("report", "Report Usage Metrics Report"): 1,
        ("report", "Refused twice"): 1,
    }
    assert {item["kind"] for item in found["left"]} >= {"fabricItem", "app", "subscription"}


def _rebind(state: Json) -> None:
    view = find(state, moving.TWINS, "reports", "Twin view")
    view["datasetId"] = find(state, moving.TWINS, "reports", "Twin view", 1)["datasetId"]


def _stale_link(state: Json) -> None:
    _replace(find(state, moving.LINKED, "reports", "Drill through"), "groups/", f"groups/{NOWHERE}x")


def _stale_reading(state: Json) -> None:
    model = find(state, moving.MASHED, "datasets", "On a dataflow of the second generation")
    _replace(model, 'dataflowId="', f'dataflowId="{NOWHERE}')


def _other_rdl(state: Json) -> None:
    _replace(find(state, moving.PAGED, "reports", "On a model"), "sobe_wowvirtualserver-", NOWHERE)


def _other_mashup(state: Json) -> None:
    _replace(find(state, content.FABRIC, "fabricItems", "Our second Dataflow"), "workspaceId=", "x=")


def _replace(item: Json, old: str, new: str) -> None:
    texts = {path: base64.b64decode(payload) for path, payload in item["parts"].items()}
    changed = {path: text.replace(old.encode(), new.encode()) for path, text in texts.items()}
    assert changed != texts
    item["parts"] = {path: base64.b64encode(text).decode() for path, text in changed.items()}


def _empty(state: Json) -> None:
    find(state, models.MODELS, "datasets", "Incremental refresh")["tables"][0]["rows"] = 0


def _small(state: Json) -> None:
    find(state, models.MODELS, "datasets", "Large format")["targetStorageMode"] = "Abf"


def _no_policy(state: Json) -> None:
    model = find(state, models.MODELS, "datasets", "Incremental refresh")
    _replace(model, "\trefreshPolicy", "\tnoPolicy")


@pytest.mark.parametrize(
    ("fault", "kind", "name"),
    [
        (_rebind, "report", "Twin view"),
        (_stale_link, "report", "Drill through"),
        (_stale_reading, "dataset", "On a dataflow of the second generation"),
        (_other_rdl, "paginatedReport", "On a model"),
        (_other_mashup, "dataflow", "Our second Dataflow"),
        (_empty, "dataset", "Incremental refresh"),
        (_small, "dataset", "Large format"),
        (_no_policy, "dataset", "Incremental refresh"),
    ],
)
def test_a_planted_fault_is_found(
    judged: Judge, target: Json, fault: Callable[[Json], None], kind: str, name: str
) -> None:
    fault(target)
    assert {found[:2] for found in wrong(judged(target))} == {(kind, name)}


def test_what_is_missing_is_left_where_no_file_would_have_carried_it(judged: Judge, target: Json) -> None:
    before = len(judged(target)["left"])
    for space, kind, name in (
        (THIN, "reports", "View from afar"),
        (moving.PAGED, "reports", "On a model"),
        (moving.MASHED, "datasets", "On a dataflow of the second generation"),
        (content.FABRIC, "fabricItems", "Our second Dataflow"),
        (moving.MASHED, "reports", "View of the second generation"),
    ):
        (held,) = [item for item in target["workspaces"] if item["name"] == space]
        held[kind].remove(find(target, space, kind, name))
    found = judged(target)
    assert wrong(found) == []
    assert len(found["left"]) == before + 5


@pytest.mark.parametrize(
    ("space", "kind", "name", "counted"),
    [
        (THIN, "reports", "View from afar", "report"),
        (models.MODELS, "datasets", "Large format", "dataset"),
        (moving.PAGED, "reports", "On a model", "paginatedReport"),
        (content.FABRIC, "fabricItems", "Our second Dataflow", "dataflow"),
    ],
)
def test_a_second_copy_is_twice_and_what_nobody_asked_for_an_orphan(
    judged: Judge, target: Json, space: str, kind: str, name: str, counted: str
) -> None:
    (held,) = [item for item in target["workspaces"] if item["name"] == space]
    original = find(target, space, kind, name)
    held[kind] += [{**original, "id": NOWHERE}, {**original, "id": NOWHERE[::-1], "name": "Nobody's"}]
    assert sorted(wrong(judged(target))) == sorted(
        [(counted, "Nobody's", "orphan"), (counted, name, "twice")]
    )


@pytest.mark.parametrize(("digest", "amiss"), [("of the source", []), ("another", ["content"])])
def test_a_view_that_came_as_a_thin_file_is_told_by_what_it_shows(
    moved: Sandbox, judged: Judge, target: Json, digest: str, amiss: list[str]
) -> None:
    source = moved.control.state("contoso")
    original = find(source, THIN, "reports", "View from afar")
    (file,) = [file for file in source["files"] if file["id"] == original["fileId"]]
    layout = file["layout"] if digest == "of the source" else digest
    target["files"].append({"id": "thin", "sha256": "other bytes", "length": 1, "layout": layout})
    find(target, THIN, "reports", "View from afar").update(parts={}, fileId="thin")
    assert [what for _, _, what in wrong(judged(target))] == amiss
