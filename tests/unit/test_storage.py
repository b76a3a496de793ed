"""The first requests of a process come together; each finds the storage SDK whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# In an interpreter of its own, where nothing is imported yet. The second opener finds the lock taken by the first.
PROGRAM = """
import sys, threading
from shared import storage
from shared.blobs import Blobs
from shared.config import load
from shared.tables import Tables

settings = load({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
assert not [name for name in sys.modules if name.startswith("azure.core")], "imported too early"
inside, overlaps, real = threading.Lock(), [], storage.import_module

def watched(name):
    if not inside.acquire(blocking=False):
        overlaps.append(name)
        return real(name)
    try:
        return real(name)
    finally:
        inside.release()

storage.import_module = watched
openers = [lambda: Tables(settings)._connect(), lambda: Blobs(settings)._client] * 4
threads = [threading.Thread(target=opener) for opener in openers]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not overlaps, overlaps
assert {"azure.data.tables", "azure.storage.blob"} <= set(sys.modules)
"""


def test_threads_that_open_storage_at_once_import_it_one_after_the_other() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
