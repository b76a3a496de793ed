"""The bytes behind reports, on disk and never whole in memory."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sandbox.state import File, new_id

CHUNK = 256 * 1024


class Receiving:
    """A file being written while it is hashed; only `done` makes it a file of the store."""

    def __init__(self, folder: Path) -> None:
        self.id = new_id()
        self.path = folder / self.id
        self.length = 0
        self._hash = hashlib.sha256()
        self._out = self.path.open("wb")

    def write(self, data: bytes) -> None:
        self.length += len(data)
        self._hash.update(data)
        self._out.write(data)

    def done(self) -> File:
        self._out.close()
        return File(self.id, self._hash.hexdigest(), self.length)

    def abandon(self) -> None:
        self._out.close()
        self.path.unlink(missing_ok=True)


class FileStore:
    """`<data dir>/files/<file id>`, shared by both tenants."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "files"
        self.folder.mkdir(parents=True, exist_ok=True)

    def receive(self) -> Receiving:
        return Receiving(self.folder)

    def path(self, file_id: str) -> Path:
        return self.folder / file_id

    def chunks(self, file_id: str) -> Iterator[bytes]:
        with self.path(file_id).open("rb") as source:
            while chunk := source.read(CHUNK):
                yield chunk

    def join(self, parts: list[Path]) -> File:
        """One file out of staged blocks; the blocks are consumed."""
        whole = self.receive()
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(CHUNK):
                    whole.write(chunk)
        return whole.done()
