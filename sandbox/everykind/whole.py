"""The steps in their order: what content needs comes before it, what stands in the way after it."""

import random
from dataclasses import replace

from sandbox.everykind.arranged import add_arranged
from sandbox.everykind.barriers import add_barriers
from sandbox.everykind.content import add_content
from sandbox.everykind.flows import add_flows
from sandbox.everykind.founding import Founding
from sandbox.everykind.models import add_models
from sandbox.everykind.sources import add_sources
from sandbox.everykind.standing import add_standing
from sandbox.generate import Making
from sandbox.people import Directory, PrincipalMap


def add_every_kind(
    making: Making, target: Directory, capacities: dict[str, str], principals: PrincipalMap, seed: int
) -> Founding:
    """Both tenants get what they lacked; `capacities` and `principals` of the request are added to."""
    own = replace(making, draw=random.Random(f"every kind {seed}"))
    home = list(own.tenant.capacities)[-1]
    founding = Founding(own, target, capacities, principals, home=home)
    sources = add_sources(founding)
    add_models(founding, sources)
    add_content(founding, sources)
    add_standing(founding)
    add_flows(founding, sources)
    add_arranged(founding)
    add_barriers(founding)
    return founding
