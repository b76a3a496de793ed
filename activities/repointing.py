"""A model that arrived as a file reads the target's dataflows: its file names those of the old tenant by their ids.

What stands in parameters is set there, which leaves the model what its author made; only what is written into its
queries takes a new definition. Both come before the model is recorded as arrived, so before its first refresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from activities.context import Context
from activities.documents import raw_of
from activities.identities import ids_for, sources_in
from activities.leftovers import LEFT, take_back_links, tell_anew, tell_links
from activities.long_running import definition_of, of_the_question, result_of
from activities.needs import await_needs
from activities.places import workspace_names
from activities.rights import is_of_lag
from shared.assessment import parameters
from shared.assessment.reading import rows, text
from shared.content import parts
from shared.content.ids import IdMap, guids, rewrite_text
from shared.content.parts import Part
from shared.content.xmla import rename_workspaces, renamed
from shared.errors import AppError, ContentError, EntityNotFound, ServiceError, TerminalError
from shared.models import ItemRow, Kind, Need
from shared.outcomes import Json, Outcome, Wait
from shared.polling import DEFINITION
from shared.writes import Intent

_SETTABLE = "text"  # values of no other type hold ids; those of type Any can't be set
_TRIES = 3  # of a change that the service begins and does not end
_READ, _CHANGE = 1, 2  # the operations that are waited for, one after the other (`position`)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One model in the target; `life` (an import's id) tells this arrival from a later one of the same model.

    Of one that is renewed the inventory knows nothing: only what the target has tells what it reads now.
    """

    context: Context
    model: ItemRow
    target_id: str
    life: str
    is_renewed: bool = False

    def intent(self, action: str, operation: str) -> Intent:
        subject = f"{self.model.source_id}-{self.life}" if self.life else self.model.source_id
        return self.context.intent(action, subject, operation, self.model.source_name)


@dataclass(frozen=True, slots=True)
class Change:
    """How what a model says has to change: ids, and the names of workspaces in addresses."""

    ids: IdMap
    names: Mapping[str, str]

    def of(self, written: str) -> str:
        return renamed(rewrite_text(written, self.ids).content, self.names)

    def touches(self, written: str) -> bool:
        return self.of(written) != written


def repointed(arrival: Arrival) -> Outcome | None:
    """None where the model reads the target, as far as that can be brought about; else what is waited for."""
    context, model = arrival.context, arrival.model
    raw = {} if arrival.is_renewed else raw_of(context, model)
    told = dict(_expressions(raw))
    named = {found for written in told.values() for found in guids(written)}
    reads = [need for need in map(Need.parse, model.needs) if need.kind == Kind.DATAFLOW]
    reads += [need for need in sources_in(context, model, named) if need.kind == Kind.DATAFLOW]
    needs = [str(need) for need in dict.fromkeys(reads)]
    is_named = named or any("powerbi://" in written.lower() for written in told.values())
    if not (arrival.is_renewed or needs or is_named):
        return None
    waiting = await_needs(context, replace(model, needs=needs))
    return waiting or _repointed(arrival, raw, told, needs)


def _repointed(arrival: Arrival, raw: Json, told: Mapping[str, str], needs: list[str]) -> Outcome | None:
    """Parameters first; the definition where something else has to change, or nobody told what it says."""
    context, everything = arrival.context, "\n".join(told.values())
    change = _change(context, guids(everything), needs, everything)
    left = rewrite_text(everything, change.ids).left
    values = {
        each["name"]: change.of(each["current"])
        for each in parameters.of_dataset(raw)
        if each["type"].lower() == _SETTABLE and change.touches(each["current"])
    }
    refused = _set(arrival, values) if values else None
    if not told or any(change.touches(each) for name, each in told.items() if refused or name not in values):
        try:
            if (waiting := _by_definition(arrival, needs)) is not None:
                return waiting
        except (TerminalError, ContentError) as error:
            if is_of_lag(context.services, context.call, error):
                raise
            if arrival.is_renewed:
                return _unread(arrival, needs, error)
            left |= rewrite_text(everything, change.ids).replaced
    tell_links(context, arrival.model, {each: _readable(change.ids, each) for each in left})
    return None


def _unread(arrival: Arrival, needs: list[str], why: AppError) -> None:
    """Its queries can't be read or changed: what stands in parameters is set, the rest is said to be unknown."""
    context, model = arrival.context, arrival.model
    try:
        found = context.target.datasets.parameters(context.workspace().target_id, arrival.target_id)
    except TerminalError:
        found = []
    current = {text(each, "name"): text(each, "currentValue") for each in found if _is_settable(each)}
    everything = "\n".join(current.values())
    change = _change(context, guids(everything), needs, everything)
    values = {name: change.of(value) for name, value in current.items() if change.touches(value)}
    refused = _set(arrival, values) if values else None
    told = f"It may still name the old tenant: its definition could not be read or changed: {why.message}"
    take_back_links(context, model)
    context.about(model, LEFT, f"{told} {refused.message}" if refused else told)


