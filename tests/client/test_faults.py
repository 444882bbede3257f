"""What happens when servers and connections fail: what is sent again, and what an error says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from django_flex.client import (
    NO_RETRIES,
    ApiError,
    BadQuery,
    ConnectionFailed,
    Forbidden,
    NotFound,
    NotFoundOrForbidden,
    ProtocolError,
    RateLimited,
    Retry,
    ServerError,
    TimedOut,
    ValidationFailed,
)
from tests.client.directus_server import DirectusServer
from tests.client.shells import Shell, directus

Fault = Callable[[httpx2.Request], httpx2.Response | None]


def server(*faults: Fault) -> DirectusServer:
    rows = [{"id": 1, "name": "ada"}, {"id": 2, "name": "bob"}]
    return DirectusServer({"people": rows}, faults=list(faults))


def status(code: int, **options: Any) -> Fault:
    return lambda _: httpx2.Response(code, **options)


def broken(kind: type[httpx2.TransportError]) -> Fault:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise kind("it broke", request=request)

    return fail


NO_JSON = {
    "text": "<html><h1>502 Bad Gateway</h1></html>",
    "headers": {"Content-Type": "text/html"},
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(broken(httpx2.ConnectError), id="unreachable"),
        pytest.param(broken(httpx2.ReadError), id="reset"),
        pytest.param(broken(httpx2.ReadTimeout), id="slow"),
        pytest.param(broken(httpx2.RemoteProtocolError), id="closed"),
        pytest.param(status(429, json={}), id="429"),
        pytest.param(status(429, headers={"Retry-After": "0"}), id="429 with Retry-After"),
        pytest.param(status(502, **NO_JSON), id="502"),
        pytest.param(status(503), id="503"),
        pytest.param(status(504), id="504"),
    ],
)
def test_a_read_is_sent_again(shell: Shell, fault: Fault) -> None:
    made = server(fault, fault)
    assert len(shell.run(directus(shell, made).collection("people").list())) == 2
    assert len(made.asked) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(broken(httpx2.ConnectError), ConnectionFailed, id="unreachable"),
        pytest.param(broken(httpx2.ReadTimeout), TimedOut, id="slow"),
        pytest.param(status(429), RateLimited, id="429"),
        pytest.param(status(503), ServerError, id="503"),
    ],
)
def test_retries_end(shell: Shell, fault: Fault, error: type[Exception]) -> None:
    made = server(*[fault] * 9)
    with pytest.raises(error) as raised:
        shell.run(directus(shell, made).collection("people").list())
    assert len(made.asked) == 4
    assert raised.value.retryable  # type: ignore[attr-defined] # of ours


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        pytest.param(broken(httpx2.ConnectError), 2, id="never arrived"),
        pytest.param(broken(httpx2.ReadError), 1, id="may have arrived"),
        pytest.param(broken(httpx2.ReadTimeout), 1, id="may be running"),
        pytest.param(status(429), 2, id="refused"),
        pytest.param(status(503), 1, id="may have failed half-way"),
    ],
)
def test_a_write_without_a_key_is_only_sent_again_if_it_did_not_begin(
    shell: Shell, fault: Fault, sent: int
) -> None:
    made = server(fault)
    call = lambda: shell.run(directus(shell, made).collection("people").create({"name": "eve"}))  # noqa: E731
    if sent == 1:
        with pytest.raises((ApiError, ConnectionFailed, TimedOut)):
            call()
    else:
        assert call() == {"id": 3, "name": "eve"}
    assert len(made.asked) == sent
    assert len(made.collections["people"]) == (2 if sent == 1 else 3)


def test_a_long_wait_is_left_to_the_program(shell: Shell) -> None:
    made = server(status(429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited) as raised:
        shell.run(directus(shell, made).collection("people").list())
    assert raised.value.retry_after == 3600
    assert len(made.asked) == 1


def test_a_client_without_retries_sends_once(shell: Shell) -> None:
    made = server(status(503))
    with pytest.raises(ServerError):
        shell.run(directus(shell, made, retries=NO_RETRIES).collection("people").list())
    assert len(made.asked) == 1


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        pytest.param(
            status(502, **NO_JSON), ServerError, "502 Bad Gateway", id="the page of a proxy"
        ),
        pytest.param(status(500), ServerError, "no content", id="empty"),
        pytest.param(status(200, text='{"data": ['), ProtocolError, '"data"', id="truncated"),
        pytest.param(
            status(200, text="<!doctype html><p>Hello"), ProtocolError, "Hello", id="HTML"
        ),
        pytest.param(status(200, json=[1]), ProtocolError, "not a JSON object", id="a list"),
        pytest.param(status(200, json={"rows": []}), ProtocolError, "list of rows", id="no data"),
        pytest.param(
            status(301, headers={"Location": "https://b.example/"}),
            ProtocolError,
            "redirects to https://b.example/",
            id="redirect",
        ),
        pytest.param(status(200, content=b"\xff\xfe\x00"), ProtocolError, "no JSON", id="binary"),
    ],
)
def test_a_reply_that_makes_no_sense_shows_its_beginning(
    shell: Shell, fault: Fault, error: type[Exception], told: str
) -> None:
    made = server(fault)
    with pytest.raises(error, match=told):
        shell.run(directus(shell, made, retries=NO_RETRIES).collection("people").list())


def refusal(code: int, name: str, **extensions: Any) -> Fault:
    error = {"message": "No.", "extensions": {"code": name, **extensions}}
    return status(code, json={"errors": [error]}, headers={"X-Request-Id": "r-7"})


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(403, "FORBIDDEN"), NotFoundOrForbidden),
        (refusal(403, "FORBIDDEN"), NotFound),
        (refusal(403, "FORBIDDEN"), Forbidden),
        (refusal(400, "INVALID_QUERY"), BadQuery),
        (refusal(400, "FAILED_VALIDATION", field="name"), ValidationFailed),
        (refusal(500, "INTERNAL_SERVER_ERROR"), ServerError),
    ],
    ids=range(6),
)
def test_an_error_says_what_the_server_said(
    shell: Shell, fault: Fault, error: type[ApiError]
) -> None:
    with pytest.raises(error) as raised:
        shell.run(directus(shell, server(fault)).collection("people").list())
    assert raised.value.message == "No."
    assert raised.value.request_id == "r-7"
    assert raised.value.code
    if error is ValidationFailed:
        assert raised.value.fields == {"name": ["No."]}


def test_the_wait_is_random_and_doubles() -> None:
    retry = Retry(backoff=1.0, max_delay=5.0)
    assert [retry.delay(attempt, None, lambda: 1.0) for attempt in range(4)] == [1, 2, 4, 5]
    assert [retry.delay(attempt, None, lambda: 0.5) for attempt in range(2)] == [0.5, 1]
