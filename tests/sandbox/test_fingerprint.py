"""The fingerprint of a tenant changes with every change a person would notice, and with nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from service_client import Client, pbix

from sandbox.fingerprint import differences, fingerprint
from sandbox.generate import generate
from sandbox.server import Sandbox
from sandbox.state import Access, Import, Refresh, Tenant, Workspace


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return generate(tmp_path, workspaces=3, extras=True).source


def space(tenant: Tenant) -> Workspace:
    return next(item for item in tenant.workspaces.values() if item.reports)


def add_workspace(tenant: Tenant) -> None:
    tenant.workspaces["new"] = Workspace("new", "New")


def delete_workspace(tenant: Tenant) -> None:
    space(tenant).state = "Deleted"


def rename_report(tenant: Tenant) -> None:
    space(tenant).reports[0].name = "Other"


def rebind(tenant: Tenant) -> None:
    space(tenant).reports[0].dataset_id = None


def replace_file(tenant: Tenant) -> None:
    tenant.files[space(tenant).reports[0].file_id or ""].sha256 = "other"


def drop_dataset(tenant: Tenant) -> None:
    space(tenant).datasets.pop()


def change_owner(tenant: Tenant) -> None:
    space(tenant).datasets[0].configured_by = "someone"


def refresh(tenant: Tenant) -> None:
    space(tenant).datasets[0].refreshes.append(Refresh("r", "ViaApi", "now"))


def give_right(tenant: Tenant) -> None:
    space(tenant).users.append(Access("someone", "Viewer"))


def change_right(tenant: Tenant) -> None:
    space(tenant).users[0].right = "Viewer"


def move(tenant: Tenant) -> None:
    space(tenant).capacity_id = "elsewhere"


NOTICED = [
    add_workspace,
    delete_workspace,
    rename_report,
    rebind,
    replace_file,
    drop_dataset,
    change_owner,
    refresh,
    give_right,
    change_right,
    move,
]


@pytest.mark.parametrize("change", NOTICED)
def test_what_a_person_notices(tenant: Tenant, change: Callable[[Tenant], None]) -> None:
    before = fingerprint(tenant)
    change(tenant)
    after = fingerprint(tenant)
    assert before["hash"] != after["hash"]
    assert list(differences(before, after))


def test_what_nobody_notices(tenant: Tenant) -> None:
    before = fingerprint(tenant)
    here = space(tenant)
    here.imports.append(Import("i", "x", "x.pbix", "Abort", "", "", ""))
    here.modified_date_time = "later"
    here.users.reverse()
    here.reports.reverse()
    tenant.activity.clear()
    tenant.workspaces["gone"] = Workspace("gone", "Gone", state="Deleted")
    assert fingerprint(tenant) == before


def test_a_run_that_is_taken_back_leaves_no_trace(sandbox: Sandbox, source: Client) -> None:
    kept = source.workspace("Kept")
    before = sandbox.control.fingerprints()
    made = source.workspace("Made")
    source.import_file(kept, "Sales.pbix", pbix(), "Abort")
    sandbox.control.advance()
    assert sandbox.control.fingerprint("contoso")["hash"] != before["contoso"]["hash"]
    lines = sandbox.control.compare_untouched(before)
    assert any(line.startswith(f"contoso/workspaces/{kept}/reports/") for line in lines)
    assert any(line.startswith(f"contoso/workspaces/{made}: null -> ") for line in lines)
    for model in source.get(f"groups/{kept}/datasets").json()["value"]:
        source.call("DELETE", f"groups/{kept}/datasets/{model['id']}")
    source.call("DELETE", f"groups/{made}")
    assert sandbox.control.compare_untouched(before) == []


def test_the_comparison_sums_up_what_is_wrong(sandbox: Sandbox, source: Client) -> None:
    lost, target = source.workspace("Lost"), Client(sandbox, "FABRIKAM")
    target.workspace("Stray")
    totals = sandbox.control.compare({"workspaces": ["*"]})["totals"]
    assert lost and totals == {"lost": 1, "twice": 0, "orphans": 1, "different": 0}
