"""Semantic models by definition: where ids stand, what the definition says of storage, roles without members."""

from __future__ import annotations

import json
from typing import Any

import pytest
from content_support import FLOW, MODEL, WORKSPACE, part
from hypothesis import given
from hypothesis import strategies as st

from shared.content.models import (
    Mention,
    default_mode,
    expressions_with,
    has_refresh_policy,
    sources_of,
    storage_mode,
    strip_members,
)
from shared.errors import ContentError

EXPRESSIONS = f"""expression 'Shared rows' =
\t\tlet
\t\t    Space = Spaces{{[workspaceId="{WORKSPACE}"]}}[Data],
\t\t    Flow = Space{{[dataflowId="{FLOW}"]}}[Data]
\t\tin
\t\t    Flow
\tlineageTag: 99999999-0000-4000-8000-000000000001

expression Flow = "{FLOW}" meta [IsParameterQuery=true, Type="Text"]
"""
TABLE = f"""table 'It''s sales'
\tlineageTag: 99999999-0000-4000-8000-000000000002

\tmeasure Total = ```
\t\t\tSUM('It''s sales'[Amount])
\t\t\t```

\trefreshPolicy
\t\tpolicyType: basic

\tpartition Sales-1 = m
\t\tmode: import
\t\tsource =
\t\t\t\tlet Source = PowerBI.Dataflows(null){{[workspaceId="{WORKSPACE}"]}}[Data] in Source
"""
ROLE = """role 'Reads ''all'''
\tmodelPermission: read

\tmember alice@contoso.com
\tmember 'Sales team' = group
\t\tmemberId: 99999999-0000-4000-8000-000000000003
\t\tidentityProvider: AzureAD

\ttablePermission Sales =
\t\t\t[Owner] = USERPRINCIPALNAME()
\t\t\tmember x
\t\t\t|| TRUE()

\ttablePermission Other = ```
\tmember 'in a fence'
\t\t```
\tannotation PBI_Id = x
"""
ROLE_AFTER = """role 'Reads ''all'''
\tmodelPermission: read


\ttablePermission Sales =
\t\t\t[Owner] = USERPRINCIPALNAME()
\t\t\tmember x
\t\t\t|| TRUE()

\ttablePermission Other = ```
\tmember 'in a fence'
\t\t```
\tannotation PBI_Id = x
"""


def _bim() -> dict[str, Any]:
    source = {
        "type": "m",
        "expression": ["let Space = Spaces{[", f'workspaceId="{WORKSPACE}"]}}[Data]', "in Space"],
    }
    return {
        "name": "Sales",
        "compatibilityLevel": 1567,
        "model": {
            "defaultMode": "directLake",
            "tables": [
                {"name": "Sales", "refreshPolicy": {}, "partitions": [{"name": "Part", "source": source}]}
            ],
            "expressions": [{"name": "Flow", "expression": f'"{FLOW}"'}],
            "roles": [
                {
                    "name": "All",
                    "modelPermission": "read",
                    "members": [{"memberName": "a@x"}, {"memberId": "id"}, 7],
                },
                {"name": "None", "members": []},
            ],
        },
    }


def test_places_that_name_ids_in_tmdl() -> None:
    parts = [part("definition/expressions.tmdl", EXPRESSIONS), part("definition/tables/Sales.tmdl", TABLE)]
    assert expressions_with(parts, [WORKSPACE.upper(), FLOW]) == [
        Mention("definition/expressions.tmdl", "expression 'Shared rows'", frozenset({WORKSPACE, FLOW})),
        Mention("definition/expressions.tmdl", "expression 'Flow'", frozenset({FLOW})),
        Mention(
            "definition/tables/Sales.tmdl", "table 'It's sales', partition 'Sales-1'", frozenset({WORKSPACE})
        ),
    ]
    assert expressions_with(parts, [MODEL]) == []
    assert sources_of(parts) == {(WORKSPACE, FLOW)}


