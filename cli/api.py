"""The app's HTTP interface: one request in, its JSON out, every other ending as a CommandError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from cli.errors import AppFailed, Refused, Unreachable

type Json = dict[str, Any]

_TIMEOUT_S = (5, 230)  # to connect; to answer (230 s is the most an HTTP trigger may take)
_PAGE = 1000
_INVENTORY_PAGE = 100
_TOKEN = "x-continuation-token"  # noqa: S105 - a position in a list
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Api:
    """`url` is the app's base address without /api; `key` is an Azure Functions key where the app wants one."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        if is_loopback(url):
            self._session.trust_env = False  # a proxy could not reach this machine
        if key:
            self._session.headers["x-functions-key"] = key

    def start(self, body: bytes) -> Json:
        return self._send("migrations", body)

    def migrations(self) -> list[Json]:
        return list(self._pages("migrations"))

    def migration(self, migration: str) -> Json:
        return self._json("GET", _path("migrations", migration))

    def rows(self, migration: str, what: str) -> Iterator[Json]:
        """Every row of `workspaces`, `findings` or `mapping`, page by page."""
        return self._pages(_path("migrations", migration, what))

    def mapping_csv(self, migration: str) -> Iterator[bytes]:
        return self._file(_path("migrations", migration, "mapping"), "csv")

    def give(self, migration: str, verb: str, body: Json) -> Json:
        return self._json("POST", _path("migrations", migration, verb), json=body)

    def start_plan(self, body: bytes) -> Json:
        return self._send("plans", body)

    def plans(self) -> list[Json]:
        return list(self._pages("plans"))

    def plan(self, plan: str) -> Json:
        return self._json("GET", _path("plans", plan))

    def plan_findings(self, plan: str) -> Iterator[Json]:
        return self._pages(_path("plans", plan, "findings"))

    def plan_figures(self, plan: str) -> Json:
        """The figures of the estate report."""
        return self._json("GET", _path("plans", plan, "report"), params={"format": "json"})

    def plan_report(self, plan: str, form: str) -> Iterator[bytes]:
        """The estate report as html, or every verdict as csv."""
        return self._file(_path("plans", plan, "report"), form)

    def inventory(self, plan: str, form: str) -> Iterator[bytes]:
        """The whole inventory of a plan as jsonl or csv, page by page; the first page is asked for at once."""
        return chain_pages(lambda token: self._inventory_page(plan, form, token))

    def _inventory_page(self, plan: str, form: str, token: str | None) -> tuple[bytes, str | None]:
        params = {"format": form, "top": _INVENTORY_PAGE, **({"continuationToken": token} if token else {})}
        answer = self._call("GET", _path("plans", plan, "inventory"), params=params)
        return answer.content, answer.headers.get(_TOKEN)

    def _send(self, path: str, body: bytes) -> Json:
        return self._json("POST", path, data=body, headers={"Content-Type": "application/json"})

    def _file(self, path: str, form: str) -> Iterator[bytes]:
        return self._pieces(self._call("GET", path, params={"format": form}, stream=True))

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_content(1 << 20)
        except requests.RequestException as cut:
            raise Unreachable(
                f"The answer of {self.url} broke off: what arrived is not whole.", "cut"
            ) from cut

    def _pages(self, path: str) -> Iterator[Json]:
        params: dict[str, Any] = {"top": _PAGE}
        while True:
            page = self._json("GET", path, params=params)
            yield from page["value"]
            if not page.get("continuationToken"):
                return
            params["continuationToken"] = page["continuationToken"]

    def _json(self, method: str, path: str, **options: Any) -> Json:
        answer = self._call(method, path, **options)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self._stranger(answer.status_code)
        return body

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        address = f"{self.url}/api/{path}"
        try:
            answer = self._session.request(
                method, address, timeout=_TIMEOUT_S, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise Unreachable(
                f"No answer from {self.url} ({type(error).__name__}). Is the app running there? `make serve` "
                "starts it on this machine; --url or PBIMIGRATE_URL names another address.",
                "unreachable",
            ) from error
        if answer.status_code >= 300:
            raise self._ending(answer)
        return answer

    def _ending(self, answer: requests.Response) -> Refused | AppFailed | Unreachable:
        """The error body of the app; anything else did not come from it."""
        try:
            error = answer.json()["error"]
            code, message, details = error["code"], error["message"], error.get("details") or []
        except (ValueError, KeyError, TypeError):
            if answer.status_code in (401, 403):
                return Refused(
                    f"{self.url} wants a key ({answer.status_code}): give --key or PBIMIGRATE_KEY.", "key"
                )
            return self._stranger(answer.status_code)
        if answer.status_code >= 500:
            return AppFailed(message, code, details)
        return Refused(f"Refused ({answer.status_code} {code}): {message}", code, details)

    def _stranger(self, status: int) -> Unreachable:
        return Unreachable(
            f"{self.url} answered {status}, but not as this app does. Check --url or PBIMIGRATE_URL.",
            "notThisApp",
        )


def is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in _LOOPBACK


def chain_pages(read: Callable[[str | None], tuple[bytes, str | None]]) -> Iterator[bytes]:
    """Every page one after the other. The first is read now, so that a refusal comes before any output."""
    first, token = read(None)

    def pages(page: bytes, token: str | None) -> Iterator[bytes]:
        yield page
        while token:
            page, token = read(token)
            yield page

    return pages(first, token)


def _path(kind: str, identity: str, what: str = "") -> str:
    path = f"{kind}/{quote(identity, safe='')}"
    return f"{path}/{what}" if what else path
