"""Logging: one JSON line per event, and one redaction filter that every line passes.

A line can't be forged or broken by what it carries: everything outside ASCII and every control character is
escaped, so names with line feeds or terminal codes stay inside their field.
"""

from __future__ import annotations

import json
import logging
import math
import traceback
from datetime import UTC, datetime
from typing import Any

from shared.redaction import redact

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Their INFO lines hold whole URLs and headers; what matters of them is in our own line per call.
_NOISY = ("urllib3", "msal", "azure", "azure.core.pipeline.policies.http_logging_policy", "requests")


class RedactionFilter(logging.Filter):
    """Rewrites a record in place: message, exception text and every extra field."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])))
            record.exc_info = None  # a later formatter would print the exception again, with its secrets
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name, value in extras(record).items():
            setattr(record, name, _redacted(value))
        return True


class JsonFormatter(logging.Formatter):
    """One line of ASCII JSON: time, level, logger, message, the extra fields, the exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **extras(record),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            entry["exception"] = record.exc_text
        line = json.dumps(entry, ensure_ascii=True, default=str)
        return line.replace("\x7f", "\\u007f")  # the one control character that is ASCII and no JSON escapes


def configure(level: int | str = logging.INFO) -> None:
    """Put the filter on every root handler (the Functions worker brings its own), or add one."""
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    for handler in root.handlers:
        if not any(isinstance(each, RedactionFilter) for each in handler.filters):
            handler.addFilter(RedactionFilter())
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """The fields given as `extra=`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # wrong format arguments must not hide the event
        return f"{record.msg} {record.args!r}"


def _redacted(value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value  # (what is no number would be no JSON)
    if isinstance(value, str):
        return redact(value)
    return redact(json.dumps(value, default=str, ensure_ascii=False))
