"""The catalogue of findings: every code with its severity, what it means, and what a person can do.

A blocker without a workspace ends a migration before any write; with one it concerns that workspace. So whatever
leaves most of an estate movable is a warning, however bad it is for its own part. docs/findings.md is made of this.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.models import Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the catalogue."""

    severity: Severity
    remedy: str
    meaning: str


_B, _W, _I = Severity.BLOCKER, Severity.WARNING, Severity.INFO


def _entry(severity: Severity, meaning: str, remedy: str) -> Entry:
    return Entry(severity, remedy, meaning)


_OF_A_PLAN: dict[str, Entry] = {
    "inventory.unknownWorkspace": _entry(
        _B,
        "The request names a workspace that the source identity can't see, or that does not exist.",
        "Correct the name or id in workspaces, or give the source identity access to the workspace.",
    ),
    "inventory.empty": _entry(
        _B,
        "No workspace was found that could move.",
        "Check that the source identity may call the admin APIs or is a member of the workspaces.",
    ),
    "inventory.noAdmin": _entry(
        _W,
        "The admin APIs of the source refused this app, so only its own workspaces are known.",
        "Only workspaces the source identity is a member of were seen. For the whole tenant let an admin "
        "allow it 'Service principals can access read-only admin APIs' (ADMIN_CLIENT_ID for one of its own).",
    ),
    "inventory.incomplete": _entry(
        _W, "The contents of a workspace could not be read.", "Retry once the service can read it."
    ),
    "access.source": _entry(
        _B,
        "The source identity may not export from this workspace: it is not in it, or only as Viewer.",
        "Add the source identity to the source workspace as Contributor or higher, then retry.",
    ),
    "workspace.nameTaken": _entry(
        _B,
        "The target has another workspace of that name, which this app did not make.",
        'Rename the other workspace, use naming, or set existing to "merge" and make the target identity '
        "an admin of it.",
    ),
    "workspace.personal": _entry(
        _I,
        "Somebody's personal workspace, whose contents no service principal can reach.",
        "Let its owner move what is still needed into a shared workspace before the migration, or publish it again.",
    ),
    "workspace.deleted": _entry(
        _I,
        "The workspace is deleted or being removed; it can be restored for a while.",
        "Nothing to do, unless something in it is still needed: then let a Fabric administrator restore it.",
    ),
    "workspace.classic": _entry(
        _I,
        "The workspace is a classic one of a Microsoft 365 group; it arrives as a workspace of its own.",
        "Give the members of the group a role in the new workspace.",
    ),
    "workspace.orphaned": _entry(
        _W,
        "Nobody administers the workspace any more.",
        "Let a Fabric administrator add an admin; decide whether the workspace is still needed at all.",
    ),
    "lineage.outside": _entry(
        _W,
        "Contents of the workspace use models or dataflows of a workspace that does not move with it.",
        "Add the named workspaces to workspaces, or rebuild what uses them in the target.",
    ),
    "capacity.unknownTarget": _entry(
        _B,
        "The request names a target capacity that the target identity can't see.",
        "Correct the capacity in capacities, or make the target identity an admin or contributor of it.",
    ),
    "capacity.unknownSource": _entry(
        _W,
        "The request names a source capacity that no workspace is on.",
        "Correct the source capacity in capacities; no workspace matched it.",
    ),
    "capacity.unmapped": _entry(
        _W,
        "Workspaces that are on a capacity in the source get none in the target.",
        "They arrive on shared capacity. Add the source capacity, or '*', to capacities.",
    ),
    "capacity.needed": _entry(
        _W,
        "The workspace holds what works on a capacity only, and gets none in the target.",
        "Add its source capacity, or '*', to capacities; else the named contents do not work in the target.",
    ),
    "capacity.paused": _entry(
        _W,
        "A capacity that workspaces come from or go to is not running.",
        "Resume the capacity for the time of the migration: exports, imports and refreshes need it.",
    ),
    "capacity.smaller": _entry(
        _W,
        "The target capacity is smaller than the source capacity whose workspaces go there.",
        "Choose a larger one, or check the largest models first: what fitted into memory there may not fit here.",
    ),
    "capacity.region": _entry(
        _W,
        "The target capacity lies in another region than the source capacity.",
        "Ask whoever answers for data protection whether the data may lie there, and expect other distances to its "
        "sources.",
    ),
    "capacity.noRight": _entry(
        _W,
        "The target identity sees the target capacity, but may not assign workspaces to it.",
        "Make the target identity an admin or contributor of the capacity.",
    ),
    "gateway.unmapped": _entry(
        _W,
        "Models use a gateway of the source for which the request names none in the target.",
        "Install or choose a gateway in the target tenant and add it to gateways.",
    ),
    "gateway.unknownTarget": _entry(
        _W,
        "The request names a target gateway that does not exist, as far as the target identity can see.",
        "Correct the gateway in gateways, or make the target identity an administrator of it.",
    ),
    "gateway.notAdministered": _entry(
        _W,
        "The target gateway is there, but the target identity does not administer it and can't see its data sources.",
        "Make the target identity an administrator of the gateway.",
    ),
    "gateway.noMatch": _entry(
        _W,
        "The target gateway has no data source of the same type and connection as the source's models use.",
        "Create the data source on the target gateway, and let the target identity use it.",
    ),
    "credentials.missing": _entry(
        _W,
        "Models read from a cloud data source for which the request names no credential.",
        'Store it as a secret and add {"key": "secret name"} to credentials, or sign in by hand afterwards.',
    ),
    "identity.tooManyWorkspaces": _entry(
        _W,
        "A service principal, or one of its profiles, can be in 1,000 workspaces at most.",
        "Move the estate in several migrations, each with an identity or PROFILE_ID of its own.",
    ),
    "identity.noMasterUser": _entry(
        _W,
        "The estate holds what a service principal may not move, and no master user is configured.",
        "Set USERNAME and PASSWORD or REFRESH_TOKEN of that connection, or move it by hand.",
    ),
    "model.misconfiguredSource": _entry(
        _W,
        "The service says that a data source of the model is not set up as it should be.",
        "Repair the data source in the source: a model that can't be refreshed there will not be refreshed here.",
    ),
    "model.unreadable": _entry(
        _I,
        "The scan could not read the model's tables, roles and parameters.",
        "Nothing to do for the move itself; look at the model's roles and parameters by hand afterwards.",
    ),
    "principal.unmapped": _entry(
        _W,
        "Somebody has rights in the source, and the request does not say who that is in the target: nobody gets them.",
        'Add the principal to principals ("old": "new", "@old": "@new", or null to drop it knowingly).',
    ),
    "principal.unknown": _entry(
        _W,
        "The request gives rights to somebody the target's directory does not know.",
        "Create or invite the principal in the target tenant, or correct principals.",
    ),
    "plan.notCheckable": _entry(
        _I,
        "Nothing this app may call tells this beforehand.",
        "Read the reason; what it names shows during the migration at the latest.",
    ),
    "manual.notMoved": _entry(
        _W,
        "No API moves this item, or the service refused every way there is.",
        "Do what the message says: it names the item, why it was not moved, and what to do instead.",
    ),
    "manual.afterMove": _entry(
        _W,
        "The item is in the target, and something about it is left to a person.",
        "Do what the message says; everything else about the item has arrived.",
    ),
    "manual.notApplied": _entry(
        _W,
        "A section of the request is accepted and remembered, but not applied by this version.",
        "Set this by hand in the target; this version does not apply that section of the request.",
    ),
}

