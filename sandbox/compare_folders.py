"""Folders: the same tree by names, and in each what came of the items that were in it."""

from sandbox.folders import item_ids, path_of
from sandbox.scene import Couple, Scene
from sandbox.state import Workspace

Path = tuple[str, ...]


class Folders:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        for couple, new in self._scene.whole():
            there = _paths(new)
            for path, folder in _paths(couple.old).items():
                if path in there:
                    self._scene.meet(folder, there[path])

    def judge(self) -> None:
        for couple in self._scene.couples:
            self._tree(couple, couple.new)
            if couple.new is not None:
                self._items(couple, couple.new)

    def _tree(self, couple: Couple, new: Workspace | None) -> None:
        wanted, there = _paths(couple.old), _paths(new) if new else {}
        for path, folder in wanted.items():
            if path in there:
                self._scene.result.equal("folder")
            else:
                self._scene.leave(couple, "folder", folder, "/".join(path))
        for path, folder in there.items():
            if path not in wanted:
                self._scene.surplus("orphan", couple, "folder", "/".join(path), folder)

    def _items(self, couple: Couple, new: Workspace) -> None:
        """Those that lie in a folder here or there; not where their folder itself did not come."""
        there, reached = item_ids(new), set(_paths(new).values())
        for item in sorted(item_ids(couple.old)):
            twin = self._scene.counterparts.get(item)
            folder = couple.old.placed.get(item)
            lost = folder is not None and self._scene.counterparts.get(folder) not in reached
            if twin in there and not lost and (folder or new.placed.get(twin)):
                self._place(couple, new, item, twin)

    def _place(self, couple: Couple, new: Workspace, item: str, twin: str) -> None:
        old_path, new_path = (
            path_of(couple.old, couple.old.placed.get(item)),
            path_of(new, new.placed.get(twin)),
        )
        facts = {"folder": ("/".join(old_path), "/".join(new_path))}
        self._scene.judge(couple, "folderItem", item, facts)


def _paths(space: Workspace) -> dict[Path, str]:
    return {path_of(space, folder.id): folder.id for folder in space.folders}
