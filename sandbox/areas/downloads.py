"""The temporary blob from which a large export is fetched: a SAS address on a storage host, and no bearer token ever.

Documented as "Large files are downloaded to a temporary blob; their URL is returned in the response"; the shape of that
answer is not. A fault (`asUrl`) sends an export this way.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

from sandbox.calls import Call
from sandbox.replies import Reply, blob_error, json_reply
from sandbox.routing import operation
from sandbox.signatures import Issued, new_signature
from sandbox.state import File, new_id
from sandbox.timing import iso, now
from sandbox.world import Service


@dataclass(slots=True)
class Download:
    file: File
    expires_at: float
    id: str = field(default_factory=new_id)
    signature: str = field(default_factory=new_signature)


@dataclass(slots=True)
class Downloads:
    by_id: dict[str, Download] = field(default_factory=dict[str, Download])


def put_aside(service: Service, reply: Reply, name: str) -> Reply:
    """The answer that names the address of the bytes, under `name`, instead of holding them."""
    receiving = service.world.files.receive()
    for chunk in reply.stream or iter((reply.body,)):
        receiving.write(chunk)
    download = Download(receiving.done(), now() + service.timing.draw("upload.life"))
    service.recall(Downloads).by_id[download.id] = download
    service.recall(Issued).signatures.append(download.signature)
    expires = iso(download.expires_at)
    signed = f"sv=2025-11-05&se={quote(expires)}&sr=b&sp=r&sig={quote(download.signature, safe='')}"
    url = f"{service.upload_url}/temporary-downloads/{download.id}?{signed}"
    return json_reply({name: url, "expirationTime": expires})


@operation("Blob_GetBlob", "GET", "temporary-downloads/{downloadId}", guard="open", family="blob")
async def get_blob(call: Call) -> Reply:
    download = call.service.recall(Downloads).by_id.get(call.params["downloadId"])
    leaked = "authorization" in call.request.headers
    if leaked:
        facts = {"tenant": call.service.state.name, "requestId": call.request_id}
        call.service.world.ledger.violate("authorization-on-download", time=iso(now()), **facts)
    known = download is not None and call.query.get("sig") == download.signature
    if leaked or download is None or not known or download.expires_at < now():
        text = "Server failed to authenticate the request."
        raise blob_error(403, "AuthenticationFailed", text, call.request_id)
    headers = {"content-type": "application/octet-stream", "content-length": str(download.file.length)}
    return Reply(200, b"", headers, call.service.world.files.chunks(download.file.id), download.file.length)
