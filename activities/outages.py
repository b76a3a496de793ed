"""Waiting for what comes back by itself: storage that is away, and an identity whose secret is being rotated.

Both are waits, not tries: however long they last, no item fails because of the first, and none because of the
second for as long as people may take to rotate a secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.errors import IdentityRefused
from shared.outcomes import Wait
from shared.statuses import Status

if TYPE_CHECKING:
    from activities.frame import Call
    from shared.services import Services

FIRST_S, LONGEST_S = 5.0, 60.0  # of the waits for storage, scaled
SHORTEST_S = 0.2  # whatever the scale
ASK_AGAIN_S = 300.0  # scaled; Entra is asked no more often by work that waits
ROTATION_S = 3600.0  # scaled; how long a refused identity is waited for


def for_storage(using: Services, call: Call) -> Wait:
    """Storage is away: look again soon, then less often, and go on with the state the activity came with."""
    count = int(call.state.get("outage", 0))
    pause = max(SHORTEST_S, min(FIRST_S * 2 ** min(count, 10), LONGEST_S) * call.scale)
    return Wait(using.clock.now() + timedelta(seconds=pause), {**call.state, "outage": count + 1})


def for_identity(using: Services, call: Call, error: IdentityRefused) -> Wait | None:
    """The next try of work under way, and a finding; None where nothing has begun or the time is up."""
    longest = timedelta(seconds=ROTATION_S * call.scale)
    refused = timedelta(seconds=error.refused_s)
    if not call.migration or refused >= longest:
        return None
    if using.manifest.migration(call.migration).status == Status.PLANNING and error.retry_at is None:
        return None  # nothing has begun: told at once, it is put right at once
    now = using.clock.now()
    using.findings.add(
        call.migration,
        "connection.refused",
        kind="connection",
        id=error.connection,
        name=error.connection,
        message=f"{error.code}: {error.message} "
        f"What is under way waits until {now - refused + longest:%Y-%m-%d %H:%M} UTC.",
        key=error.code,
    )
    pause = max(SHORTEST_S, ASK_AGAIN_S * call.scale)
    return Wait(error.retry_at or now + timedelta(seconds=pause), {**call.state, "refused": True})


def end_refusal(using: Services, call: Call) -> None:
    """Work that a refused identity held up goes on: the finding that asks for a new secret has had its day."""
    if call.state.get("refused"):
        using.findings.withdraw(call.migration, "connection.refused")
