"""The control interface as a client sees it, one method per use."""

import json
import time
from pathlib import Path
from typing import Any, Literal

import requests

from sandbox.importplans import Outcome
from sandbox.lies import Lie
from sandbox.remote_operations import OperationsControl
from sandbox.waits import ODD

Json = dict[str, Any]
Mode = Literal["error", "cut", "hold-before", "hold-after"]
"""error: answered before the effect; cut: connection broken after it; hold: stopped before or after it."""

EntraMode = Literal["error", "cut", "silent"]
Spoilt = Literal[
    "cut", "cut-with-length", "cut-unnoticed", "over-long", "swapped", "corrupt", "html", "json", "url"
]
SPOILT: dict[Spoilt, Json] = {
    "cut": {"truncate": 5000},
    "cut-with-length": {"truncate": 5000, "withLength": True},
    "cut-unnoticed": {"truncate": 5000, "closeWithoutLength": True},
    "over-long": {"surplus": 5000},
    "swapped": {"swap": True},
    "corrupt": {"corrupt": True},
    "html": {
        "status": 200,
        "body": "<!DOCTYPE html><html>Sign in</html>",
        "headers": {"content-type": "text/html"},
    },
    "json": {"status": 200, "body": {"error": {"code": "InternalError"}}},
    "url": {"asUrl": "url"},
}
"""What an export gives out: 5,000 bytes of it (an error, a short length, or nothing to notice), more than there is,
another report's file, a flipped byte, a page, an error in a 200, or the address of a temporary blob."""


