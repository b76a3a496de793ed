"""Put Block From URL: storage fetches a block from another account by itself; nobody's bytes pass through the caller.

Only from this machine: whatever address a client names, nothing else is ever called.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

from sandbox.files import CHUNK
from sandbox.replies import ApiError, blob_error

LARGEST = 4000 * 1024**2
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT_S = 60
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_UNVERIFIED = "Could not verify the copy source within the specified time."
_CONDITION = "The source condition specified using HTTP conditional header(s) is not met."


async def fetch(headers: Mapping[str, str], made: Path, request_id: str) -> int:
    """The named range of the source into `made`; its length. Raises what storage answers where it can't be had."""
    source, told = headers["x-ms-copy-source"], headers.get("x-ms-source-range", "")
    if int(headers.get("content-length") or 0):
        text = "The value for one of the HTTP headers is not in the correct format."
        raise blob_error(400, "InvalidHeaderValue", text, request_id)
    if urlsplit(source).hostname not in LOOPBACK:
        raise blob_error(404, "CannotVerifyCopySource", _UNVERIFIED, request_id)
    wanted = _length(told, request_id)
    asked = {"Range": told} if told else {}
    if etag := headers.get("x-ms-source-if-match"):
        asked["If-Match"] = etag
    try:
        status, length = await asyncio.to_thread(_download, source, asked, made)
    except requests.RequestException:
        raise blob_error(500, "CannotVerifyCopySource", _UNVERIFIED, request_id) from None
    if status == 412:
        raise blob_error(412, "SourceConditionNotMet", _CONDITION, request_id)
    if status not in (200, 206):
        raise blob_error(status, "CannotVerifyCopySource", _UNVERIFIED, request_id)
    if wanted is not None and length != wanted:
        raise _bad_range(request_id)
    return length


def _length(told: str, request_id: str) -> int | None:
    if not told:
        return None
    found = _RANGE.fullmatch(told)
    length = int(found[2]) - int(found[1]) + 1 if found else 0
    if not 0 < length <= LARGEST:
        raise _bad_range(request_id)
    return length


def _bad_range(request_id: str) -> ApiError:
    text = "The range specified is invalid for the current size of the resource."
    return blob_error(416, "InvalidRange", text, request_id)


def _download(source: str, asked: dict[str, str], made: Path) -> tuple[int, int]:
    with requests.Session() as session:
        session.trust_env = False
        with session.get(source, headers=asked, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code not in (200, 206):
                return answer.status_code, 0
            with made.open("wb") as out:
                for chunk in answer.iter_content(CHUNK):
                    out.write(chunk)
            return answer.status_code, made.stat().st_size
