"""Deployment pipelines: by name, with the workspaces that came of theirs in the same stages, and the same people."""

from sandbox.holdings import Pipeline
from sandbox.scene import Scene
from sandbox.twins import Twins, twins


class Pipelines:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._found = Twins[Pipeline]([], [], [])

    def pair(self) -> None:
        expectation, known = self._scene.expectation, self._scene.known
        made = [item for item in expectation.target.pipelines.values() if item.id not in known]
        self._found = twins(self._wanted(), made, _named)
        for old, new in self._found.pairs:
            self._scene.meet(old.id, new.id)

    def judge(self) -> None:
        for old, new in self._found.pairs:
            facts = {
                "description": (old.description, new.description),
                "stages": (self._stages(old), new.stages),
                "users": (self._users(old), self._others(new)),
            }
            self._scene.judge(None, "pipeline", old.display_name, facts)
        for old in self._found.missing:
            self._scene.leave(None, "pipeline", old.id, old.display_name)
        names = {item.display_name for item in self._scene.expectation.source.pipelines.values()}
        for new in self._found.surplus:
            outcome = "twice" if new.display_name in names else "orphan"
            self._scene.surplus(outcome, None, "pipeline", new.display_name, new.id)

    def _wanted(self) -> list[Pipeline]:
        """Those of the workspaces that are asked for; where all are, every one."""
        asked = {couple.old.id for couple in self._scene.couples}
        everything = "*" in self._scene.expectation.request.get("workspaces", ["*"])
        held = self._scene.expectation.source.pipelines.values()
        return [item for item in held if everything or asked & set(item.stages)]

    def _stages(self, old: Pipeline) -> list[str | None]:
        """A stage whose workspace did not come stays empty."""
        return [self._scene.counterparts.get(held or "") for held in old.stages]

    def _users(self, old: Pipeline) -> list[str]:
        expectation = self._scene.expectation
        known = (expectation.source.principals.get(user) for user in old.users)
        goals = {expectation.goal_of(who) for who in known if who is not None}
        return sorted(goal for goal in goals if goal in expectation.target.principals)

    def _others(self, new: Pipeline) -> list[str]:
        """Without the app that made it, which is in it by nature."""
        ours = self._scene.expectation.target.actors.get("migration")
        return sorted(user for user in new.users if user != ours)


def _named(old: Pipeline, new: Pipeline) -> bool:
    return old.display_name == new.display_name
