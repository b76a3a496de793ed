"""Dataflows of the first generation: the model.json that arrived is the source's, without its data and with our ids."""

import json
from typing import Any, cast

from sandbox.fingerprint import differences
from sandbox.modeljson import document
from sandbox.scene import GUID, Couple, Scene, plain
from sandbox.state import Dataflow
from sandbox.twins import Twins, twins

Json = dict[str, Any]

UNSEEN = ("modifiedTime", "name", "description")
"""Of the file: when it was written, and what is judged by itself."""


class Dataflows:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._found: list[tuple[Couple, Twins[Dataflow]]] = []

    def pair(self) -> None:
        for couple in self._scene.couples:
            made = couple.new.dataflows if couple.new else []
            standing = [flow for flow in made if flow.object_id not in couple.remains]
            found = twins(couple.old.dataflows, standing, _named)
            self._found.append((couple, found))
            for old, new in found.pairs:
                self._scene.meet(old.object_id, new.object_id)

    def judge(self) -> None:
        for couple, found in self._found:
            for old, new in found.pairs:
                self._scene.judge(couple, "dataflow", old.name, self._facts(old, new))
            for old in found.missing:
                self._scene.leave(couple, "dataflow", old.object_id, old.name)
            for new in [*found.surplus, *_remaining(couple)]:
                self._surplus(couple, new)

    def _facts(self, old: Dataflow, new: Dataflow) -> dict[str, tuple[object, object]]:
        source, target = self._scene.expectation.source, self._scene.expectation.target
        sent, arrived = document(source, old), document(target, new)
        wanted = json.loads(self._scene.mapped(_text(sent)))
        unlike = next(differences(wanted, json.loads(plain(_text(arrived)))), "")
        return {
            "description": (self._description(old, new), new.description),
            "definition": ("", unlike),
            "partitions": (0, sum(bool(row.get("partitions")) for row in _entities(arrived))),
            "ids of the source": ([], self._stale(json.dumps(arrived | {"description": ""}))),
        }

    def _description(self, old: Dataflow, new: Dataflow) -> str:
        """A link in it may be taken over as it is, or rewritten."""
        mapped = self._scene.mapped(old.description)
        return mapped if plain(new.description) == mapped else old.description

    def _stale(self, text: str) -> list[str]:
        """Ids of the source of which the target's own are known, wherever they stand."""
        named = {found[0].lower() for found in GUID.finditer(text)}
        return sorted(named & self._scene.counterparts.keys())

    def _surplus(self, couple: Couple, new: Dataflow) -> None:
        """A copy under another name is one too many; anything else came from nowhere."""
        scene = self._scene
        arrived = _text(document(scene.expectation.target, new))
        ours = (document(scene.expectation.source, old) for old in couple.old.dataflows)
        copied = any(scene.mapped(_text(sent)) == plain(arrived) for sent in ours)
        scene.surplus("twice" if copied else "orphan", couple, "dataflow", new.name, new.object_id)


def _named(old: Dataflow, new: Dataflow) -> bool:
    return old.name == new.name


def _remaining(couple: Couple) -> list[Dataflow]:
    return [flow for flow in (couple.new.dataflows if couple.new else []) if flow.object_id in couple.remains]


def _entities(held: Json) -> list[Json]:
    return [cast(Json, row) for row in held.get("entities", []) if isinstance(row, dict)]


def _text(held: Json) -> str:
    """What has to arrive: no partitions, which are data, and no addresses of the storage they are in."""
    kept = {key: value for key, value in held.items() if key not in UNSEEN}
    kept["entities"] = [
        {key: value for key, value in row.items() if key != "partitions"} for row in _entities(held)
    ]
    if "referenceModels" in kept:
        kept["referenceModels"] = [{"id": row.get("id")} for row in held["referenceModels"]]
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)
