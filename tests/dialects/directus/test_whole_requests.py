"""What holds for requests of any dialect holds here: the log, keys for repetition, caps, tokens."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.http import HttpRequest

from django_flex.exceptions import AuthenticationFailedError, TokenExpiredError
from tests.dialects.directus.asking import GRANT, Server
from tests.testapp.models import Company


def test_the_log_has_names_and_never_values(
    server: Server, expose: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    expose({"company": {"anon": GRANT}}, AUDIT_QUERIES=True)
    with caplog.at_level(logging.INFO, "django_flex.audit"):
        server.search("items/company", fields=["id"], filter={"_or": [{"name": {"_eq": "Globex"}}]})
        server.send("POST", "items/company", {"name": "Initech"})
        server.send("PATCH", "items/company", {"keys": [1], "data": {"tax_id": "T-99"}})
    read, added, edited = (record.getMessage() for record in caplog.records)
    assert "fields=id" in read
    assert "filters=_or.name._eq" in read
    assert "rows=1" in read
    assert "written=name" in added
    assert "written=tax_id" in edited
    for value in ("Globex", "Initech", "T-99"):
        assert value not in caplog.text


def test_a_write_with_a_key_is_done_once(server: Server) -> None:
    replies = [
        server.client.post(
            "/api/items/company",
            {"name": "Once"},
            content_type="application/json",
            headers={"Idempotency-Key": "a-key"},
        )
        for _ in range(2)
    ]
    assert replies[0].json() == replies[1].json()
    assert 1 == Company.objects.filter(name="Once").count()
    other = server.client.post(
        "/api/items/company",
        {"name": "Other"},
        content_type="application/json",
        headers={"Idempotency-Key": "a-key"},
    )
    assert (422, "UNPROCESSABLE_CONTENT") == (
        other.status_code,
        other.json()["errors"][0]["extensions"]["code"],
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"fields": ",".join(["id"] * 2_000)},
        {"fields": [f"a{number}" for number in range(300)]},
        {"filter": {"_and": [{"id": {"_gt": 0}}] * 200}},
        {"filter": {"id": {"_in": list(range(2_000))}}},
        {"sort": ",".join(["id"] * 20)},
        {"offset": 1_000_000},
        {"page": 1_000_000},
        {"deep": {"lines": {"_offset": 1_000_000}}, "fields": "lines.id"},
        {"search": "x" * 5_000},
    ],
    ids=["terms", "fields", "conditions", "values", "orders", "offset", "page", "deep", "search"],
)
def test_the_caps_of_a_query_hold(asked: dict[str, Any], server: Server) -> None:
    found = server.search("items/booking", **asked)
    assert (400, "INVALID_QUERY", 0) == (found.status, found.code, found.statements)


def test_all_rows_are_no_more_than_the_cap(server: Server, expose: Callable[..., None]) -> None:
    expose({"booking": {"anon": GRANT}}, MAX_LIMIT=2)
    assert [1, 2] == server.get("items/booking", limit=-1, fields="id").ids


@pytest.mark.parametrize("key", ["%00", "%2F", "..", "a%2Fb", "%F0%9F%82%A1", "1%201", "-1", "1e3"])
def test_no_key_in_a_url_is_an_error_of_the_server(key: str, server: Server) -> None:
    for name in ("booking", "tag"):
        for method in ("GET", "PATCH", "DELETE"):
            body: Any = {} if method == "PATCH" else None
            found = server.send(method, f"items/{name}/{key}", body)
            assert found.status in {400, 403, 404}, found.content


class Refusing:
    """An authenticator that refuses what the request says."""

    def authenticate(self, request: HttpRequest) -> NoReturn:
        if request.headers["Authorization"] == "Bearer old":
            raise TokenExpiredError
        raise AuthenticationFailedError("The token is invalid")

    def authenticate_header(self, _request: HttpRequest) -> str:
        return "Bearer"


@pytest.mark.parametrize(
    ("token", "code"), [("old", "TOKEN_EXPIRED"), ("wrong", "INVALID_CREDENTIALS")]
)
def test_clients_can_tell_a_token_that_has_expired(
    token: str, code: str, server: Server, expose: Callable[..., None]
) -> None:
    expose({"tag": {"anon": GRANT}}, AUTHENTICATION=[Refusing])
    for path in ("items/tag", "users/me", "collections", "permissions/me"):
        response = server.client.get(f"/api/{path}", headers={"Authorization": f"Bearer {token}"})
        assert 401 == response.status_code
        assert code == json.loads(response.content)["errors"][0]["extensions"]["code"]
