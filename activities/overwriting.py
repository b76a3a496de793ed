"""An import that goes over an item of ours: sent once, and found again by its name where its answer was lost.

A rollback knows by its imports what is ours: one that nobody recorded would look like somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.context import Context
from shared.errors import EntityNotFound
from shared.models import ItemRow
from shared.outcomes import Json, Wait
from shared.polling import IMPORT, import_deadline_s
from shared.writes import Intent

_SLOWEST_BYTES_S = 4 * 1024 * 1024
_SENDING = ("import", "make", "update")


@dataclass(frozen=True, slots=True)
class Overwriting:
    """`files`: what it may be sent as; `facts`: what its result says beside `import` and `name`."""

    context: Context
    item: ItemRow
    intent: Intent
    files: tuple[str, ...]
    facts: Json

    def write(self, act: Callable[[], Json]) -> Json:
        """`act` gives the import's id, and under which name it was sent where that is not the item's own."""
        return self.context.services.gate.write(
            self.intent,
            survey=lambda: {"imports": sorted(self._listed())},
            look=self._look,
            act=lambda: {"name": self.item.target_name, **self.facts, **act()},
            longest_s=self._longest_s,
        )

    def settle(self, state: Mapping[str, Any]) -> tuple[bool, Wait | None]:
        """Whether it was sent, without sending it, and the wait while the service is at it."""
        context = self.context
        made = context.services.gate.settle(self.intent, self._look, longest_s=self._longest_s)
        if made is None:
            return False, None
        try:
            found = context.target.imports.get(context.workspace().target_id, made["import"])
        except EntityNotFound:
            found = {}
        if found.get("importState") != "Publishing":
            return True, None
        deadline = import_deadline_s(self.item.length)
        return True, IMPORT.again(state, context.services.clock.now(), context.call.scale, deadline)

    def _look(self, before: Json) -> Json | None:
        """Of several none can be told to be ours: then it is sent once more, over whatever they brought."""
        known = {*before["imports"], *self._of_others()}
        new = {each: name for each, name in self._listed().items() if each not in known}
        if len(new) != 1:
            return None
        ((identity, name),) = new.items()
        return {"import": identity, "name": name, **self.facts}

    def _listed(self) -> dict[str, str]:
        """Imports_GetImportsInGroup: the name by id. An import may be called after its file or without the ending."""
        names = {
            known.casefold(): file.rpartition(".")[0] for file in self.files for known in _known_as(file)
        }
        listed = self.context.target.imports.list(self.context.workspace().target_id)
        called = {str(row["id"]).lower(): str(row.get("name") or "").casefold() for row in listed}
        return {identity: names[name] for identity, name in called.items() if name in names}

    def _of_others(self) -> set[str]:
        """The imports that are known to be of namesakes."""
        call, gate = self.context.call, self.context.services.gate
        sent = [each for action in _SENDING for each in gate.results(call.migration, call.workspace, action)]
        return {str(each.get("import") or "").lower() for each in sent}

    @property
    def _longest_s(self) -> float:
        return self.item.length / _SLOWEST_BYTES_S * self.context.call.scale


def _known_as(file: str) -> tuple[str, str]:
    return file, file.rpartition(".")[0]
