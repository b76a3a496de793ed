"""The estate of every kind: all that an assessment has to judge, and all that may stand in its way, once each."""

from sandbox.everykind.founding import Founding, Planted
from sandbox.everykind.whole import add_every_kind

__all__ = ["Founding", "Planted", "add_every_kind"]
