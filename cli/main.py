"""The command group and the one place where endings become exit codes."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from cli import exits
from cli.errors import CommandError, Interrupted
from cli.listings import findings, list_migrations, mapping, workspaces
from cli.output import complain, emit_json
from cli.plan import inventory, list_plans, plan
from cli.session import Session, common_options
from cli.start import start
from cli.status import status
from cli.verbs import ALL as VERBS


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done or under way, 1 failed, 2 wrong usage, 3 partial, 4 refused, 5 unreachable, "
    "6 a plan with blockers.",
)
@common_options
def commands() -> None:
    """Move Power BI from one Microsoft tenant to another."""


for command in (
    *(start, status, list_migrations, workspaces, findings, mapping, *VERBS),
    *(plan, list_plans, inventory),
):
    commands.add_command(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one command line."""
    session = Session(key=os.environ.get("PBIMIGRATE_KEY"))
    session.url = os.environ.get("PBIMIGRATE_URL") or session.url
    try:
        code = commands.main(args=arguments, prog_name="pbimigrate", standalone_mode=False, obj=session)
    except CommandError as ending:
        return _report(ending, session.as_json)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except click.Abort:
        return _report(Interrupted("Interrupted.", "interrupted"), session.as_json)
    return code if isinstance(code, int) else exits.OK


def _report(ending: CommandError, as_json: bool) -> int:
    if as_json:
        emit_json(ending.to_dict())
    else:
        complain(*ending.lines())
    return ending.exit_code
