"""The part of OData that the lists take: $top, $skip, and $filter with comparisons and text functions."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.lies import Lie, skip
from sandbox.replies import bad_request

Json = dict[str, Any]
Predicate = Callable[[Json], bool]

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])|(?P<word>[^\s(),']+))")
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}


def page(
    rows: list[Json],
    query: dict[str, str],
    *,
    most: int = 5000,
    fields: frozenset[str] | None = None,
    lie: Lie | None = None,
) -> list[Json]:
    """The rows that $filter keeps, from $skip, at most $top."""
    kept = list(filter(parse(query["$filter"], fields), rows)) if query.get("$filter") else rows
    top = whole_number(query, "$top", most, 1, most)
    start = skip(lie, whole_number(query, "$skip", 0, 0, 2**31), top)
    return kept[start : start + top]


def whole_number(query: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = query.get(name)
    if raw is None:
        return default
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise bad_request(f"{name} must be a whole number from {low} to {high}")
    return int(raw)


def parse(text: str, fields: frozenset[str] | None = None) -> Predicate:
    """A predicate over rows; 400 for what is not understood."""
    parser = _Parser(_tokens(text), fields)
    predicate = parser.either()
    if parser.rest:
        raise bad_request(f"The $filter is not understood at {parser.rest[0]}")
    return predicate


def exact(text: str, field: str) -> str | None:
    """The value of a filter that is nothing but `field eq 'value'`: a shortcut through large lists."""
    tokens = _tokens(text)
    alone = len(tokens) == 3 and tokens[:2] == [field, "eq"] and tokens[2].startswith("'")
    return tokens[2][1:-1].replace("''", "'") if alone else None


def _tokens(text: str) -> list[str]:
    tokens, position = list[str](), 0
    while position < len(text.rstrip()):
        match = TOKEN.match(text, position)
        if match is None:
            raise bad_request("The $filter has a quote that is not closed; double a quote inside a value")
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent: or < and < not < comparison."""

    def __init__(self, tokens: list[str], fields: frozenset[str] | None) -> None:
        self.rest = tokens
        self._fields = fields

    def either(self) -> Predicate:
        arms = [self._both()]
        while self._accept("or"):
            arms.append(self._both())
        return lambda row: any(arm(row) for arm in arms)

    def _both(self) -> Predicate:
        arms = [self._single()]
        while self._accept("and"):
            arms.append(self._single())
        return lambda row: all(arm(row) for arm in arms)

    def _single(self) -> Predicate:
        if self._accept("not"):
            inner = self._single()
            return lambda row: not inner(row)
        if self._accept("("):
            inner = self.either()
            self._expect(")")
            return inner
        return self._function() if self.rest and self.rest[0].lower() in FUNCTIONS else self._comparison()

    def _function(self) -> Predicate:
        test = FUNCTIONS[self._take().lower()]
        self._expect("(")
        field = self._field()
        self._expect(",")
        wanted = str(self._value()).casefold()
        self._expect(")")
        return lambda row: test(str(row.get(field) or "").casefold(), wanted)

    def _comparison(self) -> Predicate:
        field = self._field()
        sign = self._take().lower()
        if sign not in ("eq", "ne"):
            raise bad_request(f"The $filter operator {sign} is not supported")
        wanted = _fold(self._value())
        return lambda row: (_fold(row.get(field)) == wanted) == (sign == "eq")

    def _field(self) -> str:
        field = self._take()
        if self._fields is not None and field not in self._fields:
            raise bad_request(f"Could not find a property named '{field}'")
        return field

    def _value(self) -> Any:
        raw = self._take()
        if raw.startswith("'"):
            return raw[1:-1].replace("''", "'")
        return LITERALS.get(raw.lower(), raw)

    def _take(self) -> str:
        if not self.rest:
            raise bad_request("The $filter ends too early")
        return self.rest.pop(0)

    def _accept(self, word: str) -> bool:
        found = bool(self.rest) and self.rest[0].lower() == word
        if found:
            self.rest.pop(0)
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise bad_request(f"The $filter lacks {word}")


def _fold(value: Any) -> Any:
    """Ids are compared whatever their case, as names are."""
    return value.casefold() if isinstance(value, str) else value
