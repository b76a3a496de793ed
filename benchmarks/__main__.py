"""`make bench`: run the benchmarks (`python -m benchmarks NAME`: one of them) and print one line per figure."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import large_file, many_workspaces

BENCHMARKS: dict[str, Callable[[Path], list[str]]] = {
    "large-file": large_file.measure,
    "many-workspaces": many_workspaces.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="which one; all unless named")
    only = parser.parse_args().name
    for name in [only] if only else BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for line in BENCHMARKS[name](Path(folder)):
                print(f"{name}: {line}", flush=True)


if __name__ == "__main__":
    main()
