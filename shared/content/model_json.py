"""A dataflow of the first generation: model.json, as its download gives it and its import takes it.

Ids stand in M (`pbi:mashup.document`), in linked entities (`modelId` is `workspace/dataflow`) and in
`referenceModels`. They are rewritten everywhere, names included, so that what refers to each other still does.
Partitions are the source's stored data and go; the refresh policies stay.
"""

from __future__ import annotations

from typing import Any, cast

from shared.content import jsontext
from shared.content.ids import IdMap, Rewritten, gather, guids, rewrite_text
from shared.content.jsontext import Json
from shared.content.m import source_ids
from shared.errors import ContentError


def rewrite_model_json(document: Json, ids: IdMap) -> Rewritten[Json]:
    """A copy that can be imported in the target; the document itself stays as it is."""
    _entities(document)
    pieces: list[Rewritten[str]] = []

    def change(value: str) -> str:
        pieces.append(rewrite_text(value, ids))
        return pieces[-1].content

    return gather(cast(Json, jsontext.map_strings(_without_partitions(document), change)), pieces)


def upstream(document: Json) -> set[tuple[str, str]]:
    """(workspace id, dataflow id) of every dataflow it reads, lower case; "" for a workspace not told."""
    mashup = jsontext.text(document, "pbi:mashup", "document")
    found = set(source_ids(mashup).pairs)
    for entity in _entities(document):
        found |= _pair(jsontext.text(entity, "modelId"))
    for model in jsontext.rows(document, "referenceModels"):
        found |= _pair(jsontext.text(model, "id"))
    told = {dataflow for workspace, dataflow in found if workspace}
    return {pair for pair in found if pair[0] or pair[1] not in told}


def _entities(document: Any) -> list[Json]:
    if not isinstance(document, dict) or not isinstance(jsontext.field(document, "entities"), list | None):
        raise ContentError("content.modelJson", "the dataflow's file has no list of entities")
    return jsontext.rows(document, "entities")


def _without_partitions(document: Json) -> Json:
    kept = [
        {name: value for name, value in entity.items() if name != "partitions"}
        for entity in _entities(document)
    ]
    return {**document, "entities": kept} if "entities" in document else document


def _pair(model_id: str) -> set[tuple[str, str]]:
    """`workspace/dataflow` as two ids; an id of another form is no dataflow of this kind."""
    workspace, _, dataflow = model_id.partition("/")
    found = [guids(workspace), guids(dataflow)]
    return {(found[0].pop(), found[1].pop())} if all(len(one) == 1 for one in found) else set()
