"""Settings of workspaces beside name and capacity: set as in the source, or left as a new workspace has them.

A setting that was not carried over is `left`, one that is neither the old nor the usual value is a difference.
"""

from collections.abc import Iterator

from sandbox.scene import Couple, Scene
from sandbox.state import Workspace

Setting = tuple[str, object, object, object]
"""Name, what it should be, what it is, what it is in a new workspace."""


class Settings:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        """Workspaces are the couples."""

    def judge(self) -> None:
        """Not of workspaces that were there before us: their settings are their own."""
        for couple, new in self._scene.whole():
            if new.id not in self._scene.known:
                for setting in self._settings(couple.old, new):
                    self._one(couple, setting)

    def _one(self, couple: Couple, setting: Setting) -> None:
        name, wanted, found, usual = setting
        if wanted == found == usual:
            return
        if found == usual:
            self._scene.leave(couple, "workspaceSetting", couple.old.id, name)
        else:
            self._scene.judge(couple, "workspaceSetting", name, {name: (wanted, found)})

    def _settings(self, old: Workspace, new: Workspace) -> Iterator[Setting]:
        yield "description", old.description, new.description, ""
        formats = old.default_dataset_storage_format, new.default_dataset_storage_format
        yield "defaultDatasetStorageFormat", *formats, "Small"
        yield "dataflowStorage", self._storage(old), new.dataflow_storage_id, None
        yield "logAnalytics", old.log_analytics, new.log_analytics, {}

    def _storage(self, old: Workspace) -> str | None:
        """The target's account of the same name; none of that name is not the same either."""
        if old.dataflow_storage_id is None:
            return None
        source, target = self._scene.expectation.source, self._scene.expectation.target
        held = source.storage_accounts.get(old.dataflow_storage_id)
        name = held.name.casefold() if held else ""
        same = (item.id for item in target.storage_accounts.values() if item.name.casefold() == name)
        return next(same, f"no storage account {name}")
