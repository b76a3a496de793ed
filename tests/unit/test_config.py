"""Settings: what is accepted, and that every fault is named at once, with a remedy and without a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.config import Secret, load
from shared.errors import ConfigError
from shared.powerbi.clouds import CLOUDS
from shared.powerbi.quotas import BUILT_IN, Quota
from shared.redaction import redact

CONTOSO = {
    "PBI_CONNECTIONS__Contoso__TENANT_ID": "11111111-1111-1111-1111-111111111111",
    "PBI_CONNECTIONS__Contoso__CLIENT_ID": "app",
    "PBI_CONNECTIONS__Contoso__CLIENT_SECRET": "very-secret-value",
}


def faults(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(environ)
    assert all(fault.remedy for fault in caught.value.faults)
    return {fault.setting: fault.what for fault in caught.value.faults}


def fault_of(field: str, value: str) -> str:
    variable = f"PBI_CONNECTIONS__Contoso__{field}"
    return faults({**CONTOSO, variable: value})[variable]


def test_connection_is_found_in_any_case_and_carries_its_cloud() -> None:
    settings = load({**CONTOSO, "PBI_CONNECTIONS__CONTOSO__CLOUD": "usgovHigh"})
    connection = settings.connection("CONTOSO")
    assert connection is not None
    assert connection is settings.connection("contoso")
    assert settings.connection("fabrikam") is None
    assert connection.cloud is CLOUDS["usgovhigh"]
    assert connection.authority_url == f"https://login.microsoftonline.us/{connection.tenant_id}"
    assert connection.api_url == "https://api.high.powerbigov.us/v1.0/myorg"


def test_defaults() -> None:
    settings = load({})
    assert (settings.poll_scale, settings.data_dir) == (1.0, Path(".data"))
    assert settings.connections == {}
    assert settings.storage_connection is None


def test_overrides_and_hosts_are_read() -> None:
    settings = load(
        {
            **CONTOSO,
            "PBI_CONNECTIONS__CONTOSO__API_URL": "https://localhost:8443/v1.0/myorg/",
            "PBI_CONNECTIONS__CONTOSO__AUTHORITY_URL": "https://localhost:8443",
            "PBI_CONNECTIONS__CONTOSO__ALLOWED_HOSTS": "Files.example:9000",
            "ALLOWED_HOSTS": "one.example, two.example:8443",
            "POLL_SCALE": "0.02",
        }
    )
    connection = settings.connections["contoso"]
    assert connection.api_url == "https://localhost:8443/v1.0/myorg"
    assert connection.authority_url == f"https://localhost:8443/{connection.tenant_id}"
    assert connection.private_authority
    assert connection.allowed_hosts == ("one.example", "two.example:8443", "files.example:9000")
    assert settings.poll_scale == 0.02


def test_no_secret_shows_itself() -> None:
    settings = load(
        {
            **CONTOSO,
            "AzureWebJobsStorage": "AccountName=x;AccountKey=c2VjcmV0LWtleQ==",
            "PBI_SECRETS__SQL_LOGIN": '{"credentialType": "Basic", "username": "u", "password": "hidden-pw"}',
        }
    )
    shown = f"{settings!r} {settings} {settings.connections}"
    for secret in ("very-secret-value", "c2VjcmV0LWtleQ", "hidden-pw"):
        assert secret not in shown
    secret = settings.data_source_secret("sql-login")
    assert isinstance(secret, Secret)
    assert json.loads(secret.reveal())["password"] == "hidden-pw"
    assert settings.data_source_secret("sql login") is None


def test_every_fault_is_named_at_once() -> None:
    found = faults(
        {
            "PBI_CONNECTIONS__A__CLIENT_ID": "app",
            "PBI_CONNECTIONS__A__CLEINT_SECRET": "typo-secret",
            "PBI_CONNECTIONS__A__API_URL": "http://api.example",
            "PBI_CONNECTIONS__A__CLOUD": "moon",
            "PBI_CONNECTIONS__A__QUOTAS": '{"admin.gropus": {"limit": 1}, "default": {"limit": 0, "burst": 2}}',
            "PBI_CONNECTIONS__LONELY": "x",
            "POLL_SCALE": "fast",
            "DRIFT_SCHEDULE": "sometimes",
            "ALLOWED_HOSTS": "https://evil.example/",
            "REQUESTS_CA_BUNDLE": "/does/not/exist.pem",
        }
    )
    assert set(found) == {
        "PBI_CONNECTIONS__A__TENANT_ID",
        "PBI_CONNECTIONS__A__CLIENT_SECRET",
        "PBI_CONNECTIONS__A__CLEINT_SECRET",
        "PBI_CONNECTIONS__A__API_URL",
        "PBI_CONNECTIONS__A__CLOUD",
        "PBI_CONNECTIONS__A__QUOTAS",
        "PBI_CONNECTIONS__LONELY",
        "POLL_SCALE",
        "DRIFT_SCHEDULE",
        "ALLOWED_HOSTS",
        "REQUESTS_CA_BUNDLE",
    }


def test_unknown_field_is_named_without_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        load({**CONTOSO, "PBI_CONNECTIONS__Contoso__CLIENT_SECERT": "typed-in-the-wrong-place"})
    assert "typed-in-the-wrong-place" not in f"{caught.value} {caught.value.details}"


def test_secret_and_certificate_exclude_each_other(tmp_path: Path) -> None:
    certificate = tmp_path / "app.pem"
    certificate.write_text("pem")
    path = str(certificate)
    found = faults({**CONTOSO, "PBI_CONNECTIONS__Contoso__CLIENT_CERTIFICATE_PATH": path})
    assert "set together" in found["PBI_CONNECTIONS__Contoso__CLIENT_SECRET"]
    only = {key: value for key, value in CONTOSO.items() if "SECRET" not in key}
    settings = load({**only, "PBI_CONNECTIONS__Contoso__CLIENT_CERTIFICATE_PATH": path})
    assert settings.connections["contoso"].client_certificate_path == path


@pytest.mark.parametrize(
    "url",
    [
        "http://api.powerbi.com/v1.0/myorg",
        "ftp://localhost/x",
        "https://user:pw@localhost/x",
        "https://localhost/x?y=1",
        "https://localhost:port/x",
        "localhost:8443",
        "https://",
    ],
)
def test_bad_addresses(url: str) -> None:
    assert fault_of("API_URL", url)


@pytest.mark.parametrize(
    "url", ["http://localhost:1/x", "http://127.0.0.1/x", "http://[::1]:2/x", "https://a.example/x"]
)
def test_good_addresses(url: str) -> None:
    assert load({**CONTOSO, "PBI_CONNECTIONS__Contoso__API_URL": url}).connections["contoso"].api_url == url


def test_quotas_are_merged_over_the_built_in_table() -> None:
    quotas = '{"admin.getInfo": {"limit": 5, "window_s": 1.5}, "dataset.refresh": {"limit": null}}'
    connection = load({**CONTOSO, "PBI_CONNECTIONS__Contoso__QUOTAS": quotas}).connections["contoso"]
    assert connection.quotas["admin.getInfo"] == Quota(5, 1.5, 16)
    assert connection.quotas["dataset.refresh"].limit is None
    assert connection.quotas["admin.groups"] == BUILT_IN["admin.groups"]
    assert connection.quotas.keys() == BUILT_IN.keys()


def test_a_second_limit_keeps_its_proportion() -> None:
    quotas = '{"admin.groups": {"limit": 500, "window_s": 360}, "admin.items": {"limit": 5}}'
    table = load({**CONTOSO, "PBI_CONNECTIONS__Contoso__QUOTAS": quotas}).connections["contoso"].quotas
    assert (table["admin.groups"].burst, table["admin.groups"].burst_window_s) == (150, 6)
    assert (table["admin.items"].burst, table["admin.items"].burst_window_s) == (1, 60)


def test_a_share_of_the_quotas_is_left_to_others() -> None:
    quotas = '{"admin.modified": {"share": 1}, "default": {"limit": 9, "share": 0.5}}'
    settings = load({**CONTOSO, "PBI_CONNECTIONS__Contoso__QUOTAS": quotas, "QUOTA_SHARE": "0.75"})
    ours = {key: quota.left_to_us() for key, quota in settings.connections["contoso"].quotas.items()}
    assert (ours["admin.getInfo"].limit, ours["admin.getInfo"].in_flight) == (375, 12)
    assert (ours["admin.groups"].limit, ours["admin.groups"].burst) == (37, 11)
    assert ours["admin.modified"].limit == 30
    assert (ours["default"].limit, ours["default"].in_flight) == (4, 8)
    assert ours["users.refreshPermissions"].limit == 1
    assert Quota(3, 60.0, share=0.01).left_to_us().limit == 1


@pytest.mark.parametrize("share", ["0", "-1", "1.1", "all", "nan"])
def test_a_bad_quota_share(share: str) -> None:
    assert "QUOTA_SHARE" in faults({**CONTOSO, "QUOTA_SHARE": share})


@pytest.mark.parametrize(
    "value",
    [
        "[1]",
        "{",
        '{"default": 5}',
        '{"default": {"limit": true}}',
        '{"default": {"in_flight": -1}}',
        '{"default": {"share": 0}}',
    ],
)
def test_bad_quotas(value: str) -> None:
    assert fault_of("QUOTAS", value)


def test_identities_come_whole() -> None:
    assert faults({**CONTOSO, "PBI_CONNECTIONS__Contoso__ADMIN_CLIENT_ID": "a"})
    assert faults({**CONTOSO, "PBI_CONNECTIONS__Contoso__PASSWORD": "p"})
    assert faults({**CONTOSO, "PBI_CONNECTIONS__Contoso__USERNAME": "u"})
    user = load({**CONTOSO, "PBI_CONNECTIONS__Contoso__REFRESH_TOKEN": "r"}).connections["contoso"]
    assert user.has_user
    assert not user.has_admin


def test_the_same_field_twice_is_a_fault() -> None:
    assert (
        "twice"
        in faults({**CONTOSO, "PBI_CONNECTIONS__CONTOSO__CLIENT_ID": "other"})[
            "PBI_CONNECTIONS__CONTOSO__CLIENT_ID"
        ]
    )


def test_an_unresolved_key_vault_reference_is_a_fault() -> None:
    assert "Key Vault" in fault_of("CLIENT_SECRET", "@Microsoft.KeyVault(SecretUri=https://v/secrets/x)")


def test_storage_by_identity() -> None:
    assert load({"AzureWebJobsStorage__accountName": "account1"}).storage_account == "account1"
    assert faults({"AzureWebJobsStorage__accountName": "account1", "AzureWebJobsStorage": "a=b"})
    assert faults({"AzureWebJobsStorage__accountName": "Not-an-account"})


def test_the_emulators_short_form_is_its_connection_string() -> None:
    storage = load({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}).storage_connection
    assert storage is not None
    assert "AccountName=devstoreaccount1;" in storage.reveal()


def test_what_is_inside_a_secret_is_protected_too() -> None:
    load(
        {
            "AzureWebJobsStorage": "AccountName=x;AccountKey=a2V5LWluc2lkZQ==;BlobEndpoint=y",
            "PBI_SECRETS__SQL": '{"credentialType": "Basic", "password": "pw-inside-json"}',
        }
    )
    assert redact("a2V5LWluc2lkZQ== and pw-inside-json") == "[redacted] and [redacted]"


def test_blank_values_count_as_absent() -> None:
    assert (
        load({**CONTOSO, "PBI_CONNECTIONS__Contoso__ADMIN_CLIENT_ID": "  ", "POLL_SCALE": ""}).poll_scale
        == 1.0
    )
