"""CSV as spreadsheets open it: a line per row, and no cell that one of them would run as a formula.

Names come from somebody else's tenant; a report called `=HYPERLINK(…)` must stay a name on the desk of whoever
opens the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = frozenset("=+-@＝＋－＠")  # the wide ones count as formulas in some language versions
_WORDS = {True: "yes", False: "no"}


def header(columns: Sequence[str]) -> str:
    return _line(columns)


def line(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    """One row with the given columns in their order; what a row lacks is an empty cell."""
    return _line(row.get(name) for name in columns)


def cell(value: Any) -> str:
    """A spreadsheet passes over blanks and what it can't show before it looks for a formula, so this does too."""
    if isinstance(value, int | float):
        return _WORDS[value] if isinstance(value, bool) else str(value)
    text = "" if value is None else str(value).replace("\x00", "")
    first = next((letter for letter in text if letter.isprintable() and not letter.isspace()), "")
    return f"'{text}" if first in _FORMULA or text.startswith(("\t", "\r", "\n")) else text


def _line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in values])
    return text.getvalue()
