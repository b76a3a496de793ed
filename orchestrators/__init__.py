"""The durable orchestrators: what happens in which order, and nothing else.

They are deterministic by construction: no clock, no random, no I/O, no settings; only their input and what
activities return. `ALL` is what function_app registers; the names are contracts with running instances.
"""

from orchestrators.drift import drift
from orchestrators.item import move_item, move_model
from orchestrators.migration import migration
from orchestrators.rollback import undo_workspace
from orchestrators.scan import scan_batch, workspace_details
from orchestrators.workspace import workspace

ALL = (migration, scan_batch, workspace_details, workspace, move_model, move_item, undo_workspace, drift)
