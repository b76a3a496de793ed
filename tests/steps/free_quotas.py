"""Services whose ordinary calls are not rationed: tests that make very many would otherwise wait in real time, since
what is learned about the service goes by the storage account's clock, which no test can move.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from step_support import MovedClock

from shared.config import Settings
from shared.powerbi.quotas import Quota
from shared.services import Services

_PLENTY = Quota(100_000, 60.0, 16)


def services_without_limits(settings: Settings, clock: MovedClock) -> Services:
    generous = {
        name: replace(
            each,
            quotas={**each.quotas, **dict.fromkeys(("default", "fabric.platform", "fabric.lro"), _PLENTY)},
        )
        for name, each in settings.connections.items()
    }
    return Services(replace(settings, connections=MappingProxyType(generous)), clock)
