"""What work leaves behind in a tenant: refreshes, imports, assignments, files and audit rows; part of `state`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.records import Record


@dataclass(slots=True)
class Refresh(Record):
    """One row of refresh history; status Unknown means in progress."""

    request_id: str
    refresh_type: str
    start_time: str
    status: Literal["Unknown", "Completed", "Failed", "Disabled", "Cancelled"] = "Unknown"
    end_time: str | None = None
    service_exception_json: str | None = None


@dataclass(slots=True)
class Transaction(Record):
    """One refresh of a dataflow; the contract does not say which words `status` may have."""

    id: str
    refresh_type: str
    start_time: str
    status: str = "InProgress"
    end_time: str | None = None


@dataclass(slots=True)
class Import(Record):
    """One accepted import; bytes received stay in the files folder under `file_id`."""

    id: str
    name: str
    """datasetDisplayName without its extension."""
    display_name: str
    """datasetDisplayName as sent."""
    name_conflict: str
    created_by: str
    created_date_time: str
    updated_date_time: str
    state: Literal["Publishing", "Succeeded", "Failed"] = "Publishing"
    file_id: str | None = None
    skip_report: bool = False
    dataset_ids: list[str] = field(default_factory=list[str])
    report_ids: list[str] = field(default_factory=list[str])
    dataflow_ids: list[str] = field(default_factory=list[str])
    folder_id: str | None = None
    """The folder that what it makes goes into."""
    error: dict[str, Any] | None = None
    hides: bool = False
    """The API does not name what it made; the ids above are the truth all the same."""
    gone: bool = False
    """The API knows it no more."""


@dataclass(slots=True)
class Assignment(Record):
    """One assignment of a workspace to a capacity (the zero GUID takes it off)."""

    activity_id: str
    capacity_id: str
    start_time: str
    status: Literal["Pending", "InProgress", "CompletedSuccessfully", "AssignmentFailed"] = "Pending"
    end_time: str | None = None
    visible_at: float = 0.0


@dataclass(slots=True)
class File(Record):
    """Bytes on disk under `files/<id>`: what a report was made of, or what an import received."""

    id: str
    sha256: str
    length: int
    layout: str = ""
    """Of a PBIX: a digest of all that is not its model, alike with the model and without it."""


@dataclass(slots=True)
class ActivityEvent(Record):
    """One audit row, shown by the API from `visible_at` (epoch seconds) on. `fields` are as served."""

    id: str
    creation_time: str
    operation: str
    user_id: str
    visible_at: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
