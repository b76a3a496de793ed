"""`python -m sandbox serve`: the two simulated tenants in the foreground; `compare`: the verdict on those that run."""

import argparse
import json
import sys
from pathlib import Path

from sandbox.remote import Control
from sandbox.serve import Options, run
from sandbox.verdict import render


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_serve(commands.add_parser("serve", help="serve both tenants until SIGTERM"))
    compare = commands.add_parser(
        "compare", help="compare the tenants being served; exit code 1 where they differ"
    )
    compare.add_argument("--data-dir", type=Path, required=True)
    compare.add_argument(
        "--request", type=Path, help="the migration's body as JSON; the suggested one without"
    )
    compare.set_defaults(action=_compare)
    given = parser.parse_args()
    given.action(given)


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--data-dir", type=Path, required=True, help="for its files and settings; made if it is missing"
    )
    _with_default(serve, "--port", 8443, "of the source; the target has the next; 0 = free ones")
    _with_default(serve, "--seed", 1, "another number is another estate")
    _with_default(serve, "--workspaces", 20, "in the source; 0 = people and capacities only")
    _with_default(serve, "--time-scale", 0.02, "1 = as slow as the real service")
    serve.add_argument(
        "--lag",
        type=_minutes,
        default="0-60",
        help="of activity events, minutes before scaling (default: %(default)s)",
    )
    serve.add_argument("--extras", action="store_true", help="also kinds that a PBIX does not carry")
    serve.add_argument("--every-kind", action="store_true", help="all kinds, and every obstacle once")
    serve.add_argument("--graph", action="store_true", help="serve Microsoft Graph too")
    serve.add_argument(
        "--sizes",
        type=_sizes,
        default=(),
        help="bytes of the first files, comma separated; the others are small",
    )
    serve.add_argument(
        "--shared-files", action="store_true", help="few distinct files, for very large estates"
    )
    serve.add_argument(
        "--until-stdin-closes", action="store_true", help="end with the process that started it"
    )
    serve.set_defaults(action=_serve)


def _with_default(serve: argparse.ArgumentParser, name: str, default: float, text: str) -> None:
    serve.add_argument(name, type=type(default), default=default, help=f"{text} (default: %(default)s)")


def _serve(given: argparse.Namespace) -> None:
    run(
        Options(
            data_dir=given.data_dir,
            port=given.port,
            seed=given.seed,
            workspaces=given.workspaces,
            time_scale=given.time_scale,
            lag_minutes=given.lag,
            extras=given.extras,
            every_kind=given.every_kind,
            graph=given.graph,
            sizes=given.sizes,
            distinct_files=not given.shared_files,
            until_stdin_closes=given.until_stdin_closes,
        )
    )


def _compare(given: argparse.Namespace) -> None:
    endpoints = json.loads((given.data_dir / "endpoints.json").read_text())
    control = Control(next(iter(endpoints.values()))["control"], given.data_dir / "ca.pem")
    result = control.compare(json.loads(given.request.read_text()) if given.request else None)
    print(render(result))
    sys.exit(0 if result["clean"] else 1)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _minutes(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    return float(low), float(high or low)


if __name__ == "__main__":
    main()
