"""`python -m tests.replay.record`: play every scene and write the recorded histories anew.

To be run after an orchestrator was changed on purpose; what changed shows in the diff. Of the many executions
of a run only those are kept that show a decision, or an order of decisions, that no kept one shows.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from local.recording import RecordedHistory
from tests.replay.scenes import SCENES, Scene, staged

HISTORIES = Path(__file__).parent / "histories"
_ADDRESS = re.compile(r"https?://[^\s\"'\\)]+")
_PATH = re.compile(r"(?<![\w.])/(?:[\w.\-]+/)+[\w.\-]+")


def main() -> int:
    kept: dict[str, list[RecordedHistory]] = {}
    known: dict[str, set[Any]] = {}
    for scene in SCENES:
        for history in _played(scene):
            features = _features(history)
            if features - known.setdefault(history.orchestrator, set()):
                known[history.orchestrator] |= features
                kept.setdefault(f"{history.orchestrator}.{scene.name}", []).append(history)
    for old in HISTORIES.glob("*.json"):
        old.unlink()
    for name, histories in kept.items():
        for number, history in enumerate(histories, start=1):
            write(history, HISTORIES / f"{name}.{number}.json")
    sys.stdout.write(f"{sum(map(len, kept.values()))} histories in {HISTORIES.name}/\n")
    return 0


def write(history: RecordedHistory, path: Path) -> None:
    """One event per line: small, and a change shows as a few lines of a diff."""
    document = history.to_dict()
    events = ",\n".join(json.dumps(_scrubbed(event), ensure_ascii=False) for event in document.pop("events"))
    head = json.dumps(document)[:-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{head}, "events": [\n{events}\n]}}\n', encoding="utf-8")


def _played(scene: Scene) -> list[RecordedHistory]:
    """A scene's executions, in the order in which they ended."""
    with tempfile.TemporaryDirectory() as folder:
        with staged(scene, Path(folder)) as running:
            scene.play(running)
            records = running.records
        found = sorted(records.glob("*.json"), key=lambda path: int(path.name.split(".")[-2]))
        sys.stdout.write(f"{scene.name}: {len(found)} executions\n")
        return [RecordedHistory.load(path) for path in found]


def _features(history: RecordedHistory) -> set[tuple[str, str]]:
    """Which decision or answer follows which."""
    labels = [label for event in history.to_dict()["events"] if (label := _label(event))]
    return set(zip(["begin", *labels], [*labels, "end"], strict=True))


def _label(event: dict[str, Any]) -> str:
    kind = next(key for key in event if key not in ("eventId", "timestamp"))
    detail = event[kind]
    if kind in ("orchestratorStarted", "orchestratorCompleted"):
        return ""
    if kind == "taskCompleted":
        result = json.loads(detail["result"])
        return f"{kind} {result['outcome']} {sorted(result.get('value') or ())}"
    if kind in ("executionStarted", "continueAsNew"):
        return f"{kind} {sorted(json.loads(detail['input']))} {json.loads(detail['input']).get('status')}"
    return f"{kind} {detail.get('name', '')}{detail.get('result', '')}"


def _scrubbed(value: Any) -> Any:
    """Without anything of the machine: no addresses, no paths, no stack traces."""
    if isinstance(value, dict):
        return {key: _scrubbed(entry) for key, entry in value.items() if key != "stackTrace"}
    if isinstance(value, list):
        return [_scrubbed(entry) for entry in value]
    return _PATH.sub("path", _ADDRESS.sub("address", value)) if isinstance(value, str) else value


if __name__ == "__main__":
    raise SystemExit(main())
