"""A right on a workspace that we made a moment ago may not hold in every call yet: it is waited for.

The service takes minutes to let a new right reach all its parts (FACTS: permission lag). A refusal right after
the creation therefore says nothing; the same refusal later does.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import AppError, EntityNotFound, NotAuthorized, ServiceError
from shared.models import WorkspaceRow
from shared.outcomes import Wait
from shared.polling import VISIBILITY
from shared.services import Services

if TYPE_CHECKING:  # the frame asks this module
    from activities.frame import Call

_NEW = timedelta(
    seconds=2 * VISIBILITY.deadline_s
)  # from the creation on, scaled: a refusal may be of the lag
_log = logging.getLogger(__name__)


def awaited(services: Services, call: Call, error: AppError) -> Wait | None:
    """When to try again what a new workspace refused, or None where waiting would not help."""
    if not is_of_lag(services, call, error):
        return None
    again = VISIBILITY.again(call.state, services.clock.now(), call.scale)
    if again is None:
        return None
    if not call.state.get("polls"):
        _ask_for_rights(services, call)
    return Wait(again.until, {**call.state, **again.state})


def is_of_lag(services: Services, call: Call, error: AppError) -> bool:
    """Refused by the target for want of a right or of sight, in a workspace that we made a moment ago."""
    if not isinstance(error, NotAuthorized | EntityNotFound) or not call.migration or not call.workspace:
        return False
    target = services.connection(services.request_of(call.migration).target)
    if error.connection != target.name:
        return False
    if VISIBILITY.again(call.state, services.clock.now(), call.scale) is None:
        return False  # it was waited for long enough: it is a refusal
    return _is_new(services, call, services.manifest.workspace(call.migration, call.workspace))


def _is_new(services: Services, call: Call, row: WorkspaceRow) -> bool:
    if row.origin != "created" or not row.created_at:
        return False
    return services.clock.now() - datetime.fromisoformat(row.created_at) < _NEW * call.scale


def _ask_for_rights(services: Services, call: Call) -> None:
    """Users_RefreshUserPermissions, once an hour by its quota. It only shortens the wait: a refusal is noted."""
    try:
        services.power_bi(services.request_of(call.migration).target).groups.refresh_permissions()
    except ServiceError as refused:
        _log.info("the rights were not refreshed: %s", refused.code)