class Control(OperationsControl):
    """The control interface, one method per use; every method raises on a refusal."""

    def __init__(self, url: str, ca: Path) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self._session.request(method, f"{self._url}/{path}", json=body, params=query, timeout=120)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def settings(self, **changes: Any) -> Any:
        return self.call("PUT", "settings", changes)

    def fault(self, match: Json, effect: Json, seconds: float | None = None) -> Any:
        """Plan one; with `seconds` it ends by itself after so much wall time."""
        return self.call("POST", "faults", [{"match": match, "effect": effect, "seconds": seconds}])

    def storm(self, seconds: float, retry_after: list[Any] | None = None, **match: Any) -> Any:
        """429 for every API call (or those that match) for so much wall time, told in `retry_after`'s turns.

        A string or number is the header as it is; {"date": s} an HTTP date; {"text": s} only in the body; None
        nothing; "rest" what is left of the storm. Violations then hold an `early-call` for each that came too soon.
        """
        chosen = {"family": ["powerbi", "fabric"]} | match
        effect = {"when": "before", "status": 429, "retryAfter": ODD if retry_after is None else retry_after}
        return self.fault(chosen, effect, seconds)

    def disturb(self, nth: int, mode: Mode, status: int = 503, **match: Any) -> Any:
        """Call `nth` from now on, of whatever kind (or of those that `match`), is spoilt in that mode."""
        effects: dict[Mode, Json] = {
            "error": {"when": "before", "status": status},
            "cut": {"when": "after"},
            "hold-before": {"hold": "before"},
            "hold-after": {"hold": "after"},
        }
        return self.fault({**match, "nth": nth}, effects[mode])

    def paging(self, **lies: Lie) -> None:
        """`paging(Groups_GetGroupsAsAdmin="ignore-skip")`; see `lies.Lie`. Without any: all lists are honest."""
        self.settings(paging=lies)

    def permission_lag(
        self, given: float = 0, creator: float = 0, refresh: float = 120, status: int = 401
    ) -> None:
        """Real seconds, scaled, until a right is seen: one given, a creator's own, after RefreshUserPermissions."""
        durations = {"permission.lag": given, "permission.creator": creator, "permission.refresh": refresh}
        self.settings(durations=durations, unseenStatus=status)

    def quotas(
        self,
        *,
        limits: Json | None = None,
        wall: Json | None = None,
        scale: float | None = None,
        scans: int | None = None,
        tenant: str = "",
    ) -> Json:
        """Set windows: `limits` in scaled real seconds, `wall` in wall seconds; `scale` of the windows alone."""
        given = {"wall": wall, "scale": scale, "scans": scans}
        body = (limits or {}) | {key: value for key, value in given.items() if value is not None}
        return self.call("PUT", f"quotas/{tenant}", body)

    def hidden_limit(self, calls: int, wall_seconds: float, tenant: str = "") -> None:
        """The unpublished limit of ordinary calls per identity; nobody is told."""
        self.quotas(wall={"default": [[calls, wall_seconds]]}, tenant=tenant)

    def quotas_setting(self, tenant: str = "contoso") -> str:
        """The QUOTAS setting of an app that knows the published limits as they are now."""
        return json.dumps(self.call("GET", "quotas")[tenant])

    def quotas_env(self) -> dict[str, str]:
        """QUOTAS of both connections, by the name of the app setting."""
        told: Json = self.call("GET", "quotas")
        return {
            f"PBI_CONNECTIONS__{tenant.upper()}__QUOTAS": json.dumps(table) for tenant, table in told.items()
        }

    def forget_calls(self) -> None:
        """All quotas are unspent again."""
        self.call("DELETE", "quotas")

    def totals(self) -> Json:
        """Calls, 429s (`throttled`), statuses, operations and violations as counts."""
        return self.call("GET", "totals")

    def plan_import(self, outcome: Outcome, **how: Any) -> Any:
        """How imports end that agree. Which: name, tenant, workspace, nth, every, times. How: leaves ("nothing",
        "dataset", "all"), lists, code, details, seconds, gap; see `importplans.Plan`."""
        return self.call("POST", "imports", {"outcome": outcome, **how})

    def import_plans(self) -> list[Json]:
        return self.call("GET", "imports")

    def clear_import_plans(self) -> None:
        self.call("DELETE", "imports")

    def holds(self) -> list[Json]:
        """The calls that are held now, oldest first."""
        return self.call("GET", "holds")

    def release(self, hold: str = "", *, drop: bool = False) -> int:
        """Let one call go on (all without an id), or cut it off with no effect more; how many there were."""
        return self.call("DELETE", f"holds/{hold}", drop=int(drop))["released"]

    def await_hold(self, within: float = 60) -> Json | None:
        """The oldest held call, once there is one; None if none came within that time."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if held := self.holds():
                return held[0]
            time.sleep(0.01)
        return None

    def faults(self) -> Any:
        return self.call("GET", "faults")

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def ledger(self, since: int = 0) -> list[Json]:
        return self.call("GET", "ledger", since=since)

    def writes(self, tenant: str = "") -> list[Json]:
        """Calls meant to change a tenant (or either), however answered; not what is asked with POST and only reads."""
        return self.call("GET", f"writes/{tenant}")

    def clear_ledger(self) -> None:
        self.call("DELETE", "ledger")

    def violations(self) -> list[Json]:
        return self.call("GET", "violations")

    def clear_violations(self) -> None:
        self.call("DELETE", "violations")

    def state(self, tenant: str) -> Json:
        return self.call("GET", f"state/{tenant}")

    def put_state(self, tenant: str, state: Json) -> None:
        self.call("PUT", f"state/{tenant}", state)

    def act(self, tenant: str, action: str, **facts: Any) -> Any:
        return self.call("POST", "act", {"tenant": tenant, "action": action, **facts})

    def advance(self, steps: int = 0) -> None:
        """Everything under way is done at once; or, of each tenant, the next `steps` things alone."""
        self.call("POST", "advance", {"steps": steps})

    def expire_tokens(self, tenant: str = "") -> None:
        """Every token issued so far is refused as TokenExpired."""
        self.call("POST", f"expire-tokens/{tenant}")

    def rotate_secret(self, tenant: str, actor: str = "migration", *, expired: bool = False) -> str:
        """The new secret; the old one is refused as unknown (AADSTS7000215) or as expired (7000222)."""
        number = 7_000_222 if expired else 7_000_215
        return self.call("POST", f"secrets/{tenant}", {"actor": actor, "number": number})["secret"]

    def secrets(self) -> dict[str, list[str]]:
        """All tokens, secrets, passwords and signatures of this run: what must be found nowhere."""
        return self.call("GET", "secrets")

    def refuse(self, code: str, status: int | None = None, **match: Any) -> Any:
        """Answer with an error code in the service's shape. TokenExpired and InvalidToken: 403, empty, by header;
        ApiNotAccessible: 401 in its own shape; ConditionalAccess: 401 with a challenge; others: the envelope."""
        return self.fault(match, {"when": "before", "code": code, "status": status})

    def entra_down(self, seconds: float, mode: EntraMode = "error", **match: Any) -> Any:
        """Token and discovery calls fail for so much wall time: 503, connection cut, or no answer at all."""
        effects: dict[EntraMode, Json] = {
            "error": {"when": "before", "status": 503, "body": "The service is unavailable."},
            "cut": {"when": "before"},
            "silent": {"when": "before", "delay": max(seconds, 120)},
        }
        return self.fault({"family": "entra", **match}, effects[mode], seconds)

    def spoil_download(self, how: Spoilt, **match: Any) -> Any:
        """The next exports (that match) give out something else; `times=1` for one of them."""
        return self.fault({"operation": "Reports_ExportReportInGroup", **match}, SPOILT[how])

    def suggested_request(self) -> Json:
        return self.call("GET", "request")

    def planted(self) -> list[Json]:
        """The obstacles of an estate of every kind: {"obstacle", "kind", "id", "name", "workspaceId", …}."""
        return self.call("GET", "planted")

    def census(self, tenant: str) -> list[Json]:
        """Everything in it that an assessment has to judge, once each: {"kind", "id", "name", "workspaceId", …}."""
        return self.call("GET", f"census/{tenant}")

    def compare(self, request: Json | None = None) -> Json:
        return self.call("POST", "compare", request)

    def fingerprint(self, tenant: str) -> Json:
        """Everything a person would notice of the tenant, and its `hash`: equal when nothing was touched."""
        return self.call("GET", f"fingerprint/{tenant}")

    def fingerprints(self) -> dict[str, Json]:
        """Of both tenants: what `compare_untouched` takes."""
        return {tenant: self.fingerprint(tenant) for tenant in ("contoso", "fabrikam")}

    def compare_untouched(self, before: dict[str, Json]) -> list[str]:
        """A line for every fact that is not as it was; empty after a perfect rollback."""
        return self.call("POST", "untouched", before)
