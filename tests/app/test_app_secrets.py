"""No secret leaves the app: after runs in which everything goes wrong that could let one out, all that the app has
left behind is searched for every secret it was given or got.

The service helps against us: its errors quote the secret, the token and the signed address they are about.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from driver import Driver
from evidence import until
from secret_hunt import Place, files, hits, stored

from local.azurite import Azurite
from local.queues import API_VERSION

MARKED = 'Ma~rked"S3cr3t/+&=% \\ä-of-{}'
TENANTS = ("contoso", "fabrikam")
SIGNED = "https://127.0.0.1:1/upload?sv=2025-11-05&sr=b&sp=rcw&sig=M4rkedSignature%2Fof%2BanUpload%3D"
SIGNATURE = "M4rkedSignature%2Fof%2BanUpload%3D"


def mark(driver: Driver) -> dict[str, str]:
    """Give every identity of both tenants a secret that nothing else looks like; the settings that tell the app."""
    settings: dict[str, str] = {}
    for tenant in TENANTS:
        state = driver.sandbox.control.state(tenant)
        people = {one["id"]: one for one in _values(state["principals"])}
        for role, field, setting in (
            ("migration", "secret", "CLIENT_SECRET"),
            ("adminReader", "secret", "ADMIN_CLIENT_SECRET"),
            ("masterUser", "password", "PASSWORD"),
        ):
            value = MARKED.format(f"{tenant}-{role}")
            people[state["actors"][role]][field] = value
            settings[f"PBI_CONNECTIONS__{tenant.upper()}__{setting}"] = value
        driver.sandbox.control.put_state(tenant, state)
    return settings


def _values(found: Any) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else found


def secrets_of(driver: Driver, azurite: Azurite, settings: dict[str, str]) -> dict[str, str]:
    """All there are by now, by a name that is none itself."""
    issued = driver.sandbox.control.secrets()
    named = {
        f"{kind} {number}": value for kind, values in issued.items() for number, value in enumerate(values)
    }
    key = re.search(r"AccountKey=([^;]+)", azurite.connection_string)
    assert key is not None
    given = {name: value for name, value in settings.items() if "QUOTAS" not in name}
    return {**named, **given, "account key": key[1], "signature of an error": SIGNATURE}


def spoil(driver: Driver, settings: dict[str, str]) -> None:
    """Throttled, failing and talkative: each error repeats what it should not."""
    control = driver.sandbox.control
    secret = settings["PBI_CONNECTIONS__CONTOSO__CLIENT_SECRET"]
    talk = f"client_secret={secret} Bearer eyJ0eXAiOiAiSldUIn0.eyJhIjogMX0.c2ln see {SIGNED}"
    error = {"error": {"code": "InternalServerError", "message": talk, "details": [{"message": SIGNED}]}}
    control.fault({"every": 19, "family": "powerbi"}, {"status": 429, "retryAfter": 1, "body": error})
    control.fault({"every": 23, "family": "powerbi"}, {"status": 500, "body": error})
    control.fault({"operation": "Imports_PostImportInGroup", "nth": 2}, {"status": 400, "body": error})
    control.fault({"operation": "Groups_AddGroupUser", "nth": 2}, {"status": 403, "body": error})
    busy = {"error": "temporarily_unavailable", "error_description": talk}
    control.fault({"family": "entra", "method": "POST", "nth": 2}, {"status": 503, "body": busy})


def refuse_identity(driver: Driver, settings: dict[str, str]) -> None:
    """From now on Entra has only refusals for the source, and repeats in them what it was sent."""
    control = driver.sandbox.control
    talk = f"AADSTS700016: no application for {settings['PBI_CONNECTIONS__CONTOSO__CLIENT_SECRET']} {SIGNED}"
    refusal = {"error": "unauthorized_client", "error_description": talk}
    control.fault(
        {"family": "entra", "method": "POST", "tenant": "contoso"}, {"status": 400, "body": refusal}
    )
    control.expire_tokens("contoso")


def answers(driver: Driver, migrations: list[str]) -> Iterator[Place]:
    """What every route says, headers too, and the durable management API for those who may ask it."""
    paths = ["/api/migrations", "/api/nothing", "/api/migrations/unknown"]
    for migration in migrations:
        base = f"/api/migrations/{migration}"
        paths += [base, *(f"{base}/{part}?top=1000" for part in ("workspaces", "findings", "mapping"))]
        paths += [
            f"{base}/mapping?format=csv",
            f"/runtime/webhooks/durabletask/instances/{migration}?showInput=true",
        ]
    for path in paths:
        answer = requests.get(f"{driver.app.url}{path}", timeout=60)
        yield Place(f"answer of {path}", f"{answer.text} {dict(answer.headers)}")
    for migration in migrations:
        for verb in ("pause", "cutover", "rollback", "validate"):
            answer = driver.post(f"migrations/{migration}/{verb}", {"confirm": "no"})
            yield Place(f"answer of {verb}", f"{answer.text} {dict(answer.headers)}")


def test_nothing_the_app_leaves_behind_holds_a_secret(
    driver_of: Callable[..., Driver], azurite: Azurite, tmp_path: Path
) -> None:
    histories = tmp_path / "histories"
    driver = driver_of({"LOCAL_RECORD_DIR": str(histories)}, workspaces=3, start=False)
    settings = mark(driver)
    spoil(driver, settings)
    driver.sandbox.control.quotas(scale=0.0002)  # what is slow here are the failures
    settings |= driver.sandbox.control.quotas_env()
    driver.app.start(**settings)
    moved = driver.begin(id="moved")
    until(lambda: len(driver.sandbox.control.ledger()) > 60, "a run in the middle")
    driver.app.kill()
    driver.app.start(**settings)
    assert driver.rest(moved, within=200)["status"] in {"ready", "partial", "failed"}
    driver.sandbox.control.clear_faults()
    refuse_identity(driver, settings)
    refused = driver.begin(id="refused", naming="{name} refused")
    assert driver.rest(refused, within=200)["status"] == "failed"
    shown = list(answers(driver, [moved, refused]))
    driver.app.stop()

    secrets = secrets_of(driver, azurite, settings)
    assert sum(name.startswith("accessTokens") for name in secrets) > 1, sorted(secrets)
    left = [*shown, *stored(azurite), *files(driver.app.log.parent, "*.log"), *files(histories, "*.json")]
    kinds = {place.where.split()[0] for place in left}
    assert {"answer", "table", "blob", "file"} <= kinds
    assert len(list(histories.iterdir())) > 3
    assert sum("[redacted]" in place.text for place in left) > 3, "nothing tried to get out"
    assert hits(left, secrets) == []


WRITTEN = ("{}", "client_secret={}&scope=x", '{{"error": "{}"}}', "https://host/path?sig={}")


def disguised(secret: str) -> list[str]:
    """A secret as it might stand somewhere: in words, a URL, JSON text, or base64 of any of them."""
    texts = [written.format(form) for written in WRITTEN for form in (secret, quote(secret, safe=""))]
    texts += [json.dumps(text) for text in texts]
    return texts + [
        base64.b64encode(b"." * lead + text.encode()).decode() for text in texts for lead in range(3)
    ]


def test_the_search_finds_what_is_planted(azurite: Azurite, tmp_path: Path) -> None:
    secret = MARKED.format("nobody") + "x" * 100
    texts = disguised(secret)
    plant(azurite, texts)
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.log").write_text(text)
    found = hits([*stored(azurite), *files(tmp_path, "*.log")], {"it": secret})
    assert sum("table planted, value" in hit for hit in found) == len(texts)
    assert sum("file" in hit for hit in found) == len(texts)
    assert sum("blob content" in hit or "blob metadata" in hit for hit in found) == 2
    assert sum("queue planted" in hit for hit in found) == 1


def plant(azurite: Azurite, texts: list[str]) -> None:
    """All of them into a table, one into a message, a blob, and what is told of a blob."""
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

    connection, options = azurite.connection_string, {"api_version": API_VERSION}
    table = TableServiceClient.from_connection_string(connection).create_table_if_not_exists("planted")
    for number, text in enumerate(texts):
        table.upsert_entity({"PartitionKey": "p", "RowKey": str(number), "value": text})
    blobs: Any = BlobServiceClient.from_connection_string(connection, **options)
    container = blobs.create_container("planted")
    container.upload_blob("content", texts[1])
    container.upload_blob("metadata", b"", metadata={"note": texts[-1]})
    queues: Any = QueueServiceClient.from_connection_string(connection, **options)
    queues.create_queue("planted").send_message(base64.b64encode(texts[0].encode()).decode())
