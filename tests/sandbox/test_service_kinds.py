"""What a client reads of the kinds beside reports and models: by which flag, by whose right, page by page."""

import pytest
from kinds import FLAGS, Json, Reader, by_name
from service_client import code

from sandbox.everykind import barriers, content, models, sources, standing
from sandbox.server import Sandbox


@pytest.fixture
def reader(estate: Sandbox) -> Reader:
    return Reader(estate, "CONTOSO")


@pytest.fixture
def scan(reader: Reader) -> Json:
    return reader.scan(*FLAGS)


def items(scan: Json, space: str, kind: str) -> list[Json]:
    return by_name(scan["workspaces"], space)[kind]


def group(reader: Reader, name: str) -> str:
    return f"groups/{by_name(reader.rows('groups', admin=False), name)['id']}"


def test_lineage_brings_upstream_usages_and_tiles(reader: Reader, scan: Json) -> None:
    plain = reader.scan("datasourceDetails")
    assert plain["datasourceInstances"] == []
    assert "tiles" not in items(plain, content.BOARDS, "dashboards")[0]
    flow = by_name(items(scan, content.FLOWS, "dataflows"), "Linked")
    above = by_name(scan["workspaces"], content.FEEDING)
    link = {"targetDataflowId": above["dataflows"][0]["objectId"], "groupId": above["id"]}
    assert flow["upstreamDataflows"] == [link]
    composite = by_name(items(scan, models.MODELS, "datasets"), "Composite on another model")
    assert composite["upstreamDatasets"][0]["targetDatasetId"]
    tiles = items(scan, content.BOARDS, "dashboards")[0]["tiles"]
    assert [tile.get("datasetWorkspaceId") is not None for tile in tiles] == [False, True, False]


def test_data_sources_are_told_once_and_only_with_their_details(reader: Reader, scan: Json) -> None:
    named = reader.scan("lineage")
    assert named["datasourceInstances"] == []
    ids = [source["datasourceId"] for source in scan["datasourceInstances"]]
    used = {
        usage["datasourceInstanceId"]
        for space in scan["workspaces"]
        for item in (*space["datasets"], *space["dataflows"], *space["datamarts"])
        for usage in item.get("datasourceUsages", [])
    }
    assert len(ids) == len(set(ids)) and set(ids) == used
    assert len(scan["misconfiguredDatasourceInstances"]) == 1


def test_expressions_and_sources_need_their_flag(reader: Reader, scan: Json) -> None:
    schema = reader.scan("datasetSchema")
    model = by_name(items(schema, models.MODELS, "datasets"), "Import with parameters")
    assert "expressions" not in model
    assert all("source" not in table for table in model["tables"])
    model = by_name(items(scan, models.MODELS, "datasets"), "Import with parameters")
    assert 'meta [IsParameterQuery=true, Type="Text"' in model["expressions"][0]["expression"]


def test_a_model_that_cannot_be_read_says_why(scan: Json) -> None:
    model = by_name(items(scan, models.MODELS, "datasets"), "Unreadable")
    assert "tables" not in model and "security" in model["schemaRetrievalError"]


def test_roles_come_with_their_members(scan: Json) -> None:
    model = by_name(items(scan, standing.ROLES, "datasets"), "Static roles")
    kinds = [member["memberType"] for member in model["roles"][0]["members"]]
    assert kinds == ["User", "Group", "User"]


def test_users_of_an_item_are_those_of_its_workspace_and_its_shares(scan: Json) -> None:
    space = by_name(scan["workspaces"], content.REPORTS)
    report = space["reports"][0]
    here = {user["graphId"]: user["groupUserAccessRight"] for user in space["users"]}
    rights = {user["graphId"]: user["reportUserAccessRight"] for user in report["users"]}
    assert here.keys() <= rights.keys()
    assert all(rights[who] == "Owner" for who, right in here.items() if right == "Admin")
    assert {model["users"][0].get("datasetUserAccessRight") for model in space["datasets"]} != {None}
    guests = {user.get("userType") for held in scan["workspaces"] for user in held["users"]}
    assert guests == {None, "Member", "Guest"}


