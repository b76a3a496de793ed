"""What is known about one HTTP call once it is over: one log line, and one record for whoever counts calls.

Ids never appear as part of an address here (the template stands for it), nor does anything the caller sent.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from shared.redaction import redact


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt of one operation. `status` is 0 where no answer came; `code` is empty for success."""

    connection: str
    operation: str
    method: str
    template: str
    identity: str
    quota: str
    attempt: int
    status: int
    duration_ms: int
    request_id: str
    correlation_id: str
    code: str = ""

    @property
    def is_counted(self) -> bool:
        """True where it went out to the service, or may have: a refusal of our own (by the allow-list, for want of
        a token) never did. Storage behind a signed address, which has no template, has no quota either."""
        return bool(self.template) and (self.status > 0 or self.code.startswith("wire."))


def log_call(log: logging.Logger, record: CallRecord) -> None:
    """One line; failures as warnings, since what they mean is decided further up."""
    level = logging.INFO if 200 <= record.status < 300 and not record.code else logging.WARNING
    text = f"{record.connection} {record.method} {record.template or record.operation} {record.status}"
    fields = {
        key: redact(value) if isinstance(value, str) else value for key, value in asdict(record).items()
    }
    log.log(level, text, extra=fields)
