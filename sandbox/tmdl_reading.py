"""TMDL files that were sent, read as far as a tenant shows them again: tables, partitions, expressions, roles.

Only the structure is read; whatever else stands in the files stays in them as it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
_HEAD = re.compile(r"(\w+)(?:\s+('(?:[^']|'')*'|[^\s=]+))?\s*(?:=\s?(.*))?", re.DOTALL)
_PARAMETER = re.compile(
    r"^(.*?)\s*meta\s*\[(.*IsParameterQuery\s*=\s*true.*)\]\s*$", re.DOTALL | re.IGNORECASE
)
_TYPE = re.compile(r'\bType\s*=\s*"(\w+)"')
_REQUIRED = re.compile(r"IsParameterQueryRequired\s*=\s*true", re.IGNORECASE)
_PROPERTY = re.compile(r"(\w+):\s*(.*)")


class Unreadable(ValueError):
    """The files are no model."""


@dataclass(slots=True)
class Node:
    """An object with its name and its value (`=`), what is set of it (`:`), and what is in it."""

    kind: str
    name: str = ""
    value: str = ""
    facts: dict[str, str] = field(default_factory=dict[str, str])
    children: list["Node"] = field(default_factory=list["Node"])

    def all(self, kind: str) -> Iterator["Node"]:
        return (child for child in self.children if child.kind == kind)


@dataclass(frozen=True, slots=True)
class Described:
    """What the tenant shows of a model."""

    tables: list[Json]
    expressions: list[Json]
    roles: list[Json]
    policy: str | None
    """The table with a refresh policy."""


def read_model(files: Mapping[str, str]) -> Described:
    """From the texts of a definition, by path; Unreadable where there is no model in it."""
    nodes = [
        node
        for path, text in sorted(files.items())
        if path.endswith(".tmdl")
        for node in parse(text).children
    ]
    if not any(node.kind == "model" for node in nodes):
        raise Unreadable("no model is declared")
    tables = [node for node in nodes if node.kind == "table"]
    policies = (node.name for node in tables if any(node.all("refreshPolicy")))
    return Described(
        [_table(node) for node in tables],
        [{"name": node.name, "expression": node.value} for node in nodes if node.kind == "expression"],
        [_role(node) for node in nodes if node.kind == "role"],
        next(policies, None),
    )


def parameters(expressions: list[Json]) -> list[Json]:
    """Those that are parameters, as the model's own call tells them."""
    found: list[Json] = []
    for item in expressions:
        match = _PARAMETER.match(item["expression"])
        if match is not None:
            kind = _TYPE.search(match[2])
            found.append(
                {
                    "name": item["name"],
                    "type": kind[1] if kind else "Any",
                    "isRequired": _REQUIRED.search(match[2]) is not None,
                    "currentValue": _literal(match[1]),
                }
            )
    return found


def parse(text: str) -> Node:
    """A tree by tabs. What is two levels below a line that ends in `=` is its value."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    root, position = Node("file"), 0
    stack: list[tuple[int, Node]] = [(-1, root)]
    while position < len(lines):
        line, position = lines[position], position + 1
        depth = len(line) - len(line.lstrip("\t"))
        if not line.strip() or line.strip().startswith("///"):
            continue
        while stack[-1][0] >= depth:
            stack.pop()
        below, owner = line.strip(), stack[-1][1]
        if below.endswith("="):
            value, position = _block(lines, position, depth + 2)
            below += " " + value
        stack.append((depth, _take(owner, below)))
    return root


def _block(lines: list[str], position: int, depth: int) -> tuple[str, int]:
    """The lines that are at least so deep, without those tabs; blank ones among them belong to it."""
    start, end = position, position
    while position < len(lines):
        line = lines[position]
        if line.strip() and not line.startswith("\t" * depth):
            break
        position += 1
        end = position if line.strip() else end
    return "\n".join(line[depth:] for line in lines[start:end]), end


def _take(owner: Node, text: str) -> Node:
    fact = _PROPERTY.fullmatch(text)
    if fact is not None:
        owner.facts[fact[1]] = fact[2]
        return Node("")
    head = _HEAD.fullmatch(text)
    node = Node("", value=text) if head is None else Node(head[1], _name(head[2] or ""), head[3] or "")
    owner.children.append(node)
    return node


def _name(written: str) -> str:
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def _table(node: Node) -> Json:
    partitions = list(node.all("partition"))
    modes = {partition.facts.get("mode", "import") for partition in partitions}
    table: Json = {
        "name": node.name,
        "isHidden": any(node.all("isHidden")),
        "columns": [_column(column) for column in node.all("column")],
        "measures": [
            {"name": measure.name, "expression": measure.value, "isHidden": False}
            for measure in node.all("measure")
        ],
        "source": [
            {"expression": text.value} for item in partitions for text in item.all("source") if text.value
        ],
    }
    mode = next((name for name in ("directLake", "directQuery") if name in modes), "")
    return table | ({"storageMode": mode[0].upper() + mode[1:]} if mode else {})


def _column(node: Node) -> Json:
    kind = node.facts.get("dataType", "string")
    return {"name": node.name, "dataType": kind[0].upper() + kind[1:], "isHidden": any(node.all("isHidden"))}


def _role(node: Node) -> Json:
    """Its members stay behind: they are people of the tenant it came from."""
    permissions = [
        {"name": item.name, "filterExpression": item.value} for item in node.all("tablePermission")
    ]
    permission = node.facts.get("modelPermission", "read").capitalize()
    role: Json = {"name": node.name, "modelPermission": permission, "members": []}
    return role | {"tablePermissions": permissions}


def _literal(text: str) -> str:
    text = text.strip()
    return text[1:-1].replace('""', '"') if text.startswith('"') and text.endswith('"') else text
