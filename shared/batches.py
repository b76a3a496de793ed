"""The queue `migration-batches`: one message is one start body, or names the blob that holds it.

What can't be processed, now or ever, goes to the poison queue with the reason; what might work later is
raised, so that the host delivers it again. On the fifth delivery even that goes to the poison queue with the
reason, since the host itself would move the message without one. A message at which the process has died on
each delivery before the fifth is not tried again, for then nobody could say why.

An outage of storage must not use up a message: it goes back each time, and the host, which delivers it up to a
hundred times half a minute apart (host.json), does so for the better part of an hour.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from shared.control import Starter, start
from shared.deliveries import Deliveries
from shared.errors import AppError, Conflict, InvalidInput, NotFound
from shared.services import Services
from shared.storage import is_outage
from shared.strict_json import MAX_BYTES, parse_json

QUEUE = "migration-batches"
POISON = "migration-batches-poison"
MAX_DELIVERIES = 5  # the host's own limit (host.json: maxDequeueCount) lies beyond: it moves without a reason
_POISON_BYTES = 45_000  # a queue message holds 64 KiB, base64 included
_ORIGINAL_CHARS = 20_000
_CUT_CHARS = 5_000  # at most 30,000 bytes, whatever the characters become in JSON
_BLOB_NAME_CHARS = 1024

log = logging.getLogger(__name__)


def take(
    services: Services, starter: Starter, message: bytes, delivery: int, message_id: str | None = None
) -> str | None:
    """Start what a message asks for; the poison message where it can't be, None where all is well.

    `message_id` is the same on each delivery of one message; two messages may have the same body.
    """
    deliveries, identity = Deliveries(services.tables), message_id or message.hex()
    deaths = deliveries.deaths(identity) if delivery > 1 else 0
    if deaths < MAX_DELIVERIES - 1:
        deliveries.begin(identity, deaths)
        try:
            rejected = _taken(services, starter, message, delivery)
        except Exception:
            deliveries.give_back(identity, deaths)
            raise
    else:
        rejected = _rejected(message, _died(deaths), delivery)
    deliveries.end(identity)
    return rejected


def _taken(services: Services, starter: Starter, message: bytes, delivery: int) -> str | None:
    try:
        start(services, starter, _body(services, message))
    except (InvalidInput, Conflict, NotFound) as refused:
        return _rejected(message, refused, delivery)
    except Exception as error:
        if delivery < MAX_DELIVERIES or is_outage(error):
            raise
        log.error("a message could not be processed in %d deliveries", delivery, exc_info=error)
        return _rejected(message, AppError("It failed on every delivery; the log has the reason."), delivery)
    return None


def _died(deaths: int) -> AppError:
    return AppError(
        f"The process died at this message on each of {deaths} deliveries; it was not tried again.",
        "message.processDied",
    )


def _body(services: Services, message: bytes) -> bytes:
    """The message itself, or the blob it names: `{"bodyBlob": name}` in the container migration-batches."""
    envelope = parse_json(message)
    if not isinstance(envelope, dict) or "bodyBlob" not in envelope:
        return message
    if len(envelope) != 1:
        raise _unusable("stands beside other fields")
    return _blob(services, envelope["bodyBlob"])


def _blob(services: Services, name: Any) -> bytes:
    """Its size is asked for first: what is larger than any body may be is not brought into memory."""
    size = services.batches.size(name) if _stays_inside(name) else None
    if size is not None and size > MAX_BYTES:
        raise _unusable(f"the blob has {size} bytes, at most {MAX_BYTES} are read")
    found = services.batches.read_bytes(name) if size is not None else None
    if found is None:
        raise _unusable(f"there is no blob {str(name)[:200]!r}")
    return found


def _unusable(message: str) -> InvalidInput:
    remedy = f'put the body into the container {QUEUE} and send only {{"bodyBlob": its name}}'
    return InvalidInput([{"field": "bodyBlob", "message": message, "remedy": remedy}])


def _stays_inside(name: Any) -> bool:
    """A blob name, and one that leaves the container by no path: dots are resolved on the way to the service."""
    if not isinstance(name, str) or not 0 < len(name) <= _BLOB_NAME_CHARS or not name.isprintable():
        return False
    return not {".", ".."} & set(name.replace("\\", "/").split("/"))


def _rejected(message: bytes, error: AppError, delivery: int) -> str:
    """As much of the message and of the reason as a queue message holds."""
    original = message.decode("utf-8", "replace")
    reason = {"code": error.code, "message": error.message, "details": error.details[:50]}
    for chars in (len(original), _ORIGINAL_CHARS, _CUT_CHARS):
        text = _envelope(original[:chars], reason, delivery)
        if len(text.encode()) <= _POISON_BYTES:
            return text
    cut = {**reason, "message": error.message[:1000], "details": []}
    return _envelope(original[:_CUT_CHARS], cut, delivery)


def _envelope(original: str, reason: dict[str, Any], delivery: int) -> str:
    return json.dumps({"original": original, "error": reason, "dequeueCount": delivery}, ensure_ascii=False)
