"""A large file's way to where the service imports it from: fetched by its storage out of ours, or streamed by us.

Fetched (Put Block From URL), no byte passes through this process. Whether the service's storage can do that, and may
reach ours, shows only when it is asked; one refusal holds for the connection as long as this process lives.
"""

from __future__ import annotations

from activities.context import Context
from shared import writes
from shared.blobs import Staged, StagedBody
from shared.errors import TerminalError, Unavailable
from shared.powerbi.imports import UploadLocation

BLOCK = 100 * 1024 * 1024  # of one request: some seconds of the service's time, well below its own limit
_SIGNED_H = 6.0


def fetched(context: Context, location: UploadLocation, staged: Staged) -> bool:
    """The whole file is at the location; False where it has to be streamed instead.

    Every block is of the one version of the blob (its etag) that has the length and the hash of the export. Raises
    ContentError where there is no such version.
    """
    staging, connection = context.services.staging, context.request.target
    if connection in staging.out_of_reach:
        return False
    etag, url = staging.pinned(staged), staging.signed_url(staged.blob, _SIGNED_H)
    if url is None:
        staging.out_of_reach.add(connection)
        return False
    imports, blocks = context.target.imports, list[str]()
    for number, start in enumerate(range(0, staged.length, BLOCK)):
        length = min(BLOCK, staged.length - start)
        try:
            blocks.append(imports.put_block_from_url(location, number, url, start, length, etag))
        except TerminalError as refused:
            if not blocks and not refused.mentions("ConditionNotMet"):
                staging.out_of_reach.add(connection)
            return False
        except Unavailable:  # after all its tries; if it is the storage, streaming tells
            return False
    writes.still_permitted()
    imports.commit_blocks(location, blocks)
    return True


def streamed(context: Context, location: UploadLocation, body: StagedBody) -> None:
    """Put Block by block through this process; the list is committed once the hash was right."""
    imports = context.target.imports
    blocks = [imports.upload_block(location, number, block) for number, block in enumerate(body)]
    writes.still_permitted()
    imports.commit_blocks(location, blocks)
