"""What time it is for a service: the windows it accepts and the times it writes go by its clock, not by ours."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.clock import Clock, Skew
from shared.powerbi.transport import Request, Response, Transport


class ServiceClock:
    """A transport that passes everything on and learns the service's time from the answers on the way."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._skew = Skew()

    def send(self, request: Request) -> Response:
        response = self._transport.send(request)
        self._skew.observe(response.headers.get("Date"), self._clock.now())
        return response

    @property
    def was_heard(self) -> bool:
        """False where no answer has told a time yet."""
        return self._skew.heard

    @property
    def ahead(self) -> timedelta:
        """How far the service's clock is ahead of ours; zero where they agree but for delay and rounding."""
        return self._skew.known

    def now(self) -> datetime:
        return self._clock.now() + self.ahead