def test_places_that_name_ids_in_tmsl_and_elsewhere() -> None:
    parts = [
        part("model.bim", _bim()),
        part("definition.pbism", {"settings": {"x": FLOW}}),
        part("logo.png", FLOW),
    ]
    assert expressions_with(parts, [WORKSPACE, FLOW]) == [
        Mention("model.bim", "table 'Sales', partition 'Part'", frozenset({WORKSPACE})),
        Mention("model.bim", "expression 'Flow'", frozenset({FLOW})),
        Mention("definition.pbism", "", frozenset({FLOW})),
    ]


def test_modes_where_they_are_told() -> None:
    model = part("definition/model.tmdl", "model Model\r\n\tculture: en-US\r\n\tdefaultMode: directQuery\r\n")
    assert default_mode([part("definition.pbism", "{}"), model]) == "directQuery"
    assert default_mode([part("model.bim", _bim())]) == "directLake"
    assert (
        storage_mode([part("definition/database.tmdl", "database\n\ttargetStorageMode: PremiumFiles\n")])
        == "PremiumFiles"
    )
    assert storage_mode([part("definition.pbism", {"settings": {"targetStorageMode": "Abf"}})]) == "Abf"
    assert storage_mode([model]) == default_mode([]) == ""


def test_a_refresh_policy_is_seen() -> None:
    assert has_refresh_policy([part("definition/tables/Sales.tmdl", TABLE)])
    assert has_refresh_policy([part("model.bim", _bim())])
    assert not has_refresh_policy([part("definition/expressions.tmdl", EXPRESSIONS)])


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_members_go_and_roles_stay(ends: str) -> None:
    before = part("definition/roles/All.tmdl", ROLE.replace("\n", ends))
    other = part("definition/tables/Sales.tmdl", TABLE)
    after, members = strip_members([before, other])
    assert after == [part("definition/roles/All.tmdl", ROLE_AFTER.replace("\n", ends)), other]
    assert members == {"Reads 'all'": ["alice@contoso.com", "Sales team"]}
    assert strip_members(after) == (after, {})


def test_members_in_one_file_with_the_model_and_in_blanks() -> None:
    member = "    member 'b@x'\n        memberType: user\n"
    text = f"model M\n    culture: en-US\n\nrole A\n    modelPermission: read\n{member}\nref role B\n"
    after, members = strip_members([part("model.tmdl", "\ufeff" + text)])
    assert after[0].payload.decode() == "\ufeff" + text.replace(
        "    member 'b@x'\n        memberType: user\n", ""
    )
    assert members == {"A": ["b@x"]}


def test_members_in_tmsl() -> None:
    after, members = strip_members([part("model.bim", _bim())])
    roles = json.loads(after[0].payload)["model"]["roles"]
    assert roles == [{"name": "All", "modelPermission": "read"}, {"name": "None"}]
    assert members == {"All": ["a@x", "id"]}
    assert strip_members(after) == (after, {})


@given(
    st.lists(
        st.sampled_from([*ROLE.splitlines(), *TABLE.splitlines(), "role x", "", "```", "\tmember y = user"])
    )
)
def test_stripping_twice_is_stripping_once(lines: list[str]) -> None:
    before = [part("definition/model.tmdl", "\n".join(lines))]
    after, members = strip_members(before)
    kept = after[0].payload.decode().split("\n")
    assert len(lines) - len(kept) >= sum(map(len, members.values())) or not members
    assert strip_members(after) == (after, {})


@pytest.mark.parametrize(
    "payload", [b"{", b"[]", b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 300 + b"1" + b"}" * 300]
)
def test_broken_tmsl_is_told(payload: bytes) -> None:
    for read in (strip_members, has_refresh_policy, lambda parts: expressions_with(parts, [FLOW])):
        with pytest.raises(ContentError):
            read([part("model.bim", payload)])


def test_hostile_tmdl_ends() -> None:
    text = "role x\n" + "\tmember y\n" * 20_000 + "table " + " " * 500_000 + "\n'" + "''" * 500_000
    _, members = strip_members([part("a.tmdl", text)])
    assert len(members["x"]) == 20_000
