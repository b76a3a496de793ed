"""What ends a command early, each with its exit code.

CommandError
├── Refused       4  the app said no (400, 404, 409 …): every fault with its remedy
├── Unreachable   5  nobody answers at the address, or it is not this app
├── AppFailed     1  the app answered that something went wrong inside it
└── Interrupted 130  Ctrl-C while watching: what is watched goes on
"""

from __future__ import annotations

from typing import Any

from cli.exits import FAILED, INTERRUPTED, REFUSED, UNREACHABLE


class CommandError(Exception):
    """Base of all that a command reports instead of its result."""

    exit_code = FAILED

    def __init__(self, message: str, code: str, details: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details or []

    def to_dict(self) -> dict[str, Any]:
        """The same shape as the app's own errors."""
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}

    def lines(self) -> list[str]:
        """For people: what was wrong, then each fault with what to do about it."""
        return [self.message, *(line for detail in self.details for line in _detail(detail))]


class Refused(CommandError):
    """The app did not accept what was asked."""

    exit_code = REFUSED


class Unreachable(CommandError):
    """No answer, or an answer of something else."""

    exit_code = UNREACHABLE


class AppFailed(CommandError):
    """The app had an error of its own (5xx)."""


class Interrupted(CommandError):
    """The person stopped watching."""

    exit_code = INTERRUPTED


def _detail(detail: dict[str, Any]) -> list[str]:
    if "allowed" in detail:
        return ["  possible now: " + (", ".join(detail["allowed"]) or "nothing")]
    lines = [f"  {detail.get('field') or 'body'}: {detail.get('message', '')}"]
    return [*lines, f"    -> {detail['remedy']}"] if detail.get("remedy") else lines
