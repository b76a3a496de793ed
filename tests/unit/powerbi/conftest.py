"""Fixtures: a scripted service, and a client connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from powerbi_support import Rig, Service, rig_on, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


@pytest.fixture
def rig(service: Service) -> Rig:
    return rig_on(service)
