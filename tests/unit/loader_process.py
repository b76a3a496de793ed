"""What the production worker does with a function app at its start, as a process of its own.

`python -I -S loader_process.py <library folder> <app folder>`: only these two folders are importable besides
the standard library. Prints what the worker would answer the host: the functions, or why it refuses. The
message classes are the host's part; here they are plain records.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
from types import SimpleNamespace
from typing import Any


class BindingInfo(SimpleNamespace):
    """Directions as the host numbers them."""

    out, inout = 1, 2


class StatusResult(SimpleNamespace):
    Failure, Success = 0, 1


class Messages:
    """Stands for the generated classes of the host's protocol: any name is a record of its fields."""

    BindingInfo = BindingInfo
    StatusResult = StatusResult

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return SimpleNamespace


async def answer(app_folder: str) -> dict[str, Any]:
    import azure_functions_runtime as runtime

    opening = SimpleNamespace(capabilities={}, function_app_directory=app_folder)
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=opening),
        properties={"host": "127.0.0.1", "protos": Messages()},
    )
    begun = await runtime.worker_init_request(request)
    if begun.result.status != StatusResult.Success:
        return {"refused": begun.result.exception.message}
    listed = await runtime.functions_metadata_request(request)
    return {"functions": {one.name: list(one.raw_bindings) for one in listed.function_metadata_results}}


def missing(modules: list[str]) -> list[str]:
    """Of the modules the app imports anywhere, also inside functions, those that aren't there."""
    absent: list[str] = []
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            absent.append(f"{name}: {error}")
    return absent


def main() -> None:
    libraries, app_folder = sys.argv[1:3]
    sys.path[:0] = [app_folder, libraries]
    logging.disable(logging.CRITICAL)
    os.chdir(app_folder)
    found = asyncio.run(answer(app_folder))
    modules: list[str] = json.load(sys.stdin)
    sys.stdout.write(json.dumps({**found, "missing": missing(modules)}))


if __name__ == "__main__":
    main()
