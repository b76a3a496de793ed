"""Push models: a body the official contract accepts, or a reason why there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.content.push import push_body
from shared.errors import ContentError

_CONTRACT = Path(__file__).resolve().parents[2].parent / "shared/powerbi/contract.json"


def _model(**others: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "name": "Readings",
        "ContentProviderType": "RealTimeInPushMode",
        "tables": [
            {
                "name": "Readings",
                "isHidden": False,
                "source": [{"expression": "x"}],
                "columns": [
                    {"name": "At", "dataType": "Datetime", "isHidden": False, "columnType": "Data"},
                    {"name": "RowNumber-1", "dataType": "Int64", "columnType": "RowNumber"},
                    {"name": "Degrees", "dataType": "Double", "formatString": "0.0", "summarizeBy": None},
                    {"name": "Ok", "dataType": "bool"},
                ],
                "measures": [{"name": "Warmest", "expression": "MAX([Degrees])", "isHidden": False, "id": 1}],
            }
        ],
        **others,
    }


def test_a_body_of_all_that_is_told() -> None:
    relation = {"name": "r", "fromTable": "A", "fromColumn": "a", "toTable": "B", "toColumn": "b"}
    told = {**relation, "crossFilteringBehavior": "BothDirections", "state": "Ready"}
    assert push_body(_model(relationships=[told])) == {
        "name": "Readings",
        "defaultMode": "Push",
        "tables": [
            {
                "name": "Readings",
                "isHidden": False,
                "columns": [
                    {"name": "At", "dataType": "DateTime", "isHidden": False},
                    {"name": "Degrees", "dataType": "Double", "formatString": "0.0"},
                    {"name": "Ok", "dataType": "Boolean"},
                ],
                "measures": [{"name": "Warmest", "expression": "MAX([Degrees])", "isHidden": False}],
            }
        ],
        "relationships": [{**relation, "crossFilteringBehavior": "BothDirections"}],
    }


@pytest.mark.parametrize(
    ("provider", "mode"),
    [("RealTimeInPushMode", "Push"), ("RealTimeInStreamingMode", "Streaming"),
     ("RealTimeInPushStreamingMode", "PushStreaming"), ("", "Push"), (None, "Push")],
)  # fmt: skip
def test_the_mode_follows_the_provider(provider: str | None, mode: str) -> None:
    model = {name: value for name, value in _model().items() if name != "ContentProviderType"}
    assert push_body({**model, "contentProviderType": provider})["defaultMode"] == mode


@pytest.mark.parametrize(
    "others",
    [{"tables": []}, {"tables": None}, {"name": ""}, {"tables": [{"name": "A"}]}, {"tables": [{"columns": [{}]}]},
     {"tables": [{"name": "A", "columns": [{"name": "a"}]}]},
     {"tables": [{"name": "A", "columns": [{"dataType": "String"}]}]},
     {"tables": [{"name": "A", "columns": [{"name": "a", "dataType": "Binary"}]}]},
     {"tables": [{"name": "A", "columns": [{"name": "a", "dataType": "String", "columnType": "Calculated"}]}]},
     {"relationships": [{"name": "r"}]}, {"tables": [], "schemaRetrievalError": "not allowed"}],
)  # fmt: skip
def test_what_is_not_told_is_not_made_up(others: dict[str, Any]) -> None:
    with pytest.raises(ContentError) as refused:
        push_body(_model(**others))
    assert refused.value.code == "content.push"
    assert str(others.get("schemaRetrievalError", "")) in refused.value.message


def test_the_official_contract_accepts_it() -> None:
    if not _CONTRACT.exists():
        pytest.skip("the official contract is not part of the project")
    definitions = json.loads(_CONTRACT.read_text())["definitions"]
    schema = {"$ref": "#/definitions/CreateDatasetRequest", "definitions": definitions}
    # Python's expressions have no \\uD7FF-\\uE000 ranges of UTF-16; the names here need none.
    for one in ("Table", "Column", "Measure", "Relationship"):
        for told in definitions[one]["properties"].values():
            told.pop("pattern", None)
    jsonschema.validate(push_body(_model()), schema)
