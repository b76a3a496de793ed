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
    serve.add_argument("--data-dir", type=Path, required=True)
    serve.add_argument(
        "--port", type=int, default=8443, help="of the source; the target has the next; 0 = free ones"
    )
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument(
        "--workspaces", type=int, default=20, help="in the source; 0 = people and capacities only"
    )
    serve.add_argument("--time-scale", type=float, default=0.02, help="1 = as slow as the real service")
    serve.add_argument(
        "--lag", type=_minutes, default=(0.0, 60.0), help="of activity events, minutes before scaling"
    )
    serve.add_argument("--extras", action="store_true", help="also kinds that a PBIX does not carry")
    serve.add_argument("--every-kind", action="store_true", help="all kinds, and every obstacle once")
    serve.add_argument("--graph", action="store_true", help="serve Microsoft Graph too")
    serve.add_argument("--sizes", type=_sizes, default=(), help="bytes of the first files, comma separated")
    serve.add_argument(
        "--shared-files", action="store_true", help="few distinct files, for very large estates"
    )
    serve.add_argument(
        "--until-stdin-closes", action="store_true", help="end with the process that started it"
    )
    serve.set_defaults(action=_serve)


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
