"""Signatures of temporary addresses: made here, and remembered, because they are secrets that must not leak."""

import base64
import secrets
from dataclasses import dataclass, field

from sandbox.world import Service


@dataclass(slots=True)
class Issued:
    signatures: list[str] = field(default_factory=list[str])


def new_signature() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def signatures(service: Service) -> list[str]:
    """Of every upload and download address given out by this tenant."""
    return service.recall(Issued).signatures