_OF_A_RUN: dict[str, Entry] = {
    "migration.failed": _entry(
        _B, "The migration as a whole could not go on.", "Read the reason, remove it, then retry."
    ),
    "connection.refused": _entry(
        _B,
        "A tenant refuses the credentials of a connection; the work waits for new ones.",
        "Set the connection's new CLIENT_SECRET (or certificate, or password) in the app settings; the work goes on "
        "by itself. Where that came too late, retry.",
    ),
    "quota.longWait": _entry(
        _I,
        "A quota of the service is used up, and the work waits until it is open again.",
        "Nothing to do: the work goes on by itself. Other tools use the same quotas; QUOTA_SHARE leaves them a part.",
    ),
    "workspace.settingRefused": _entry(
        _W,
        "A setting or the folders of a workspace could not be made in the target.",
        "Set by hand what the message names, or remove the service's reason and retry.",
    ),
    "workspace.foldersUnread": _entry(
        _I,
        "The folders of source workspaces can't be read, so everything arrives at the top of its workspace.",
        "Let the source identity call the Fabric API, or make the folders by hand.",
    ),
    "item.failed": _entry(
        _B,
        "An item could not be read in the source, or not be made in the target.",
        "Read the service's reason, remove it, then retry: only what is missing is done again.",
    ),
    "item.notRenewed": _entry(
        _W,
        "A report has changed in the source since it was brought, and its new content could not go over it.",
        "The target has the older content. Remove what the message names, then retry, or publish it there by hand.",
    ),
    "retry.changesUnknown": _entry(
        _I,
        "A retry could not be told what has changed in the source since the plan.",
        "Reports that changed after they were brought keep their older content; let the admin identity read "
        "'workspaces/modified' and the scanner, then retry.",
    ),
    "item.rerouted": _entry(
        _I,
        "The service refused the planned way of a report, so it went another one: with its model by definition instead "
        "of as a file (without data, until it is refreshed), or as a file without its model.",
        "Nothing to do, but a model that went by definition needs its data sources' credentials before its first "
        "refresh.",
    ),
    "content.sourceLinks": _entry(
        _W,
        "What arrived still names items of the old tenant, which have no place in the target or could not be replaced.",
        "Open the item in the target and point the links or queries that the message names to their successors.",
    ),
    "capacity.failed": _entry(
        _B,
        "The workspace could not be put onto its capacity.",
        "Let a capacity admin give the target identity the right to assign, then retry.",
    ),
    "workspace.failed": _entry(
        _B,
        "A step of this workspace could not be finished.",
        "Read the service's reason, remove it, then retry.",
    ),
    "workspace.busy": _entry(
        _B,
        "Another migration has been working on this workspace all the time.",
        "Wait until the other migration of this workspace is at rest, then retry.",
    ),
    "workspace.gone": _entry(
        _B,
        "The target workspace that an earlier attempt made can't be seen any more.",
        "Give the target identity access to the workspace again. If it was deleted, roll this migration back to "
        '"nothing", which clears its record, then retry.',
    ),
    "workspace.leased": _entry(
        _I,
        "Another migration is working on this workspace.",
        "Nothing to do: it begins here once the other migration has finished this workspace.",
    ),
    "report.exportFailed": _entry(
        _B,
        "The report could not be downloaded from the source.",
        "Read the service's reason. Download the report in the portal and publish it by hand if it stays.",
    ),
    "report.importFailed": _entry(
        _B,
        "The report could not be imported into the target.",
        "Read the service's reason. Publish the report by hand from Power BI Desktop if it stays.",
    ),
    "report.importAmbiguous": _entry(
        _B,
        "Several imports in the target might be this report's; which one is ours can't be told.",
        "Look at the named imports in the target workspace and delete those that are not wanted.",
    ),
    "report.importStuck": _entry(
        _B,
        "The import was accepted and has not ended.",
        "Look at the import in the target workspace. Once it has ended there, retry: it is not sent a second time.",
    ),
    "report.leftover": _entry(
        _W,
        "A failed import left objects in the target that are not provably ours.",
        "Look at the named objects in the target workspace and delete those that nobody needs.",
    ),
    "dataset.renamed": _entry(
        _W,
        "The model has another name in the target.",
        "An import names the model after its report. Rename the model in the target where that matters.",
    ),
    "principal.refused": _entry(
        _W,
        "The target refused to give this principal its right.",
        "Check that the principal exists in the target tenant, then add it to the workspace by hand.",
    ),
    "principal.kept": _entry(
        _W,
        "The principal has another right in the target workspace already.",
        "The workspace is not ours, so the right that was there stays. Change it by hand if it is wrong.",
    ),
    "rollback.kept": _entry(
        _W,
        "A rollback left something standing.",
        "Decide what becomes of it. It stays because others use it, or because nothing proves that it is ours.",
    ),
    "rollback.refused": _entry(
        _B,
        "The service refused to undo something.",
        "Read the service's reason, remove it (mostly: make the target identity an admin of the workspace), "
        "then roll back again.",
    ),
    "rollback.handedOver": _entry(
        _B,
        "A later migration has taken the workspace over.",
        'Roll the named later migration back to "nothing" first, then this one again.',
    ),
    "validation.missing": _entry(
        _B,
        "Something that had arrived is not in the target.",
        "Look for who deleted the item in the target, then retry.",
    ),
    "validation.twice": _entry(
        _B,
        "Something is in the target twice.",
        "Decide which of the two items is right and delete the other one.",
    ),
    "validation.unbound": _entry(
        _B, "A report is bound to another model than its own.", "Bind the report to its model in the target."
    ),
    "validation.content": _entry(
        _B,
        "The bytes that were sent are not the bytes that were exported.",
        "Retry: other bytes were sent than were exported.",
    ),
    "validation.refreshFailed": _entry(
        _B,
        "The model could not be refreshed in the target.",
        "Give the model's data sources credentials and a gateway in the target, then refresh it.",
    ),
    "validation.notRefreshable": _entry(
        _I,
        "The model can't be refreshed, so its data was not compared.",
        "Nothing to do: the model has no data to load by itself.",
    ),
    "drift.unreadable": _entry(
        _W,
        "The activity events of a tenant can't be read.",
        "Let the admin identity of that connection read the activity events again; the service keeps them for 28 days.",
    ),
    "drift.incomplete": _entry(
        _W,
        "A day of activity events could not be read to its end.",
        "Look at that day in the audit log by hand.",
    ),
    "drift.activity": _entry(
        _I,
        "Somebody changed something in a tenant after the cutover.",
        "Look whether the change belongs into the target (or was meant for the source).",
    ),
}

CATALOGUE: dict[str, Entry] = {**_OF_A_PLAN, **_OF_A_RUN}