def test_labels_and_endorsements_are_shown(scan: Json) -> None:
    report = items(scan, content.REPORTS, "reports")[0]
    assert report["sensitivityLabel"] == {"labelId": content.LABEL}
    assert report["endorsementDetails"] == {"endorsement": "Certified", "certifiedBy": "alice@contoso.com"}


def test_direct_lake_is_told_by_its_tables_and_its_expression(scan: Json) -> None:
    model = by_name(items(scan, models.MODELS, "datasets"), "Direct Lake")
    assert {table["storageMode"] for table in model["tables"]} == {"DirectLake"}
    assert "datawarehouse.fabric.microsoft.com" in model["expressions"][0]["expression"]


def test_apps_need_a_top_and_pipelines_show_what_is_expanded(reader: Reader) -> None:
    assert reader.admin.get("admin/apps").status_code == 400
    (app,) = reader.rows("admin/apps", **{"$top": 10})
    assert [user["appUserAccessRight"] for user in reader.rows(f"admin/apps/{app['id']}/users")]
    plain = by_name(reader.rows("admin/pipelines"), "Every pipeline")
    full = by_name(reader.rows("admin/pipelines", **{"$expand": "users,stages"}), "Every pipeline")
    assert "stages" not in plain and "users" not in plain
    assert [stage.get("workspaceName") for stage in full["stages"]] == [*content.STAGES, None]
    assert {user["principalType"] for user in full["users"]} == {"User", "Group", "App"}
    groups = reader.rows("admin/groups", **{"$top": 5000})
    assert by_name(groups, content.STAGES[0])["pipelineId"] == full["id"]


def test_admin_lists_are_not_for_the_migration_app(reader: Reader) -> None:
    for path in ("admin/apps?$top=1", "admin/pipelines", "admin/users/alice%40contoso.com/subscriptions"):
        assert reader.app.get(path).status_code == 401, path
    assert reader.fabric("admin/items", admin=False).status_code == 401


def test_gateways_are_seen_by_their_administrators(reader: Reader, estate: Sandbox) -> None:
    assert {row["name"] for row in reader.rows("gateways", admin=False)} == {
        sources.GATEWAY,
        sources.PLANT,
        sources.BRANCH,
        sources.OLD,
        sources.IDLE,
    }
    assert reader.rows("gateways") == []
    target = Reader(estate, "FABRIKAM")
    assert [row["name"] for row in target.rows("gateways", admin=False)] == [sources.TARGET_GATEWAY]
    seen = target.fabric("gateways", admin=False).json()["value"]
    assert [row["displayName"] for row in seen] == [sources.TARGET_GATEWAY, sources.OTHERS]
    gateway = by_name(reader.rows("gateways", admin=False), sources.GATEWAY)
    assert reader.admin.get(f"gateways/{gateway['id']}/datasources").status_code == 404
    details = [
        row["connectionDetails"] for row in reader.rows(f"gateways/{gateway['id']}/datasources", admin=False)
    ]
    assert details[0] == '{"server":"sql01.contoso.local","database":"Sales"}'


def test_schedules_and_parameters_by_the_kind_of_model(reader: Reader) -> None:
    place = group(reader, models.MODELS)
    known = {row["name"]: row["id"] for row in reader.rows(f"{place}/datasets", admin=False)}

    def part(model: str, name: str) -> tuple[int, Json]:
        answer = reader.app.get(f"{place}/datasets/{known[model]}/{name}")
        return answer.status_code, answer.json()

    assert part("Import with parameters", "refreshSchedule") == (200, models.DAILY)
    assert part("Customers", "refreshSchedule")[1]["enabled"] is False
    assert part("DirectQuery", "directQueryRefreshSchedule") == (200, models.HOURLY)
    assert part("Customers", "directQueryRefreshSchedule")[0] == 400
    assert part("Push", "refreshSchedule")[0] == 415
    assert part("DirectQuery", "parameters")[0] == 400
    names = [row["name"] for row in part("Import with parameters", "parameters")[1]["value"]]
    assert names == ["Server", "Database", "Rows", "OnlyActive"]


def test_a_source_that_is_not_bound_has_no_ids(reader: Reader) -> None:
    place = group(reader, models.MODELS)
    model = by_name(reader.rows(f"{place}/datasets", admin=False), "Misconfigured")
    rows = reader.rows(f"{place}/datasets/{model['id']}/datasources", admin=False)
    assert [row.keys() & {"datasourceId", "gatewayId"} for row in rows] == [set(), set()]


