"""What a 429 tells its client about coming back, in every form that clients have met; and what of it counts.

A number of seconds or a date in the future binds, in the header or in the text; the longer of both. Nothing that is
missing, negative, in the past, no number, or longer than the longest window (a day) does.
"""

import math
import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from sandbox.replies import ApiError, Reply, too_many

LONGEST = 86_400.0
OBSERVED = "You have exceeded the amount of requests allowed in the current time frame and further requests will fail."
IN_TEXT = re.compile(r"retry in (\d+(?:\.\d+)?) second", re.IGNORECASE)

ODD: list[Any] = [
    1,
    "0",
    {"date": 2},
    None,
    "garbage",
    "-5",
    {"date": -3600},
    "1.5",
    {"text": 1},
    "NaN",
    "1e9",
    "",
    "rest",
]
"""Every oddity once; the last one tells the truth, however long it is."""


def throttled(spec: Any, moment: float) -> ApiError:
    """A 429 that tells `spec`: None: no header; {"date": s}: that far from now; {"text": s}: in the body only."""
    return too_many(_text(spec), header(spec, moment))


def header(spec: Any, moment: float) -> dict[str, str]:
    if isinstance(spec, dict):
        return {"retry-after": formatdate(moment + spec["date"], usegmt=True)} if "date" in spec else {}
    return {} if spec is None else {"retry-after": str(spec)}


def _text(spec: Any) -> str:
    """The message as it was observed; with a number where there is one to tell."""
    number = spec.get("text") if isinstance(spec, dict) else spec
    counts = isinstance(number, int | float) or (
        isinstance(number, str) and number.isdecimal() and number != "0"
    )
    return f"{OBSERVED} Retry in {number} seconds." if counts else OBSERVED


def told(reply: Reply, moment: float) -> float:
    """For how many seconds from `moment` the client is to stay away; 0 where it was not told."""
    in_header = _header_seconds(reply.headers.get("retry-after", ""), moment)
    in_text = [float(number) for number in IN_TEXT.findall(reply.body.decode("utf-8", "replace"))]
    counting = [seconds for seconds in (in_header, *in_text) if 0 < seconds <= LONGEST]
    return max(counting, default=0.0)


def _header_seconds(value: str, moment: float) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return _date_seconds(value, moment)
    return seconds if math.isfinite(seconds) else 0.0


def _date_seconds(value: str, moment: float) -> float:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return 0.0
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - moment
