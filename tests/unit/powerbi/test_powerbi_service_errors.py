"""The error parser: every body shape the service is known to send, and no bytes that make it raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.powerbi.service_errors import parse, parse_refresh_failure, query_fault

JSON = {"Content-Type": "application/json"}


def parsed(document: object, status: int = 400, **headers: str) -> tuple[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fault = parse(status, {**JSON, **named}, json.dumps(document).encode())
    return fault.code, fault.message


def test_shape_1_nested_power_bi_error() -> None:
    detail = {
        "code": "DM_ErrorDetailNameCode_UnderlyingErrorMessage",
        "detail": {"type": 1, "value": "no gateway"},
    }
    document = {
        "error": {
            "code": "DM_GWPipeline_Client_GatewayUnreachable",
            "pbi.error": {
                "code": "DM_GWPipeline_Client_GatewayUnreachable",
                "parameters": {},
                "details": [detail],
                "exceptionCulprit": 1,
            },
        }
    }
    assert parsed(document) == ("DM_GWPipeline_Client_GatewayUnreachable", "no gateway")


@pytest.mark.parametrize("key", ["message", "Message"])
def test_shape_2_message_alone(key: str) -> None:
    assert parsed({key: "Retry in 3392 seconds."}, 429) == ("http.429", "Retry in 3392 seconds.")


def test_shape_3_entra() -> None:
    document = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid",
        "error_codes": [7000215],
    }
    assert parsed(document, 401) == ("invalid_client", "AADSTS7000215: Invalid")


def test_shape_4_fabric() -> None:
    document = {
        "requestId": "r-1",
        "errorCode": "ItemDisplayNameAlreadyInUse",
        "message": "in use",
        "moreDetails": [{"errorCode": "Inner", "message": "more"}],
        "isRetriable": False,
    }
    fault = parse(409, JSON, json.dumps(document).encode())
    assert (fault.code, fault.message, fault.request_id) == (
        "ItemDisplayNameAlreadyInUse",
        "in use | more",
        "r-1",
    )
    assert fault.codes == ("ItemDisplayNameAlreadyInUse", "Inner")
    assert fault.retriable is False


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"An error has occurred", "An error has occurred"), (b"<html><h1>Bad</h1></html>", "Bad"), (b"", "")],
)
def test_shape_5_text_html_nothing(body: bytes, text: str) -> None:
    fault = parse(500, {}, body)
    assert (fault.code, fault.message) == ("http.500", text)


def test_shape_6_refresh_failure() -> None:
    assert parse_refresh_failure('{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}').code == (
        "ModelRefreshFailed_CredentialsNotSpecified"
    )
    fault = parse_refresh_failure('{"error":{"code":"X","pbi.error":{"code":"Y","details":[]}}}')
    assert fault.codes == ("X", "Y")
    assert parse_refresh_failure("not json").message == "not json"
    assert parse_refresh_failure(None).code == "refresh.failed"


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"code": "Dax"}},
        {"results": [{"error": {"code": "Dax"}}]},
        {"results": [{"tables": [{"rows": []}, {"error": {"code": "Dax"}}]}]},
    ],
)
def test_shape_7_success_with_an_error(document: object) -> None:
    fault = query_fault(document)
    assert fault is not None
    assert fault.code == "Dax"
    assert query_fault({"results": [{"tables": [{"rows": []}]}]}) is None


def test_header_codes_come_first_and_the_body_may_be_empty() -> None:
    fault = parse(403, {"X-PowerBI-Error-Info": "TokenExpired", "requestid": "r-9"}, b"")
    assert (fault.code, fault.request_id) == ("TokenExpired", "r-9")
    both = parse(400, {"x-powerbi-error-info": "Outer"}, b'{"error":{"code":"Inner"}}')
    assert both.codes == ("Outer", "Inner")
    assert (
        parse(403, {"x-ms-public-api-error-code": "InsufficientPrivileges"}, b"").code
        == "InsufficientPrivileges"
    )


def test_blob_storage_answers_in_xml() -> None:
    body = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code><Message>no</Message></Error>"
    assert parse(403, {}, body).codes == ("AuthenticationFailed",)


def test_secrets_in_the_services_text_do_not_survive() -> None:
    assert "abcdefgh1234" not in parsed({"message": "token Bearer abcdefgh1234 refused"})[1]


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "code",
                    "message",
                    "Message",
                    "pbi.error",
                    "details",
                    "detail",
                    "value",
                    "errorCode",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-powerbi-error-info", "x-powerbi-error-details", "RequestId", "Other"]),
    st.text(),
    max_size=4,
)


@given(
    status=st.integers(300, 599),
    headers=HEADERS,
    body=st.binary() | DOCUMENTS.map(lambda d: json.dumps(d).encode()),
)
def test_no_answer_makes_the_parser_raise(status: int, headers: dict[str, str], body: bytes) -> None:
    fault = parse(status, headers, body)
    assert fault.code
    assert fault.codes[0] == fault.code
    assert len(fault.message) <= 2000


@given(DOCUMENTS)
def test_no_query_answer_makes_the_parser_raise(document: object) -> None:
    query_fault(document)


def test_deep_nesting_is_survived() -> None:
    assert parse(400, {}, b'{"error":' * 5000 + b"1" + b"}" * 5000).code == "http.400"
