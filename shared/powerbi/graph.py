"""Microsoft Graph, where its address is configured: is there such a user, group or application in the tenant?

Twenty questions go in one request. A question that is answered with neither "here" nor "no such" stays open:
what Graph does not permit must never look like somebody who is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

from shared.errors import BadRequest, Throttled
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]
PrincipalKind = Literal["User", "Group", "App"]

BATCH = 20  # requests in one, the most Graph takes
_UNTOLD_WAIT_S = 30.0
_USER_FIELDS = "id,userPrincipalName,displayName,accountEnabled,userType"


@dataclass(frozen=True, slots=True)
class Found:
    """What the directory says of one principal; `known` is None where it would not tell."""

    identifier: str
    known: bool | None
    row: Row
    reason: str = ""


class Graph:
    """Operations of Microsoft Graph; BadRequest `connection.noGraph` where GRAPH_URL is not set."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def look_up(self, principals: Sequence[tuple[str, PrincipalKind]]) -> Iterator[Found]:
        """Each of them (UPN or object id, and what it is) once, in order. Raises Throttled where told to wait."""
        for batch in _batches(
            [(identifier, _addresses(identifier, kind)) for identifier, kind in principals]
        ):
            answers = iter(self._ask([url for _, urls in batch for url in urls]))
            for identifier, urls in batch:
                yield _found(identifier, [next(answers) for _ in urls])

    def _ask(self, urls: list[str]) -> list[Row]:
        """The answers in the order of the questions: Graph gives them in any."""
        body = {"requests": [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls)]}
        answer = self._client.call(op.GRAPH_BATCH, json=body)
        responses = answer.object().get("responses")
        if not isinstance(responses, list):
            raise BadRequest("graph.unusable", "the answer of Microsoft Graph holds no responses")
        by_id: dict[str, Row] = {str(r.get("id")): r for r in responses if isinstance(r, dict)}
        answers = [by_id.get(str(number), {}) for number in range(len(urls))]
        self._raise_if_told_to_wait(answers)
        return answers

    def _raise_if_told_to_wait(self, answers: list[Row]) -> None:
        """A question may be put off alone, inside an answer of 200."""
        waits = [_wait_of(answer) for answer in answers if answer.get("status") == 429]
        if waits:
            until = self._client.clock.now() + timedelta(seconds=max(waits))
            raise Throttled(until, status=429, operation=op.GRAPH_BATCH.id)


def _batches(asked: list[tuple[str, list[str]]]) -> Iterator[list[tuple[str, list[str]]]]:
    """As many principals as one request has room for: an application is asked for in two ways."""
    batch: list[tuple[str, list[str]]] = []
    for one in asked:
        if sum(len(urls) for _, urls in batch) + len(one[1]) > BATCH:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _addresses(identifier: str, kind: PrincipalKind) -> list[str]:
    """Where it would be. People name an application by either of its ids."""
    segment, text = quote(identifier, safe="@"), quote(identifier.replace("'", "''"), safe="@")
    if kind == "User":
        return [f"/users/{segment}?$select={_USER_FIELDS}"]
    if kind == "Group":
        return [f"/groups/{segment}?$select=id,displayName"]
    return [
        f"/servicePrincipals/{segment}?$select=id,appId,displayName",
        f"/servicePrincipals?$filter=appId eq '{text}'".replace(" ", "%20"),
    ]


def _found(identifier: str, answers: list[Row]) -> Found:
    for answer in answers:
        if row := _row(answer):
            return Found(identifier, True, row)
    refused = [answer for answer in answers if not _denies(answer)]
    if refused:
        return Found(identifier, None, {}, _reason(refused[0]))
    return Found(identifier, False, {})


def _row(answer: Row) -> Row:
    body = answer.get("body")
    if answer.get("status") != 200 or not isinstance(body, dict):
        return {}
    rows = body.get("value", [body])
    return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}


def _denies(answer: Row) -> bool:
    """No such principal: nothing at its address, or a filter that found nobody."""
    body = answer.get("body")
    if answer.get("status") == 200:
        return isinstance(body, dict) and body.get("value") == []
    return answer.get("status") == 404 or "Request_ResourceNotFound" in str(body)


def _reason(answer: Row) -> str:
    body = answer.get("body")
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else ""
    return f"HTTP {answer.get('status', 'without an answer')} {code or ''}".strip()


def _wait_of(answer: Row) -> float:
    headers = answer.get("headers")
    told = headers.items() if isinstance(headers, dict) else ()
    text = next((str(value) for name, value in told if str(name).lower() == "retry-after"), "")
    return float(text) if text.isdecimal() else _UNTOLD_WAIT_S
