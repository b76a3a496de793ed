"""Redaction: planted secrets come out of no text, in whatever clothes they travel."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import redaction
from shared.logs import JsonFormatter, RedactionFilter, configure
from shared.redaction import protect, redact, scrub_url

SECRET = "Zm9vYmFyLXNlY3JldC12YWx1ZQ"
CREDENTIALS = json.dumps(
    {"credentialData": [{"name": "username", "value": "u"}, {"name": "password", "value": SECRET}]}
)

CLOTHES: dict[str, Callable[[str], str]] = {
    "bearer": lambda s: f"Authorization: Bearer {s}",
    "header repr": lambda s: f"{{'Authorization': 'Bearer {s}'}}",
    "jwt": lambda s: f"token eyJhbGciOi.{s}.{s} was refused",
    "sas query": lambda s: f"https://x.blob.core.windows.net/c/b?sv=2021&sp=rw&sig={s}%3D&se=2026",
    "sas alone": lambda s: f"sig={s}",
    "form": lambda s: f"client_id=a&client_secret={s}&grant_type=client_credentials",
    "json": lambda s: json.dumps({"password": s, "user": "x"}),
    "nested json": lambda s: json.dumps({"body": json.dumps({"client_secret": s})}),
    "repr": lambda s: repr({"refresh_token": s}),
    "account key": lambda s: (
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={s}==;EndpointSuffix=x"
    ),
    "assignment": lambda s: f"password = '{s}'",
    "msal": lambda s: f'Token response is not in json format: {{"access_token":"{s}","expires_in":3599}}',
    "credential data": lambda s: CREDENTIALS.replace(SECRET, s),
    "credential details": lambda s: json.dumps(
        {"credentialDetails": {"credentials": CREDENTIALS.replace(SECRET, s)}}
    ),
    "cut off": lambda s: CREDENTIALS.replace(SECRET, s)[:-2],
}


@pytest.fixture(autouse=True)
def nothing_protected_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests protect secrets of their own, which may be words of these texts."""
    monkeypatch.setattr(redaction, "_literals", OrderedDict[str, None]())


@pytest.mark.parametrize("clothes", CLOTHES.values(), ids=CLOTHES.keys())
@given(
    secret=st.text(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=8, max_size=60
    )
)
def test_planted_secret_never_comes_through(clothes: Callable[[str], str], secret: str) -> None:
    secret = "Q9" + secret  # never a word of the clothes
    for text in (clothes(secret), f"before {clothes(secret)} after", json.dumps([clothes(secret)])):
        assert secret not in redact(text)


@given(st.text(min_size=6).filter(lambda s: s not in "[redacted]"))
def test_protected_values_are_taken_out_of_any_text(secret: str) -> None:
    protect(secret)
    assert secret not in redact(f"<{secret}>").replace("[redacted]", "")
    assert quote(secret, safe="") not in redact(f"<{quote(secret, safe='')}>").replace("[redacted]", "")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password was refused",
        "GET /groups/{group}/reports 200 in 12 ms",
        "AADSTS7000215: Invalid client secret provided.",
        "signature=none; design=4",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_urls_lose_ids_queries_and_users() -> None:
    url = "https://u:p@localhost:8443/v1.0/myorg/groups/6a3bc0f8-0000-4000-8000-000000000001/x?sig=abc#f"
    assert scrub_url(url) == "https://localhost:8443/v1.0/myorg/groups/{id}/x?[redacted]"
    assert scrub_url("https://[bad") == "(not a URL)"


def logged(log: Callable[[logging.Logger], None]) -> str:
    """The line a real handler with our filter and formatter would write."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RedactionFilter())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    log(logger)
    return lines[0]


def test_a_line_is_one_line_of_json_whatever_it_carries() -> None:
    name = 'evil\r\n{"level":"INFO"}\x1b[31m\u2028 ünïcode'
    line = logged(lambda logger: logger.warning("workspace %s", name, extra={"workspace": name}))
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.isascii()
    assert json.loads(line)["workspace"] == name


def test_message_arguments_extras_and_exceptions_are_redacted() -> None:
    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError(f"client_secret={SECRET}") from KeyError(f"Bearer {SECRET}")
        except ValueError:
            logger.exception("sent %s", f"sig={SECRET}", extra={"body": {"password": SECRET}, "count": 3})

    line = logged(log)
    assert SECRET not in line
    assert "ValueError" in json.loads(line)["exception"]
    assert json.loads(line)["count"] == 3


def test_wrong_arguments_do_not_lose_the_event() -> None:
    assert "%d" in json.loads(logged(lambda logger: logger.info("%d items", "many")))["message"]


def test_configure_puts_one_filter_on_every_root_handler() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    foreign = logging.NullHandler()
    root.addHandler(foreign)
    try:
        configure()
        configure()
        assert sum(isinstance(each, RedactionFilter) for each in foreign.filters) == 1
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
