"""A multipart upload written to disk as it arrives: one file part, any size, flat memory."""

from email.message import Message

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from starlette.requests import Request

from sandbox.files import FileStore, Receiving
from sandbox.replies import ApiError, Reply, bad_request
from sandbox.state import File

LARGEST = 2**30
"""A multipart import over 1 GiB is refused: larger files go through the temporary upload location."""


class _Parts:
    """Parser callbacks: the first part's bytes go to the file, a second one is a mistake of the sender."""

    def __init__(self, receiving: Receiving) -> None:
        self.receiving = receiving
        self.begun = 0
        self.complete = False

    def begin(self) -> None:
        self.begun += 1

    def data(self, data: bytes, start: int, end: int) -> None:
        if self.begun == 1:
            self.receiving.write(data[start:end])

    def end(self) -> None:
        self.complete = True


async def receive_part(request: Request, store: FileStore) -> File:
    """The file sent. A body that breaks off early, or has no closing boundary, leaves nothing behind."""
    receiving = store.receive()
    try:
        await _feed(request, receiving)
        return receiving.done()
    except BaseException:
        receiving.abandon()
        raise


async def _feed(request: Request, receiving: Receiving) -> None:
    parts = _Parts(receiving)
    callbacks = {"on_part_begin": parts.begin, "on_part_data": parts.data, "on_end": parts.end}
    try:
        parser = MultipartParser(_boundary(request), callbacks)  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            if receiving.length > LARGEST:
                raise too_large()
        parser.finalize()
    except FormParserError:
        raise bad_request("The multipart body cannot be read") from None
    if not parts.complete or parts.begun != 1:
        raise bad_request("The multipart body must hold exactly one file")


def too_large() -> ApiError:
    text = "The request is larger than 1 GB; use createTemporaryUploadLocation"
    reply = Reply(413, text.encode(), {"content-type": "text/plain; charset=utf-8", "connection": "close"})
    return ApiError(reply, "RequestEntityTooLarge", text)


def _boundary(request: Request) -> bytes:
    parsed = Message()
    parsed["content-type"] = request.headers.get("content-type", "")
    boundary = parsed.get_boundary()
    if not boundary:
        raise bad_request("The multipart body has no boundary")
    return boundary.encode("latin-1")
