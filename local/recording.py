"""Recorded histories: what an orchestration went through, as a JSON file that a replay test reads later.

`LOCAL_RECORD_DIR=<folder>` makes `python -m local.serve` write one file per ended execution; tests call
`record` themselves. See local/replay.py for the other half.
"""

import json
import re
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict, ParseDict

from local.hub import IN_PROCESS, TaskHub

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class RecordedHistory:
    """One execution of one orchestration, event by event."""

    orchestrator: str
    instance_id: str
    events: tuple[pb.HistoryEvent, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA_VERSION,
            "orchestrator": self.orchestrator,
            "instanceId": self.instance_id,
            "events": [MessageToDict(event) for event in self.events],
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "RecordedHistory":
        if document.get("schema") != SCHEMA_VERSION:
            raise ValueError(f"history schema {document.get('schema')!r} isn't {SCHEMA_VERSION}")
        events = tuple(ParseDict(event, pb.HistoryEvent()) for event in document["events"])
        return cls(document["orchestrator"], document["instanceId"], events)

    @classmethod
    def load(cls, path: Path) -> "RecordedHistory":
        return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def save(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path


def record(hub: TaskHub, instance_id: str) -> RecordedHistory:
    """The history of an instance as the hub has it now."""
    request = pb.StreamInstanceHistoryRequest(instanceId=instance_id)
    events = tuple(
        event for chunk in hub.StreamInstanceHistory(request, IN_PROCESS) for event in chunk.events
    )
    return RecordedHistory(_orchestrator_name(events), instance_id, events)


class Recorder:
    """Writes every execution down when it ends; give it to the hub as its `on_execution_end`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def __call__(self, orchestrator: str, instance_id: str, events: tuple[pb.HistoryEvent, ...]) -> None:
        history = RecordedHistory(orchestrator, instance_id, events)
        safe_id = re.sub(r"[^A-Za-z0-9-]+", "_", instance_id)[:80]
        history.save(self._folder / f"{orchestrator}.{safe_id}.{next(self._numbers)}.json")


def _orchestrator_name(events: tuple[pb.HistoryEvent, ...]) -> str:
    return next(event.executionStarted.name for event in events if event.HasField("executionStarted"))
