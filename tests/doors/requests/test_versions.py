"""API versions: their own settings, what they inherit, the longest prefix."""

from __future__ import annotations

import pytest

from django_flex import FlexQuery

pytestmark = pytest.mark.usefixtures("bookings")

ONLY_ID = {"booking": {"anon": {"fields": ["id"], "ops": ["get", "list"]}}}
WITH_STATUS = {"booking": {"anon": {"fields": ["id", "status"], "ops": ["get", "list"]}}}
VERSIONS = {
    "v1": {"path": "/api/v1/", "EXPOSE": WITH_STATUS, "MAX_LIMIT": 3},
    "strict": {"path": "/strict/", "REQUIRE_AUTHENTICATION": True},
    "nested": {"path": "/api/bookings/", "EXPOSE": {"customer": {"anon": "*"}}},
}


@pytest.fixture(autouse=True)
def versioned(configure) -> None:
    configure(ONLY_ID, MAX_LIMIT=5, VERSIONS=VERSIONS)


@pytest.mark.parametrize(
    ("url", "keys", "limit"),
    [
        pytest.param("/api/booking/", {"id"}, 5, id="unversioned"),
        pytest.param("/api/v1/booking/", {"id", "status"}, 3, id="version"),
        pytest.param("/api/v1/bookings/", {"id", "status"}, 3, id="version-by-plural"),
    ],
)
def test_longest_prefix_decides(client, django_assert_num_queries, url, keys, limit) -> None:
    with django_assert_num_queries(1):
        body = client.get(f"{url}?limit=200").json()

    assert limit == body["pagination"]["limit"]
    assert keys == body["results"]["1"].keys()


def test_longest_prefix_wins_over_a_model_of_that_name(client) -> None:
    assert 404 == client.get("/api/bookings/1").status_code
    assert 200 == client.get("/api/bookings/customer/1").status_code


def test_version_inherits_what_it_does_not_set(client) -> None:
    response = client.get("/strict/booking/")

    assert (401, "Authentication required") == (
        response.status_code,
        response.json()["error"],
    )


def test_expose_of_a_version_replaces(client) -> None:
    assert 404 == client.get("/api/v1/customer/").status_code


def test_single_endpoint_belongs_to_its_version(client) -> None:
    body = {"_model": "booking", "_id": 1}
    response = client.post("/api/v1/", body, content_type="application/json")

    assert {"id": 1, "status": "confirmed"} == response.json()


def test_code_names_its_version() -> None:
    assert {"id": 1} == FlexQuery("booking").execute({"_id": 1}).to_dict()
    assert {"id": 1, "status": "confirmed"} == FlexQuery("booking", version="v1").execute(
        {"_id": 1}
    ).to_dict()


def test_version_that_does_not_exist_is_a_mistake_in_the_code() -> None:
    with pytest.raises(KeyError):
        FlexQuery("booking", version="v9").execute({})


def test_deprecation_and_sunset_are_said_on_every_reply(configure, client) -> None:
    old = {
        "path": "/api/old/",
        "deprecation": "@1767225600",
        "sunset": "Sat, 31 Dec 2026 23:59:59 GMT",
    }
    configure(ONLY_ID, VERSIONS={"old": old})

    for url in ("/api/old/booking/", "/api/old/booking/1", "/api/old/nothing/"):
        headers = client.get(url).headers
        assert ("@1767225600", "Sat, 31 Dec 2026 23:59:59 GMT") == (
            headers["Deprecation"],
            headers["Sunset"],
        )
    assert "Deprecation" not in client.get("/api/booking/").headers


def test_settings_can_be_overridden(settings, client) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": WITH_STATUS}

    assert {"id": 1, "status": "confirmed"} == client.get("/api/booking/1").json()


def test_urls_outside_the_prefixes_are_untouched(client) -> None:
    response = client.get("/apidocs/")

    assert (200, b"docs") == (response.status_code, response.content)
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("url", ["/api", "/apis/booking/", "/API/booking/", "/"])
def test_only_the_prefix_itself_is_served(client, url) -> None:
    assert "application/json" != client.get(url).headers["Content-Type"]
