"""Production's library folder, made from the development environment: what requirements.txt pins, no more.

Azure installs requirements.txt and nothing else next to the worker. Here the files of exactly those
distributions are linked into a folder, so that an import of anything else fails as it would there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
WORKER = ("azure-functions-runtime", "azurefunctions-extensions-base")  # the platform brings these
APP = ("function_app.py", "orchestrators", "activities", "shared")


def pins(text: str) -> list[Requirement]:
    """The pinned requirements that hold on this machine."""
    lines = (line.rstrip(" \\") for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line))
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def link_libraries(folder: Path) -> list[str]:
    """Link every pinned distribution; the pins that the environment doesn't have."""
    wrong: list[str] = []
    for pin in pins((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        installed = distribution(pin.name)
        if not pin.specifier.contains(installed.version, prereleases=True):
            wrong.append(f"{pin} is installed as {installed.version}")
        _link(installed, folder)
    for name in WORKER:
        _link(distribution(name), folder)
    return wrong


def _link(installed: Distribution, folder: Path) -> None:
    for file in installed.files or ():
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        link = folder / str(file)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(Path(str(file.locate())).resolve())


def link_app(folder: Path, function_app: str | None = None) -> Path:
    """The app's own files; `function_app` replaces function_app.py."""
    folder.mkdir()
    for name in (*APP, "host.json"):
        if name != "function_app.py" or function_app is None:
            (folder / name).symlink_to(ROOT / name)
    if function_app is not None:
        (folder / "function_app.py").write_text(function_app, encoding="utf-8")
    return folder


def imported() -> list[str]:
    """Every module any file of the app imports, wherever in the file."""
    return sorted(
        {name for file in _files() for name in _imports(ast.parse(file.read_text(encoding="utf-8")))}
    )


def _files() -> Iterator[Path]:
    for name in APP:
        yield from (ROOT / name).rglob("*.py") if (ROOT / name).is_dir() else [ROOT / name]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
