"""Who may see what beyond a role in a workspace, names that bite, and workspaces that are not like others."""

from typing import Any

from sandbox.everykind.content import REPORTS, named
from sandbox.everykind.founding import Founding
from sandbox.extras import DELETED, PERSONAL
from sandbox.holdings import Marks, Share
from sandbox.people import LEAVER
from sandbox.state import Access, Principal, Workspace

ROLES = "Every role"
IMAGE = "<img src=x onerror=alert(1)>"
LINK, SCRIPT = '=HYPERLINK("https://evil.example","x")', "<script>alert(1)</script>"
ORPHANED, CLASSIC, PERSONAL_SITE = "Every orphan", "Every classic workspace", "PersonalWorkspace site"
UNMAPPED, UNKNOWN, UNKNOWN_GROUP = "eve@contoso-legacy.com", "mallory@contoso.com", "Every lost group"
Json = dict[str, Any]


def add_standing(founding: Founding) -> None:
    _roles(founding)
    _names(founding)
    _workspaces(founding)
    _people(founding)


def member(who: Principal) -> Json:
    """Of a role in a model."""
    name = who.upn or who.display_name
    kind = "Group" if who.kind == "Group" else "User"
    return {"memberName": name, "memberId": who.id, "memberType": kind, "identityProvider": "AzureAD"}


def role(name: str, condition: str, *members: Principal) -> Json:
    made: Json = {"name": name, "modelPermission": "Read"}
    made["members"] = [member(who) for who in members]
    made["tablePermissions"] = [{"name": "Orders", "filterExpression": condition}]
    return made


def _roles(founding: Founding) -> None:
    """Static ones with a user and a group, one by who is asking, one that nobody is in."""
    space, people = founding.space(ROLES), founding.making.directory.by_name
    _, model = founding.published(space, "Static roles")
    model.roles = [
        role("North", '[Region] = "North"', people["alice"], people["Analysts"]),
        role("Nobody", "FALSE()"),
    ]
    _, model = founding.published(space, "Dynamic roles")
    model.roles = [role("Own rows", "[Owner] = USERPRINCIPALNAME()", people["Board / Vorstand"])]
    for model in space.datasets:
        model.is_effective_identity_required = True


def _names(founding: Founding) -> None:
    space = founding.space(IMAGE)
    for name in (LINK, SCRIPT, "@SUM(1+1)*cmd|' /C calc'!A0"):
        founding.published(space, name)
    space.description = "<b>bold</b>\n=1+1"


def _workspaces(founding: Founding) -> None:
    """Orphaned in both ways in which the API says so: no Admin is left (but we can export), or the state does."""
    ours = Access(founding.source.actors["migration"], "Contributor")
    for name, rights in (
        (ORPHANED, [ours, Access(founding.person("alice"), "Viewer")]),
        (f"{ORPHANED} by its state", list[Access]()),
    ):
        lost = founding.space(name, rights=rights)
        founding.published(lost, "Nobody's")
        founding.plant("workspaceOrphaned", "workspace", lost.id, lost.name, lost)
        lost.state = "Orphaned" if not rights else "Active"
    classic = founding.space(CLASSIC, rights=[Access(founding.person("alice"), "Admin")])
    classic.type, classic.capacity_id = "Group", None
    founding.published(classic, "Old times")
    founding.plant("workspaceClassic", "workspace", classic.id, classic.name, classic)
    site = founding.space(PERSONAL_SITE, rights=[Access(founding.person("bob"), "Admin")])
    site.type, site.capacity_id = "Personal", None
    for obstacle, name in (
        ("workspacePersonal", PERSONAL),
        ("workspacePersonal", PERSONAL_SITE),
        ("workspaceDeleted", DELETED),
    ):
        space = named(founding, name)
        founding.plant(obstacle, "workspace", space.id, space.name, space)


def _people(founding: Founding) -> None:
    """One whom the request says nothing of, a user and a group who are mapped to nobody; each in several places."""
    tenant = founding.source
    eve = Principal(founding.id(), "User", "Eve of the old company", UNMAPPED)
    mallory = Principal(founding.id(), "User", "Mallory", UNKNOWN)
    lost = Principal(founding.id(), "Group", UNKNOWN_GROUP, members=[eve.id])
    for who in (eve, mallory, lost):
        tenant.principals[who.id] = who
    gone = founding.id()
    founding.principals[lost.id] = gone
    roles, reports, image = (named(founding, name) for name in (ROLES, REPORTS, IMAGE))
    _give(roles, eve, mallory)
    _give(reports, eve, lost)
    _give(image, lost, mallory)
    roles.datasets[0].roles[0]["members"].append(member(eve))
    shared = reports.reports[1]
    shared.marks = Marks(shares=[Share(eve.id, "Read"), Share(founding.person(LEAVER), "Read")])
    goal = UNKNOWN.partition("@")[0] + "@" + founding.target.tenant.domain
    founding.plant("principalUnmapped", "user", eve.id, UNMAPPED)
    founding.plant("principalUnknown", "user", mallory.id, UNKNOWN, mappedTo=goal)
    founding.plant("principalUnknown", "group", lost.id, UNKNOWN_GROUP, mappedTo=gone)


def _give(space: Workspace, *people: Principal) -> None:
    space.users += [Access(who.id, "Viewer") for who in people]
