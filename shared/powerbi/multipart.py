"""A multipart body with one file: prefix, the file's stream, suffix; its length known before a byte is read.

It is an iterable object with a length. An iterator with a hand-set header would be sent with two framings.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from shared.powerbi.transport import SizedBody


class MultipartFile:
    """One file as multipart/form-data. Every iteration starts again at the first byte."""

    def __init__(self, filename: str, content: SizedBody) -> None:
        self._boundary = uuid4().hex
        self._content = content
        head = (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_safe(filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._prefix = head.encode("ascii")
        self._suffix = f"\r\n--{self._boundary}--\r\n".encode("ascii")

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        return len(self._prefix) + len(self._content) + len(self._suffix)

    def __iter__(self) -> Iterator[bytes]:
        yield self._prefix
        yield from self._content
        yield self._suffix


def _safe(filename: str) -> str:
    """ASCII letters, digits, dot, dash and underscore; the service names the item by the query."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in filename
    )[-100:]
