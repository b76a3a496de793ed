"""Tokens: the real msal against a scripted Entra on loopback."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from powerbi_support import OBJECT_ID, TENANT, Reply, Rig, Service, reply_json, rig_on

from shared.errors import IdentityRefused, NotAuthorized, Throttled, Unavailable
from shared.powerbi.tokens import Tokens


def tokens_of(rig: Rig) -> Tokens:
    return rig.tenant.client.tokens


def test_a_token_is_kept_until_shortly_before_its_end(rig: Rig) -> None:
    tokens = tokens_of(rig)
    first = tokens.get("main")
    rig.clock.passed += 3600 - 301
    assert tokens.get("main") == first
    rig.clock.passed += 2
    assert tokens.get("main") != first
    assert len(rig.service.token_requests) == 2


def test_short_lived_tokens_are_kept_for_nine_tenths(rig: Rig) -> None:
    rig.service.token_life_s = 10
    tokens = tokens_of(rig)
    first = tokens.get("main")
    rig.clock.passed += 8.9
    assert tokens.get("main") == first
    rig.clock.passed += 0.2
    assert tokens.get("main") != first


def test_the_request_is_for_power_bi_by_client_credentials(rig: Rig) -> None:
    tokens_of(rig).get("main")
    form = rig.service.token_requests[0]
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "https://analysis.windows.net/powerbi/api/.default"
    assert (form["client_id"], form["client_secret"]) == ("app", "s3cret-of-main")


def test_one_fetch_when_many_threads_ask_at_once(rig: Rig) -> None:
    together = threading.Barrier(64)

    def get(_: int) -> str:
        together.wait(30)
        return tokens_of(rig).get("main")

    with ThreadPoolExecutor(64) as pool:
        assert len(set(pool.map(get, range(64)))) == 1
    assert len(rig.service.token_requests) == 1


def test_renew_fetches_only_where_nobody_has_done_so(rig: Rig) -> None:
    tokens = tokens_of(rig)
    first = tokens.get("main")
    second = tokens.renew("main", first)
    assert second != first
    assert tokens.renew("main", first) == second
    assert len(rig.service.token_requests) == 2


def test_the_admin_reader_is_an_identity_of_its_own(service: Service) -> None:
    rig = rig_on(service, ADMIN_CLIENT_ID="reader", ADMIN_CLIENT_SECRET="reader-secret")
    assert tokens_of(rig).get("admin") != tokens_of(rig).get("main")
    assert [form["client_id"] for form in service.token_requests] == ["reader", "app"]


def test_without_an_admin_reader_the_main_token_serves(rig: Rig) -> None:
    assert tokens_of(rig).get("admin") == tokens_of(rig).get("main")
    assert len(rig.service.token_requests) == 1


def test_the_master_user_by_password(service: Service) -> None:
    rig = rig_on(service, USERNAME="u@contoso.com", PASSWORD="user-pw")
    tokens_of(rig).get("user")
    form = service.token_requests[0]
    assert (form["grant_type"], form["username"], form["password"]) == (
        "password",
        "u@contoso.com",
        "user-pw",
    )
    assert form["client_secret"] == "s3cret-of-main"


@pytest.mark.filterwarnings("ignore:.*deprecated for public client flows:DeprecationWarning")
def test_the_master_user_through_a_public_client(service: Service) -> None:
    rig = rig_on(service, USERNAME="u@contoso.com", PASSWORD="user-pw", USER_CLIENT_ID="public")
    tokens_of(rig).get("user")
    assert service.token_requests[0]["client_id"] == "public"
    assert "client_secret" not in service.token_requests[0]


def test_a_rotated_refresh_token_is_used_next_time(service: Service) -> None:
    rig = rig_on(service, REFRESH_TOKEN="refresh-1")
    answer = {"access_token": "a", "expires_in": 3600, "token_type": "Bearer"}
    service.entra = lambda number: reply_json({**answer, "refresh_token": f"refresh-{number + 1}"})
    tokens = tokens_of(rig)
    tokens.renew("user", tokens.get("user"))
    assert [form["refresh_token"] for form in service.token_requests] == ["refresh-1", "refresh-2"]


def test_no_master_user_is_said_plainly(rig: Rig) -> None:
    with pytest.raises(NotAuthorized, match="no master user"):
        tokens_of(rig).get("user")


def test_a_certificate_signs_an_assertion(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    path.write_bytes(certificate())
    rig = rig_on(service, CLIENT_SECRET="", CLIENT_CERTIFICATE_PATH=str(path))
    tokens_of(rig).get("main")
    form = service.token_requests[0]
    assert form["client_assertion"].count(".") == 2
    assert "client_secret" not in form


def test_overload_of_entra_is_waited_for(rig: Rig) -> None:
    issue = rig.service.issue
    replies = {1: Reply(503), 2: Reply(429, headers={"Retry-After": "2"}), 3: Reply(hang_up=True)}
    rig.service.entra = lambda number: replies.get(number) or issue(number)
    assert tokens_of(rig).get("main")
    assert len(rig.clock.sleeps) == 3
    assert rig.clock.sleeps[1] >= 2


def test_a_long_wait_for_entra_leaves_the_call(rig: Rig) -> None:
    rig.service.entra = lambda _: Reply(429, headers={"Retry-After": "60"})
    with pytest.raises(Throttled) as caught:
        tokens_of(rig).get("main")
    assert (caught.value.operation, caught.value.connection) == ("Entra_Token", "contoso")


def test_an_entra_that_stays_away_is_unavailable(rig: Rig) -> None:
    rig.service.entra = lambda _: Reply(500)
    with pytest.raises(Unavailable):
        tokens_of(rig).get("main")


def test_a_failure_is_not_remembered(rig: Rig) -> None:
    rig.service.entra = lambda _: reply_json({"error": "invalid_client", "error_description": "x"}, 401)
    with pytest.raises(IdentityRefused):
        tokens_of(rig).get("main")
    rig.service.entra = rig.service.issue
    assert tokens_of(rig).get("main")


def test_a_refused_secret_knows_since_when(rig: Rig) -> None:
    refusal = {
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret is old",
    }
    rig.service.entra = lambda _: reply_json(refusal, 401)
    for passed in (0.0, 300.0, 4000.0):
        rig.clock.passed = passed
        with pytest.raises(IdentityRefused, match="AADSTS7000222") as caught:
            tokens_of(rig).get("main")
        assert (caught.value.refused_s, caught.value.retry_at) == (passed, None)
        assert (caught.value.operation, caught.value.connection) == ("Entra_Token", "contoso")


def test_no_wrong_clock_shortens_or_prolongs_a_token(rig: Rig) -> None:
    tokens = tokens_of(rig)
    first = tokens.get("main")
    for hours in (26, -26, 1000):
        rig.clock.start += timedelta(hours=hours)  # the monotonic time stays
        assert tokens.get("main") == first
    assert len(rig.service.token_requests) == 1


def test_the_principal_id_is_read_from_the_token(rig: Rig) -> None:
    assert tokens_of(rig).principal_id() == OBJECT_ID
    assert rig.tenant.principal_id() == OBJECT_ID


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c", "a.WzFd.c"])
def test_a_token_that_tells_nothing(rig: Rig, token: str) -> None:
    rig.service.entra = lambda _: reply_json(
        {"access_token": token, "expires_in": 60, "token_type": "Bearer"}
    )
    assert tokens_of(rig).principal_id() is None


def test_an_unknown_tenant_is_terminal(service: Service) -> None:
    rig = rig_on(service, AUTHORITY_URL=f"{service.origin}/{TENANT}")
    service.entra = lambda _: reply_json(
        {"error": "unauthorized_client", "error_description": "AADSTS700016"}, 400
    )
    with pytest.raises(NotAuthorized, match="AADSTS700016"):
        tokens_of(rig).get("main")


def certificate() -> bytes:
    """A private key and a self-signed certificate in one PEM file, as operators keep them."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + signed.public_bytes(serialization.Encoding.PEM)


def test_the_tenants_time_is_learned_from_its_answers(rig: Rig) -> None:
    """Our clock stands at noon of a day; the service's answers carry the time of this computer."""
    assert rig.tenant.ahead == timedelta()
    rig.clock.start = datetime.now(UTC) - timedelta(hours=26)
    assert abs(rig.tenant.now() - datetime.now(UTC)) < timedelta(minutes=2)
    assert len(rig.service.token_requests) == 1  # asked because it had said nothing yet
    assert rig.tenant.now() - rig.clock.now() == rig.tenant.ahead
