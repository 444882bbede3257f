"""``GET {prefix}openapi.json``: the document as the caller sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.openapi.conftest import EXPOSE

URL = "/api/openapi.json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(configure: Any) -> Client:
    configure(EXPOSE, OPENAPI=True)
    return Client()


def test_the_setting_is_off_by_default(configure: Any) -> None:
    configure(EXPOSE)

    assert Client().get(URL).json()["code"] == "resource.not_found"


def test_a_caller_gets_the_document_of_their_role(client: Client, django_user_model: Any) -> None:
    reply = client.get(URL)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert [*reply.json()["paths"]] == ["/api/", "/api/bookings/", "/api/bookings/query"]

    client.force_login(django_user_model.objects.create(username="x", is_superuser=True))
    assert "/api/customers/{key}" in client.get(URL).json()["paths"]


def test_the_document_is_read_without_a_statement(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        client.get(URL)


def test_the_release_is_a_parameter(client: Client) -> None:
    assert client.get(URL).json()["openapi"] == "3.1.1"
    assert client.get(f"{URL}?openapi=3.2").json()["openapi"] == "3.2.0"
    refused = client.get(f"{URL}?openapi=2")
    assert (refused.status_code, refused.json()["hint"]) == (400, "one of 3.1, 3.2")
    refused = client.get(f"{URL}?fields=id")
    assert (refused.status_code, refused.json()["path"]) == (400, "fields")


def test_a_document_that_the_client_has_is_not_sent_again(client: Client) -> None:
    reply = client.get(URL)
    again = client.get(URL, headers={"If-None-Match": reply.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_only_get_and_head(client: Client) -> None:
    head = client.head(URL)
    assert (head.status_code, head.content) == (200, b"")
    refused = client.post(URL, "{}", content_type="application/json")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_who_is_not_signed_in_gets_a_401_where_that_is_needed(configure: Any) -> None:
    configure(EXPOSE, OPENAPI=True, REQUIRE_AUTHENTICATION=True)

    assert Client().get(URL).status_code == 401


@pytest.mark.usefixtures("unused_caches")
def test_it_is_counted_like_other_descriptions(configure: Any) -> None:
    configure(EXPOSE, OPENAPI=True, RATE_LIMIT=1)

    assert Client().get(URL).status_code == 200
    refused = Client().get(URL)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)


def test_a_document_has_no_room_for_a_status(configure: Any) -> None:
    configure(EXPOSE, OPENAPI=True, ALWAYS_HTTP_200=True)
    reply = Client().get(URL)

    again = Client().get(URL, headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status_code == 200
    assert "status_code" not in json.loads(again.content)


def test_labels_are_in_the_language_of_the_caller(configure: Any) -> None:
    configure(EXPOSE, OPENAPI=True, ACCEPT_LANGUAGE=True)
    reply = Client().get(URL, headers={"Accept-Language": "de"})

    assert reply.headers["Content-Language"] == "de"
    assert "Accept-Language" in reply.headers["Vary"]


def test_a_version_has_its_own(configure: Any) -> None:
    versions = {"v2": {"path": "/api/v2/", "OPENAPI": True}}
    configure(EXPOSE, VERSIONS=versions)

    assert Client().get(URL).status_code == 404
    assert "/api/v2/bookings/" in Client().get("/api/v2/openapi.json").json()["paths"]
