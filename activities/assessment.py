"""The end of a plan: what the extracts of all workspaces say together.

Obstacles of the whole estate become findings, the workspaces get their waves, and `summary.json` says in numbers
what the plan has found. Memory holds the extracts of one batch, and of the estate only what is counted or merged.
"""

from __future__ import annotations

from collections.abc import Iterator

from activities.classification import rows_of
from activities.context import Context
from activities.inventory import extracts_of, workspace_row
from activities.known import know
from activities.selected import named_only, read_batch, read_selection
from activities.tenancy import read_parts
from shared.assessment import forecast, lineage, obstacles
from shared.assessment.estate import estate_of
from shared.assessment.model import Extract, Verdict
from shared.assessment.obstacles_parts import Parts, Surroundings
from shared.assessment.pace import Pace
from shared.assessment.totals import Totals
from shared.assessment.verdicts import judge_tenant, judge_workspace
from shared.models import is_plan
from shared.outcomes import Json
from shared.run_documents import order_path, summary_path, waves_path

_OF_PLANS = "plan.notCheckable"  # a migration will show it, one way or the other


def assess(context: Context) -> None:
    """Judge the whole; done again it says the same."""
    services, run = context.services, context.call.migration
    parts = read_parts(services, run)
    tenant = _judge_tenant(context, parts)
    _plan_others(context)
    found = obstacles.of_estate(_extracts(context), parts, context.request, _surroundings(context))
    services.findings.add_all(run, (each for each in found if is_plan(run) or each.code != _OF_PLANS))
    uses = _uses(context)
    waves = lineage.waves(uses)
    services.documents.write_json(order_path(run), lineage.sequence(uses))
    services.documents.write_json(waves_path(run), waves)
    services.documents.write_json(summary_path(run), _summary(context, parts, waves, tenant))


def _extracts(context: Context) -> Iterator[Extract]:
    """One per workspace of the source that the plan knows, also of those that only were named."""
    services, run = context.services, context.call.migration
    for batch in range(read_selection(services, run).batches):
        found = {extract.workspace_id: extract for extract in extracts_of(services, run, batch)}
        for entry in read_batch(services, run, batch):
            yield found.get(entry["id"].lower()) or _named(entry)
    for entry in named_only(services, run):
        yield _named(entry)


def _named(entry: Json) -> Extract:
    return Extract(
        entry["id"].lower(),
        entry["name"],
        entry["kind"],
        entry["capacity"].lower(),
        entry["targetCapacity"].lower(),
        entry["targetName"],
    )


def _judge_tenant(context: Context, parts: Parts) -> list[Verdict]:
    """What belongs to no workspace gets its verdicts too."""
    moving, used = list[str](), set[str]()
    for each in (each for each in _extracts(context) if each.moves):
        moving.append(each.workspace_id)
        used.update(each.sources)
    rows = {part: found.rows for part, found in parts.items()}
    gateways = context.request.gateways if context.request.target else None
    verdicts = judge_tenant(rows, moving, gateways, used)
    context.services.manifest.plan_items(context.call.migration, "", rows_of(verdicts))
    return verdicts


def _plan_others(context: Context) -> None:
    """A plan has a row also for what was never read: deleted workspaces, and the service's own."""
    services, run = context.services, context.call.migration
    if not is_plan(run):
        return
    known = know(context)
    for entry in named_only(services, run):
        verdict = judge_workspace(entry, known.facts(entry))
        services.manifest.plan_workspace(run, workspace_row(entry, verdict))


def _surroundings(context: Context) -> Surroundings:
    services, request = context.services, context.request
    target = services.connection(request.target) if request.target else None
    needing = services.findings.of_code(context.call.migration, "capacity.needed")

    def owner_of(target_workspace: str) -> str:
        owner = target and services.ownership.owner(target.tenant_id, target_workspace)
        return owner.source_workspace if owner else ""

    return Surroundings(
        mode=read_selection(services, context.call.migration).mode,
        target_user=target is not None and target.has_user,
        source_user=services.connection(request.source).has_user,
        target_graph=target is not None and bool(target.graph_url),
        own=services.own_principals(request.source),
        needing=frozenset(finding.workspace_id.lower() for finding in needing),
        owner_of=owner_of,
    )


def _uses(context: Context) -> dict[str, list[str]]:
    """Of each workspace that moves, those that move and whose models or dataflows it uses."""
    uses = {each.workspace_id: each.upstream for each in _extracts(context) if each.moves}
    return {one: [other for other in others if other in uses] for one, others in uses.items()}


def _summary(context: Context, parts: Parts, waves: dict[str, int], tenant: list[Verdict]) -> Json:
    services, run = context.services, context.call.migration
    totals = Totals()
    for extract in _extracts(context):
        totals.add(extract, waves)
    totals.add_verdicts(tenant)
    totals.add_late(services.manifest.progress(run)["items"])
    return {
        **totals.to_dict(),
        "findings": services.findings.counts(run),
        "forecast": _forecast(context, parts),
        "unread": [
            dict(zip(("side", "part", "reason"), (*name.split("-", 1), part.unread), strict=True))
            for name, part in parts.items()
            if part.unread
        ],
    }


def _forecast(context: Context, parts: Parts) -> Json:
    services, request = context.services, context.request
    pace = Pace(scale=services.settings.poll_scale)
    mode = read_selection(services, context.call.migration).mode
    target = services.connection(request.target) if request.target else None
    return forecast.estimate(
        estate_of(
            _extracts(context),
            pace,
            mode,
            {name: len(part.rows) for name, part in parts.items()},
            parts["source-pipelines"].rows,
        ),
        services.connection(request.source),
        target,
        now=services.clock.now(),
        pace=pace,
    )
