"""Reads what a service says went wrong: seven body shapes, header codes, and nothing at all.

The headers come first: a refused token is often a 403 without a body. Nothing in an answer makes this raise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.redaction import redact

TEXT_LIMIT = 2000  # characters of the service's text that are kept
_CODE_HEADERS = ("x-powerbi-error-info", "x-ms-public-api-error-code", "x-ms-error-code")
_REQUEST_HEADERS = ("RequestId", "x-ms-request-id", "request-id")
_XML = re.compile(r"<(Code|Message)>([^<]*)</\1>")
_TAGS = re.compile(r"<[^>]*>")
_DEPTH = 8  # levels of nested details that are read


@dataclass(frozen=True, slots=True)
class ServiceFault:
    """What the service said. `codes` are all codes found, headers first; `code` is the first of them."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    codes: tuple[str, ...] = ()
    retriable: bool | None = None


def parse(status: int, headers: Mapping[str, str], body: bytes) -> ServiceFault:
    """The fault in an error answer; the code is `http.<status>` where the service gave none."""
    lower = {key.lower(): value for key, value in headers.items()}
    document = _json(body)
    found = _Findings()
    found.codes += [lower[name].strip() for name in _CODE_HEADERS if lower.get(name, "").strip()]
    if document is None:
        found.read_text(body.decode("utf-8", "replace"))
    else:
        found.read(document)
    found.read(_json(lower.get("x-powerbi-error-details", "").encode()))
    request_id = next((lower[name.lower()] for name in _REQUEST_HEADERS if lower.get(name.lower())), "")
    return found.fault(f"http.{status}", request_id)


def parse_refresh_failure(text: str | None) -> ServiceFault:
    """The fault in a refresh history row's `serviceExceptionJson`, which is JSON inside a string."""
    found = _Findings()
    document = _json((text or "").encode())
    if document is None:
        found.read_text(text or "")
    else:
        found.read(document)
    return found.fault("refresh.failed", "")


def query_fault(document: Any) -> ServiceFault | None:
    """The fault in an executeQueries answer of status 200: at the top, in a result or in a table."""
    for part in _query_parts(document):
        if isinstance(part, dict) and part.get("error"):
            found = _Findings()
            found.read(part)
            return found.fault("query.failed", "")
    return None


def _query_parts(document: Any) -> Iterator[Any]:
    yield document
    for result in _items(document, "results"):
        yield result
        yield from _items(result, "tables")


class _Findings:
    """Collects codes and texts while walking a document of unknown shape."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self._texts: list[str] = []
        self._request_id = ""
        self._retriable: bool | None = None

    def fault(self, default_code: str, request_id: str) -> ServiceFault:
        codes = tuple(dict.fromkeys(self.codes)) or (default_code,)
        message = redact(" | ".join(dict.fromkeys(self._texts)))[:TEXT_LIMIT]
        return ServiceFault(codes[0], message, request_id or self._request_id, codes, self._retriable)

    def read_text(self, text: str) -> None:
        """Plain text, HTML, or the XML of blob storage."""
        for name, value in _XML.findall(text):
            if name == "Code":
                self.codes.append(value.strip()[:200])
            else:
                self._add_text(value)
        if not self._texts:
            self._add_text(_TAGS.sub(" ", text))

    def read(self, node: Any, depth: int = 0) -> None:
        """JSON: outer codes before inner ones, every text once."""
        if depth > _DEPTH or not isinstance(node, dict | list):
            return
        if isinstance(node, list):
            for each in node[:50]:
                self.read(each, depth + 1)
            return
        fields = {str(key).lower(): value for key, value in node.items()}
        self._read_codes(fields)
        for key in ("message", "errordescription", "error_description"):
            self._add_text(fields.get(key))
        detail = fields.get("detail")
        self._add_text(detail.get("value") if isinstance(detail, dict) else detail)
        for key in ("error", "pbi.error", "details", "moredetails", "innererror"):
            self.read(fields.get(key), depth + 1)

    def _read_codes(self, fields: Mapping[str, Any]) -> None:
        error = fields.get("error")  # Entra: a string, and the code itself
        for value in (fields.get("code"), fields.get("errorcode"), error):
            if isinstance(value, str) and value.strip():
                self.codes.append(value.strip()[:200])
        if isinstance(fields.get("requestid"), str):
            self._request_id = self._request_id or str(fields["requestid"])
        if isinstance(fields.get("isretriable"), bool) and self._retriable is None:
            self._retriable = fields["isretriable"]

    def _add_text(self, value: Any) -> None:
        if isinstance(value, str) and value.strip():
            self._texts.append(" ".join(value.split())[:TEXT_LIMIT])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _items(node: Any, key: str) -> list[Any]:
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, list) else []
