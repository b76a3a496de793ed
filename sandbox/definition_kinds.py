"""The kinds of items that have a definition, by the type that the API calls them."""

from sandbox.definition_dataflows import DATAFLOWS
from sandbox.definition_kind import Kind, Type
from sandbox.definition_models import MODELS
from sandbox.definition_paginated import PAGINATED
from sandbox.definition_reports import REPORTS

KINDS: dict[Type, Kind] = {kind.type: kind for kind in (MODELS, REPORTS, PAGINATED, DATAFLOWS)}
