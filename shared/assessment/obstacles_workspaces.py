"""What stands in the way of single workspaces: their kind, our right to export from them, their name in the target.

And what concerns all of them together: how many one identity can be in, and what only a master user may move.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.assessment.model import Extract, Json, Obstacle, Route
from shared.assessment.obstacles_parts import Parts, Surroundings, rows_of, unread_of
from shared.assessment.reading import lower, text
from shared.models import Kind, MigrationRequest

WORKSPACES_PER_IDENTITY = 1000
_KINDS = {
    "personal": "It is somebody's personal workspace: no service principal can reach what is in it.",
    "deleted": "It is deleted, or being removed, in the source.",
    "classic": "It belongs to a Microsoft 365 group, whose members get in by it, and which is not Power BI's to move.",
    "orphaned": "It has no admin any more in the source.",
}
_ADDERS = frozenset({"Admin", "Member"})  # who may let others in
_LIVE = frozenset({"", "active", "orphaned"})


class Workspaces:
    """One obstacle per workspace and cause."""

    def __init__(self, parts: Parts, request: MigrationRequest, surroundings: Surroundings):
        self._request = request
        self._surroundings = surroundings
        self._members = _members(parts)
        self._helper = _Helper(parts, surroundings)
        self._taken = _names(parts)
        self._wanted: dict[str, str] = {}  # target name -> name of the first workspace that gets it
        self._deserted: list[
            Extract
        ] = []  # nobody is told to be in them, although there is something in them
        self._tells_users = False
        self._moving = 0
        self._dataflows = 0

    def see(self, extract: Extract) -> Iterator[Obstacle]:
        if not extract.moves:
            yield from _of_kind(extract)
            return
        self._tells_users |= self._surroundings.mode == "scanner" and bool(extract.counts.get("users"))
        self._moving += 1
        self._dataflows += extract.kinds.get(Kind.DATAFLOW, {}).get(Route.BY_HAND, 0)
        if _may_be_deserted(extract):
            self._deserted.append(extract)
        else:
            yield from self._right_or_kind(extract, extract.kind)
        if self._request.target and self._request.existing != "merge":
            yield from self._name(extract)

    def conclude(self) -> Iterator[Obstacle]:
        for deserted in self._deserted:
            yield from self._right_or_kind(deserted, "orphaned" if self._tells_users else deserted.kind)
        if self._moving > WORKSPACES_PER_IDENTITY:
            yield self._too_many()
        if self._request.target and self._dataflows and not self._surroundings.target_user:
            yield Obstacle(
                "identity.noMasterUser",
                "connection",
                self._request.target,
                self._request.target,
                f"{self._dataflows} dataflow(s) are imported by a signed-in user only, and the target has no "
                "master user.",
            )

    def _right_or_kind(self, extract: Extract, kind: str) -> Iterator[Obstacle]:
        """One finding: where we have no right, it says the kind as well, which decides who could give it."""
        missing = list(self._export_right(extract, _KINDS.get(kind, "")))
        yield from missing or _of_kind(extract, kind)

    def _export_right(self, extract: Extract, kind: str) -> Iterator[Obstacle]:
        if self._members is None:
            return
        is_in = extract.workspace_id in self._members
        if self._members.get(extract.workspace_id) == "write" and not self._is_viewer(extract):
            return
        what = "may only read in this workspace" if is_in else "is not in this workspace"
        message = f"The source identity {what}, so it can export nothing. {kind} {self._helper.says(extract)}".replace(
            "  ", " "
        )
        yield _about("access.source", extract, message, key="access.source")

    def _is_viewer(self, extract: Extract) -> bool:
        """As the scan tells it: the list of workspaces does not always."""
        ours = (extract.principals[name] for name in self._surroundings.own if name in extract.principals)
        return any(who.get("best") == "Viewer" for who in ours)

    def _name(self, extract: Extract) -> Iterator[Obstacle]:
        name = extract.target_name or self._request.naming.replace("{name}", extract.name)
        known = name.casefold()
        foreign = [found for found in self._taken.get(known, []) if not self._is_ours(found, extract)]
        if foreign:
            message = f"The target has a workspace {name!r} that this app did not create ({foreign[0]})."
            yield _about("workspace.nameTaken", extract, message, key="workspace.nameTaken")
        elif known in self._wanted:
            message = f"Workspace {self._wanted[known]!r} gets the name {name!r} too."
            yield _about("workspace.nameTaken", extract, message, key="workspace.nameTaken")
        self._wanted.setdefault(known, extract.name)

    def _is_ours(self, target_id: str, extract: Extract) -> bool:
        return self._surroundings.owner_of(target_id).lower() == extract.workspace_id

    def _too_many(self) -> Obstacle:
        connection = self._request.target or self._request.source
        others = " and target" if self._request.target else ""
        return Obstacle(
            "identity.tooManyWorkspaces",
            "connection",
            connection,
            connection,
            f"{self._moving} workspaces move. The identities of the source{others} can each be in "
            f"{WORKSPACES_PER_IDENTITY} workspaces, unless they act by several profiles.",
        )


def _of_kind(extract: Extract, kind: str = "") -> Iterator[Obstacle]:
    told = kind or extract.kind
    if told in _KINDS:
        yield _about(f"workspace.{told}", extract, _KINDS[told])


def _may_be_deserted(extract: Extract) -> bool:
    """A scan without any users was not allowed to tell them; where it tells some, none means that nobody is in."""
    return (
        extract.kind == "workspace" and bool(extract.counts.get("items")) and not extract.counts.get("users")
    )


class _Helper:
    """Whether the master user of the source could let us in, and how we know."""

    def __init__(self, parts: Parts, surroundings: Surroundings):
        row: Json = next(iter(rows_of(parts, "source-masterUser")), {})
        groups = row.get("groups")
        self._configured = surroundings.source_user
        self._unread = unread_of(parts, "source-masterUser")
        self._name = text(row, "name") or "the master user"
        self._administers = bool(row.get("fabricAdmin"))
        self._groups = {str(key).lower(): str(right) for key, right in dict(groups or {}).items()}

    def says(self, extract: Extract) -> str:
        if not self._configured:
            return "No master user is configured that could add it."
        if self._unread:
            return f"Whether the master user could add it is not known: {self._unread}"
        if self._administers:
            return f"{self._name} could add it: the admin list answers that user, so it is a Fabric administrator."
        if extract.workspace_id not in self._groups:
            return (
                f"{self._name} could not add it: it is neither in the workspace nor a Fabric administrator."
            )
        return self._as_member(extract)

    def _as_member(self, extract: Extract) -> str:
        right = str(extract.principals.get(self._name.lower(), {}).get("best") or "")
        if right in _ADDERS:
            return f"{self._name} could add it: the inventory shows that user as {right} of the workspace."
        if right or self._groups[extract.workspace_id] == "read":
            shown = f"as {right}" if right else "with the right to read"
            return f"{self._name} could not add it: it is in the workspace {shown} only."
        return f"{self._name} is in the workspace, and could add it as its Admin or Member; which it is, is not told."


def _members(parts: Parts) -> dict[str, str] | None:
    """write | read by workspace; None where it could not be read, and nothing can be said."""
    if "source-memberships" not in parts or unread_of(parts, "source-memberships"):
        return None
    return {
        lower(row, "id"): "read" if row.get("isReadOnly") else "write"
        for row in rows_of(parts, "source-memberships")
    }


def _names(parts: Parts) -> dict[str, list[str]]:
    """Target workspaces by name, as the service compares names; deleted ones have given theirs up."""
    found: dict[str, list[str]] = {}
    for row in rows_of(parts, "target-groups"):
        if lower(row, "state") in _LIVE:
            found.setdefault(text(row, "name").casefold(), []).append(text(row, "id"))
    return found


def _about(code: str, extract: Extract, message: str, key: str = "") -> Obstacle:
    """As a run says it of the workspace, so that it is said once."""
    identity = extract.workspace_id
    return Obstacle(code, Kind.WORKSPACE, identity, extract.name, message, identity, key)
