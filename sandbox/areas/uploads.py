"""The temporary upload location: a SAS address on a storage host, block blobs, and no bearer token ever."""

import asyncio
import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from sandbox import block_copies
from sandbox.calls import Call
from sandbox.replies import ApiError, Reply, bad_request, blob_error, json_reply, refused
from sandbox.routing import operation
from sandbox.signatures import Issued, new_signature
from sandbox.state import File, new_id
from sandbox.timing import iso, now, utc

MOST_BLOCKS = 50_000


@dataclass(slots=True)
class Upload:
    expires_at: float
    id: str = field(default_factory=new_id)
    signature: str = field(default_factory=new_signature)
    blocks: dict[str, Path] = field(default_factory=dict[str, Path])
    file: File | None = None


@dataclass(slots=True)
class Uploads:
    by_id: dict[str, Upload] = field(default_factory=dict[str, Upload])


@operation(
    "Imports_CreateTemporaryUploadLocationInGroup",
    "POST",
    "groups/{groupId}/imports/createTemporaryUploadLocation",
)
async def create_location(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    if workspace.capacity_id is None:
        raise refused(400, "InvalidRequest", "A temporary upload location needs a Premium or Fabric capacity")
    upload = Upload(now() + call.service.timing.draw("upload.life"))
    call.service.recall(Uploads).by_id[upload.id] = upload
    call.service.recall(Issued).signatures.append(upload.signature)
    signed = (
        f"sv=2025-11-05&se={quote(iso(upload.expires_at))}&sr=b&sp=rcw&sig={quote(upload.signature, safe='')}"
    )
    url = f"{call.service.upload_url}/temporary-uploads/{upload.id}?{signed}"
    return json_reply({"Url": url, "ExpirationTime": iso(upload.expires_at)})


@operation(
    "Blob_PutBlob",
    "PUT",
    "temporary-uploads/{uploadId}",
    guard="open",
    family="blob",
    by_comp={
        "block": "Blob_PutBlock",
        "block from url": "Blob_PutBlockFromUrl",
        "blocklist": "Blob_PutBlockList",
    },
)
async def put(call: Call) -> Reply:
    """Put Blob, Put Block (of bytes that come along, or from a URL) or Put Block List, by `comp`."""
    upload = _signed(call)
    kind = call.query.get("comp")
    if kind == "block":
        return await _put_block(call, upload)
    if kind == "blocklist":
        return await _put_block_list(call, upload)
    if call.request.headers.get("x-ms-blob-type") != "BlockBlob":
        raise blob_error(400, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob.", call.request_id)
    receiving = call.service.world.files.receive()
    try:
        async for chunk in call.request.stream():
            receiving.write(chunk)
    except BaseException:
        receiving.abandon()
        raise
    upload.file = receiving.done()
    return _created(call)


def committed_file(call: Call, url: object) -> File:
    """The file behind a `fileUrl`; 400 if it is not a committed upload of this tenant."""
    if not isinstance(url, str):
        raise bad_request("fileUrl is missing")
    upload = call.service.recall(Uploads).by_id.get(urlsplit(url).path.rpartition("/")[2])
    if upload is None or upload.file is None:
        raise bad_request("fileUrl is not the address of an uploaded file")
    return upload.file


def _signed(call: Call) -> Upload:
    """The upload whose signature came along; an Authorization header here is a leak, and written down."""
    if "authorization" in call.request.headers:
        call.service.world.ledger.violate(
            "authorization-on-upload",
            time=iso(now()),
            tenant=call.service.state.name,
            requestId=call.request_id,
        )
        raise blob_error(
            403, "AuthenticationFailed", "Server failed to authenticate the request.", call.request_id
        )
    upload = call.service.recall(Uploads).by_id.get(call.params["uploadId"])
    if upload is None or call.query.get("sig") != upload.signature or upload.expires_at < now():
        raise blob_error(
            403, "AuthenticationFailed", "Server failed to authenticate the request.", call.request_id
        )
    return upload


async def _put_block(call: Call, upload: Upload) -> Reply:
    name = _block_name(call)
    folder = call.service.world.data_dir / "uploads"
    folder.mkdir(exist_ok=True)
    path = folder / new_id()
    try:
        if "x-ms-copy-source" in call.request.headers:
            call.notes["fetched"] = await block_copies.fetch(call.request.headers, path, call.request_id)
        else:
            await _take(call, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if (old := upload.blocks.get(name)) is not None:
        old.unlink(missing_ok=True)
    upload.blocks[name] = path
    return _created(call)


async def _take(call: Call, path: Path) -> None:
    with path.open("wb") as out:
        async for chunk in call.request.stream():
            out.write(chunk)


async def _put_block_list(call: Call, upload: Upload) -> Reply:
    names = [(element.text or "").strip() for element in _xml(call, await call.request.body())]
    missing = [name for name in names if name not in upload.blocks]
    if missing or len(names) > MOST_BLOCKS:
        raise blob_error(400, "InvalidBlockList", "The specified block list is invalid.", call.request_id)
    parts = [upload.blocks[name] for name in names]
    upload.file = await asyncio.to_thread(call.service.world.files.join, parts)
    for path in upload.blocks.values():
        path.unlink(missing_ok=True)
    upload.blocks.clear()
    call.notes |= {"sha256": upload.file.sha256, "length": upload.file.length}
    return _created(call)


def _block_name(call: Call) -> str:
    name = call.query.get("blockid", "")
    try:
        if not name or len(base64.b64decode(name, validate=True)) > 64:
            raise ValueError
    except (ValueError, binascii.Error):
        raise _invalid_id(call) from None
    return name


def _invalid_id(call: Call) -> ApiError:
    text = "Value for one of the query parameters specified in the request URI is invalid."
    return blob_error(400, "InvalidQueryParameterValue", text, call.request_id)


def _xml(call: Call, raw: bytes) -> list[ElementTree.Element]:
    if re.search(rb"<!(DOCTYPE|ENTITY)", raw, re.IGNORECASE):
        raise blob_error(
            400, "InvalidXmlDocument", "XML specified is not syntactically valid.", call.request_id
        )
    try:
        return list(ElementTree.fromstring(raw))  # noqa: S314 - no entities can be declared, checked above
    except ElementTree.ParseError:
        raise blob_error(
            400, "InvalidXmlDocument", "XML specified is not syntactically valid.", call.request_id
        ) from None


def _created(call: Call) -> Reply:
    stamp = utc(now()).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {
        "etag": f'"0x{secrets.token_hex(8).upper()}"',
        "last-modified": stamp,
        "x-ms-version": "2025-11-05",
    }
    return Reply(201, b"", headers | {"x-ms-request-server-encrypted": "true"})