def test_a_linked_dataflow_names_where_it_came_from(reader: Reader, scan: Json) -> None:
    flow = by_name(items(scan, content.FLOWS, "dataflows"), "Linked")
    above = by_name(scan["workspaces"], content.FEEDING)
    answer = reader.app.get(f"{group(reader, content.FLOWS)}/dataflows/{flow['objectId']}").json()
    assert above["id"] in answer["pbi:mashup"]["document"]
    assert [entity["$type"] for entity in answer["entities"]] == ["LocalEntity", "ReferenceEntity"]


def test_subscriptions_by_item_and_by_person(reader: Reader, scan: Json) -> None:
    report = items(scan, content.REPORTS, "reports")[0]
    (row,) = reader.rows(f"admin/reports/{report['id']}/subscriptions")
    assert [user["identifier"] for user in row["users"]] == ["alice@contoso.com", "leaver@contoso.com"]
    mine = reader.admin.get("admin/users/alice%40contoso.com/subscriptions").json()
    assert [entry["id"] for entry in mine["subscriptionEntities"]] == [row["id"]]
    assert reader.admin.get(f"admin/reports/{row['id']}/subscriptions").status_code == 404


def test_workbooks_are_seen_only_by_expanding(reader: Reader) -> None:
    rows = reader.rows("admin/groups", **{"$top": 5000, "$expand": "workbooks"})
    assert [w["name"] for w in by_name(rows, models.WORKBOOKS)["workbooks"]] == ["Budget", "Just a sheet"]


def test_fabric_lists_go_by_pages_to_the_last_item(reader: Reader, estate: Sandbox) -> None:
    whole = reader.fabric("admin/items").json()
    assert "continuationToken" not in whole
    estate.control.settings(fabricPageSize=7)
    try:
        page, seen = reader.fabric("admin/items").json(), []
        while True:
            seen += page["itemEntities"]
            if "continuationUri" not in page:
                break
            page = reader.admin.session.get(page["continuationUri"], timeout=60).json()
        assert seen == whole["itemEntities"]
        place = group(reader, models.MODELS).removeprefix("groups/")
        first = reader.fabric(f"workspaces/{place}/items", admin=False).json()
        token = {"continuationToken": first["continuationToken"]}
        second = reader.fabric(f"workspaces/{place}/items", admin=False, **token).json()
        assert len(first["value"]) == 7 and first["value"] != second["value"]
    finally:
        estate.control.settings(fabricPageSize=10_000)


def test_fabric_s_admin_lists_have_what_the_scanner_lacks(reader: Reader, scan: Json) -> None:
    rows = reader.fabric("admin/items").json()["itemEntities"]
    space = by_name(scan["workspaces"], content.FABRIC)
    assert {row["type"] for row in rows if row["workspaceId"] == space["id"]} == set(content.FABRIC_KINDS)
    flows = reader.fabric("admin/items", type="Dataflow").json()["itemEntities"]
    gen1 = {flow["objectId"] for held in scan["workspaces"] for flow in held["dataflows"]}
    assert len({row["id"] for row in flows} - gen1) == 2
    lost = reader.fabric("admin/workspaces", state="Orphaned").json()["workspaces"]
    assert [row["name"] for row in lost] == [f"{standing.ORPHANED} by its state"]


def test_doors_are_closed_where_planted(reader: Reader, estate: Sandbox) -> None:
    mine = {row["name"] for row in reader.rows("groups", admin=False)}
    assert not mine & {barriers.CLOSED, barriers.HELPED, standing.CLASSIC}
    assert barriers.LOOKING in mine
    place = group(reader, barriers.LOOKING)
    (report,) = reader.rows(f"{place}/reports", admin=False)
    refused = reader.app.get(f"{place}/reports/{report['id']}/Export")
    assert (refused.status_code, code(refused)) == (401, "PowerBINotAuthorizedException")


def test_planted_secrets_are_in_the_settings(estate: Sandbox) -> None:
    for name in estate.control.suggested_request()["credentials"].values():
        assert f"PBI_SECRETS__{name.upper().replace('-', '_')}" in estate.env
    assert len(estate.control.planted()) > 15
