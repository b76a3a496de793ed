"""A migration of content by hand, over the API, with everything by definition that has one."""

import base64
import re
from collections.abc import Sequence
from typing import Any

from fabric_client import Fabric
from service_client import Client

from sandbox.server import Sandbox

Json = dict[str, Any]
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
ORDER = ("dataflows", "semanticModels", "reports", "paginatedReports")


class Mover:
    """Makes everything that has a definition, then once more with all ids known."""

    def __init__(self, sandbox: Sandbox, spaces: Sequence[str]) -> None:
        self.spaces = spaces
        self.sandbox, self.control = sandbox, sandbox.control
        self.control.long_running("never")
        self.source, self.target = Client(sandbox, "CONTOSO"), Client(sandbox, "FABRIKAM")
        self.ids: dict[str, str] = {}
        self.made: list[tuple[Fabric, str, str, list[Json]]] = []

    def move(self) -> None:
        state = self.control.state("contoso")
        spaces = [
            (space["id"], space["name"]) for space in state["workspaces"] if space["name"] in self.spaces
        ]
        capacity = self.target.capacity()
        for old, name in spaces:
            self.ids[old] = self.target.workspace(name)
            body = {"capacityId": capacity}
            assert self.target.post(f"groups/{self.ids[old]}/AssignToCapacity", body).status_code == 200
        self.control.advance()
        for kind in ORDER:
            for old, _ in spaces:
                self._kind(old, kind)
        self._again()

    def _kind(self, old: str, kind: str) -> None:
        here = Fabric(self.sandbox, self.source, old)
        there = Fabric(self.sandbox, self.target, self.ids[old])
        rows = here.at("GET", kind).json()["value"]
        for number, row in enumerate(rows):
            answer = here.at("POST", f"{kind}/{row['id']}/getDefinition")
            if answer.ok:
                files = here.outcome(answer)["definition"]["parts"]
                taken = row["displayName"] in [other["displayName"] for other in rows[:number]]
                self._item(there, kind, row, files, taken=taken)

    def _item(self, there: Fabric, kind: str, row: Json, files: list[Json], *, taken: bool) -> None:
        """A name that is there already is given after the item was made."""
        name = f"{row['displayName']} {row['id']}" if taken else row["displayName"]
        sent = {"parts": self._rewritten(files)}
        answer = there.create(kind, name, sent, description=row["description"])
        if answer.ok:
            made = there.outcome(answer)["id"]
            if taken:
                there.at("PATCH", f"{kind}/{made}", {"displayName": row["displayName"]})
            self.ids[row["id"]] = made
            self.made.append((there, kind, made, files))

    def _again(self) -> None:
        for there, kind, made, files in self.made:
            body = {"definition": {"parts": self._rewritten(files)}}
            there.outcome(there.at("POST", f"{kind}/{made}/updateDefinition", body))
            if kind == "semanticModels":
                there.client.post(f"groups/{there.workspace}/datasets/{made}/refreshes", {})
                large = {"targetStorageMode": "PremiumFiles"}
                if made in self._large():
                    there.client.call("PATCH", f"groups/{there.workspace}/datasets/{made}", json=large)
        self.control.advance()

    def _large(self) -> set[str]:
        held = self.control.state("contoso")["workspaces"]
        large = [d["id"] for s in held for d in s["datasets"] if d["targetStorageMode"] == "PremiumFiles"]
        return {self.ids[item] for item in large if item in self.ids}

    def _rewritten(self, files: list[Json]) -> list[Json]:
        """With the ids of the target."""
        return [{**part, "payload": self._payload(part)} for part in files]

    def _payload(self, part: Json) -> str:
        content = base64.b64decode(part["payload"])
        if part["path"].endswith(".png"):
            return part["payload"]
        text = GUID.sub(lambda found: self.ids.get(found[0], found[0]), content.decode("utf-8-sig"))
        return base64.b64encode(text.encode()).decode()
