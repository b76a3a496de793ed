"""A staged file that is looked into here and there, as a file that can be read at any place: pages of it, and few.

For what stands in its directory and in some of its members. Whoever would read the whole file this way is stopped by
the budget of pages.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from shared.errors import ContentError

PAGE = 1024 * 1024
PAGES = 16  # read of one file at most
_KEPT = 2  # in memory at a time


class Pages(io.RawIOBase):
    """`fetch(offset, length)` gives the bytes of one page."""

    def __init__(self, length: int, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._length, self._fetch = length, fetch
        self._place, self._fetched = 0, 0
        self._pages: dict[int, bytes] = {}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        if self._place < 0:
            raise ValueError("before the beginning of the file")
        return self._place

    def readinto(self, buffer: Any) -> int:
        number, inside = divmod(self._place, PAGE)
        found = self._page(number)[inside : inside + len(buffer)] if self._place < self._length else b""
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def _page(self, number: int) -> bytes:
        if number not in self._pages:
            self._fetched += 1
            if self._fetched > PAGES:
                raise ContentError("content.tooLarge", f"over {PAGES} MiB of the file would have to be read")
            while len(self._pages) >= _KEPT:
                del self._pages[next(iter(self._pages))]
            start = number * PAGE
            self._pages[number] = self._fetch(start, min(PAGE, self._length - start))
        return self._pages[number]
