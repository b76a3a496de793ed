"""Definition files of the source as they should read in the target, and where the target's own read otherwise."""

import json
import re
from collections.abc import Mapping

from sandbox.scene import Facts, Scene, masked, plain

MEMBER = re.compile(r"^\tmember .*\n(?:\t\t.*\n)*\n?", re.MULTILINE)
"""Of a role: a person of one tenant, who is no part of the model."""

PARAMETER = re.compile(
    r"(?s)(expression [^=]+=\s*)(?:(?!\nexpression ).)*?(\s*meta \[[^\]]*IsParameterQuery)"
)
"""Its value is the request's to change; those that carry ids are judged by themselves."""

NAMED = re.compile(r"<rd:PowerBI(?:Workspace|Dataset)Name>[^<]*</rd:PowerBI(?:Workspace|Dataset)Name>\s*")
"""In an RDL: what an editor shows of a connection, which is by ids."""


def unlike(scene: Scene, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Facts:
    """By the path of each file that differs, the first lines that do."""
    wanted = {path: _canonical(path, scene.mapped(text)) for path, text in _texts(old).items()}
    got = {path: _canonical(path, plain(text)) for path, text in _texts(new).items()}
    return {
        path: _difference(wanted.get(path), got.get(path))
        for path in sorted({*wanted, *got})
        if wanted.get(path) != got.get(path)
    }


def alike(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> bool:
    """But for the ids in them."""
    texts = [
        {path: masked(_canonical(path, text)) for path, text in _texts(side).items()} for side in (old, new)
    ]
    return texts[0] == texts[1]


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """What is no text is told by its bytes."""
    return {path: _text(content) for path, content in files.items()}


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.hex()


def _canonical(path: str, text: str) -> str:
    if path.endswith(".tmdl"):
        return PARAMETER.sub(r"\1\2", MEMBER.sub("", text)).rstrip()
    if path.endswith((".json", ".pbism")):
        return _sorted(text)
    return NAMED.sub("", text).rstrip() if path.endswith(".rdl") else text


def _sorted(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, indent=1)
    except ValueError:
        return text


def _difference(wanted: str | None, got: str | None) -> tuple[str | None, str | None]:
    if wanted is None or got is None:
        return (None if wanted is None else "a file"), (None if got is None else "a file")
    left, right = wanted.splitlines(), got.splitlines()
    for one, other in zip(left, right, strict=False):
        if one != other:
            return one, other
    return f"{len(left)} lines", f"{len(right)} lines"