def _is_settable(parameter: Json) -> bool:
    return text(parameter, "type").lower() == _SETTABLE


def _readable(known: IdMap, source: str) -> str:
    return known.unmoved.get(source) or f"what is {known.targets[source]} now"


def _change(context: Context, named: set[str], needs: list[str], content: str) -> Change:
    return Change(
        ids_for(context, named, needs), workspace_names(context, [content.encode("utf-8", "replace")])
    )


def _set(arrival: Arrival, values: Mapping[str, str]) -> AppError | None:
    """Datasets_UpdateParametersInGroup; the refusal where the service takes them no other way than by definition."""
    context, workspace = arrival.context, arrival.context.workspace().target_id

    intent = arrival.intent("parameters", "Datasets_UpdateParametersInGroup")
    try:
        context.services.gate.repeat(
            intent, lambda: context.target.datasets.update_parameters(workspace, arrival.target_id, values)
        )
    except TerminalError as refused:
        if is_of_lag(context.services, context.call, refused):
            raise
        return refused
    return None


def _by_definition(arrival: Arrival, needs: list[str]) -> Outcome | None:
    """SemanticModels_UpdateSemanticModelDefinition with what the target gives of it, rewritten."""
    context, workspace = arrival.context, arrival.context.workspace().target_id
    intent = arrival.intent("repoint", "SemanticModels_UpdateSemanticModelDefinition")
    gate, state = context.services.gate, dict(context.call.state)
    recorded = gate.recorded(intent)
    if recorded is None:
        if state.get("position") != _READ:
            state["operation"] = ""
        answer = definition_of(context.target, workspace, "semanticModels", arrival.target_id, state, "TMDL")
        if answer is None:
            tries = state.get("tries", 0)
            return _later(context, {"operation": state["operation"], "position": _READ, "tries": tries})
        content = _rewritten(context, arrival.model, answer, needs)
        if content is None:
            return None
        made = gate.write(
            intent,
            look=lambda before: None,
            act=lambda: _update(context, workspace, arrival.target_id, content),
            repeatable=True,
        )
    else:
        made = recorded[0]
    return _awaited(context, intent, str(made["operation"]))


def _awaited(context: Context, intent: Intent, operation: str) -> Outcome | None:
    """Until the change is made. One that failed, or that the service has forgotten, is looked into and begun anew."""
    tries = int(context.call.state.get("tries", 0))
    try:
        if not operation or result_of(context.target.operations, operation) is not None:
            return None
    except ServiceError as error:
        is_of_it = isinstance(error, EntityNotFound) or not of_the_question(error)
        if error.retry_at is not None or not is_of_it:
            raise
        context.services.gate.drop(intent)
        if tries + 1 >= _TRIES:
            raise ContentError(error.code, error.message) from error
        return _later(context, {"operation": "", "position": 0, "tries": tries + 1})
    return _later(context, {"operation": operation, "position": _CHANGE, "tries": tries})


def _rewritten(context: Context, model: ItemRow, answer: Json, needs: list[str]) -> list[Part] | None:
    """The target's own files with ids and names changed; None where there is nothing to change in them."""
    content = [part for part in parts.parts_of(answer) if part.path != parts.PLATFORM]
    everything = "\n".join(part.payload.decode("utf-8", "replace") for part in content if parts.is_text(part))
    change = _change(context, parts.guids_of(content), needs, everything)
    done = parts.rewrite_parts(content, change.ids)
    tell_anew(context, model, {each: change.ids.unmoved[each] for each in done.left})
    made = rename_workspaces(done.content, change.names)
    return made if made != content else None


def _update(context: Context, workspace: str, dataset: str, content: list[Part]) -> Json:
    definition = parts.definition_of(content)
    begun = context.target.definitions.update(workspace, "semanticModels", dataset, definition)
    return {"operation": begun.operation}


def _later(context: Context, state: Json) -> Outcome:
    call = context.call
    again = DEFINITION.again(call.state, context.services.clock.now(), call.scale)
    if again is None:
        raise ContentError("definition.deadline", "The service did not end changing the model in time.")
    return Wait(again.until, {**again.state, **state})


def _expressions(raw: Json) -> Iterator[tuple[str, str]]:
    """Its M as a scan tells it, by name: shared expressions, and the queries of its tables."""
    for row in rows(raw, "expressions"):
        yield text(row, "name"), text(row, "expression")
    for table in rows(raw, "tables"):
        for number, source in enumerate(rows(table, "source")):
            yield f"table {text(table, 'name')} {number}", text(source, "expression")
