"""`python -m sandbox serve`: the two simulated tenants in the foreground."""

import argparse
from pathlib import Path

from sandbox.serve import Options, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    serve = parser.add_subparsers(required=True, metavar="serve").add_parser(
        "serve", help="serve both tenants until SIGTERM"
    )
    serve.add_argument("--data-dir", type=Path, required=True)
    serve.add_argument(
        "--port", type=int, default=8443, help="of the source; the target has the next one; 0 = free ports"
    )
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument(
        "--workspaces", type=int, default=20, help="in the source; 0 = people and capacities only"
    )
    serve.add_argument("--time-scale", type=float, default=0.02, help="1 = as slow as the real service")
    serve.add_argument(
        "--lag",
        type=_minutes,
        default=(0.0, 60.0),
        help="of activity events, minutes before scaling, e.g. 0-60",
    )
    serve.add_argument("--extras", action="store_true", help="also kinds that a PBIX does not carry")
    serve.add_argument(
        "--sizes", type=_sizes, default=(), help="bytes of the first reports' files, comma separated"
    )
    serve.add_argument(
        "--shared-files", action="store_true", help="few distinct files, for very large estates"
    )
    given = parser.parse_args()
    run(
        Options(
            given.data_dir,
            given.port,
            given.seed,
            given.workspaces,
            given.time_scale,
            given.lag,
            given.extras,
            given.sizes,
            not given.shared_files,
        )
    )


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _minutes(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    return float(low), float(high or low)


if __name__ == "__main__":
    main()
