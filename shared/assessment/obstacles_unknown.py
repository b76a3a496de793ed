"""What can't be known beforehand, and why: said once for the whole estate, by topic.

A topic is a finding of its own code, so that what a plan is silent about never looks like what it has checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.assessment.model import Extract, Obstacle
from shared.assessment.obstacles_parts import Parts, Surroundings, unread_of
from shared.models import MigrationRequest

_TITLES = {
    "customVisuals": "custom visuals",
    "tenantSettings": "settings of the target tenant",
    "modelSizes": "sizes of models",
    "downloads": "whether reports may be downloaded",
    "exportRights": "rights of the source identity",
    "sourceGateways": "data sources of source gateways",
    "dataSources": "what the models read from",
    "targetGateways": "gateways of the target",
    "targetCapacities": "capacities of the target",
    "targetNames": "names of workspaces in the target",
    "targetPrincipals": "principals of the target",
    "subscriptions": "subscriptions",
    "masterUser": "what the master user of the source may do",
}
_ALWAYS = {
    "customVisuals": "No API tells which visuals a report uses. Those of the source's organisational store have to be "
    "uploaded to the target's store first, or they show as missing.",
    "downloads": "Whether a tenant or an owner has switched the download of reports off shows at the export only. "
    "Reports made in the service, copies, and models with incremental refresh are refused there too.",
}
_SIZES = "No API tells how large a model is before its export: over 1 GB it can't be downloaded, over 10 not imported."
_SETTINGS = (
    "Whether the target tenant lets this app create workspaces shows at the first one: a plan writes nothing. 'Service "
    "principals can create workspaces, connections, and deployment pipelines' is off by default."
)
_UNSCANNED = (
    "Without the admin APIs only each model by itself tells its data sources: which gateways and credentials the "
    "target needs is in the inventory of the plan, and was not compared with the target."
)
# Read by the admin identity: where it was refused at all, `inventory.noAdmin` says so.
_ADMIN_PARTS = ("capacities", "apps", "pipelines", "fabricItems", "workbooks")
_OTHER_PARTS = {
    "source-memberships": "exportRights",
    "source-gateways": "sourceGateways",
    "source-masterUser": "masterUser",
    "target-gateways": "targetGateways",
    "target-capacities": "targetCapacities",
    "target-groups": "targetNames",
}


def not_checkable(topic: str, reason: str) -> Obstacle:
    """One finding per topic, whoever says it first."""
    return Obstacle("plan.notCheckable", topic, topic, _TITLES.get(topic, topic), reason)


class Unknown:
    """What the estate holds that is not told, and the lists that could not be read."""

    def __init__(self, parts: Parts, request: MigrationRequest, surroundings: Surroundings):
        self._parts = parts
        self._has_target = bool(request.target)
        self._surroundings = surroundings
        self._workspaces = self._reports = self._models = 0

    def see(self, extract: Extract) -> Iterator[Obstacle]:
        if extract.moves:
            self._workspaces += 1
            self._reports += extract.counts.get("reports", 0)
            self._models += extract.counts.get("models", 0)
        return iter(())

    def conclude(self) -> Iterator[Obstacle]:
        if self._reports:
            yield from (not_checkable(topic, reason) for topic, reason in _ALWAYS.items())
        if self._models:
            yield not_checkable("modelSizes", _SIZES)
        if self._has_target and self._workspaces:
            yield not_checkable("tenantSettings", _SETTINGS)
        for part, topic in _OTHER_PARTS.items():
            if reason := unread_of(self._parts, part):
                yield not_checkable(topic, reason)
        if self._models and self._surroundings.mode == "member":
            yield not_checkable("dataSources", _UNSCANNED)
        if self._surroundings.mode == "scanner":
            for part in _ADMIN_PARTS:
                if reason := unread_of(self._parts, f"source-{part}"):
                    yield not_checkable(f"source-{part}", reason)
