"""What every topic of the control interface is made of."""

from collections.abc import Callable
from typing import Any

from sandbox.world import World

Json = Any
Route = tuple[str, str]
"""Method and topic."""

Answer = Callable[[World, str, Json, dict[str, str]], Json]
"""(world, rest of the path, body, query) -> what is sent back; None for an empty 200."""
