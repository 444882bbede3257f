"""HTTP manners: entity tags, HEAD, links, caches, preferences, problem documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import OPEN, Door, HttpDoor, RestGet, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

LIST = "?fields=id,status"


@pytest.fixture
def api(settings: Any, db: None) -> RestGet:
    """The middleware, open to everybody."""
    door = RestGet(settings)
    door.open("booking", OPEN, {})
    return door


def url_of(door: HttpDoor, pk: int | None) -> str:
    """Return the URL of the list, or of a row."""
    return f"{door.path}{'' if pk is None else pk}{LIST}"


@pytest.mark.parametrize("pk", [None, 1], ids=["list", "get"])
def test_tag_that_still_holds_is_a_304(served: HttpDoor, pk) -> None:
    first = served.request("GET", url_of(served, pk))
    again = served.request("GET", url_of(served, pk), headers={"If-None-Match": first["ETag"]})

    assert (200, 304, b"") == (first.status_code, again.status_code, again.content)
    assert first["ETag"] == again["ETag"]


@pytest.mark.parametrize("pk", [None, 1], ids=["list", "get"])
def test_tag_changes_with_the_rows(served: HttpDoor, pk) -> None:
    first = served.request("GET", url_of(served, pk))
    Booking.objects.filter(pk=1).update(status="moved")
    again = served.request("GET", url_of(served, pk), headers={"If-None-Match": first["ETag"]})

    assert 200 == again.status_code
    assert first["ETag"] != again["ETag"]


def test_tag_of_a_get_is_strong_and_of_a_list_weak(api: RestGet) -> None:
    assert api.request("GET", "/api/booking/1")["ETag"].startswith('"')
    assert api.request("GET", "/api/booking/")["ETag"].startswith('W/"')


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param("{tag}", 304, id="same"),
        pytest.param('"x", {tag}', 304, id="among-others"),
        pytest.param("W/{tag}", 304, id="weak"),
        pytest.param("*", 304, id="any"),
        pytest.param('"x"', 200, id="other"),
        pytest.param("nonsense", 200, id="no-tag"),
        pytest.param("", 200, id="empty"),
    ],
)
def test_if_none_match_is_compared_weakly(api: RestGet, sent: str, status: int) -> None:
    tag = api.request("GET", "/api/booking/1")["ETag"]
    response = api.request("GET", "/api/booking/1", headers={"If-None-Match": sent.format(tag=tag)})

    assert status == response.status_code


def test_tags_of_two_queries_differ(api: RestGet) -> None:
    first = api.request("GET", "/api/booking/1?fields=id")
    second = api.request("GET", "/api/booking/1?fields=status")

    assert first["ETag"] != second["ETag"]


def test_errors_have_no_tag(api: RestGet) -> None:
    assert "ETag" not in api.request("GET", "/api/booking/999").headers


@pytest.mark.parametrize("pk", [None, 1, 999], ids=["list", "get", "error"])
def test_head_is_a_get_without_its_body(served: HttpDoor, pk) -> None:
    get = served.request("GET", url_of(served, pk))
    head = served.request("HEAD", url_of(served, pk))

    assert (get.status_code, b"") == (head.status_code, head.content)
    assert str(len(get.content)) == head["Content-Length"]
    assert get.headers.get("ETag") == head.headers.get("ETag")


@pytest.mark.parametrize("pk", [None, 1, 999], ids=["list", "get", "error"])
def test_replies_are_private_to_the_caller(served: HttpDoor, pk) -> None:
    response = served.request("GET", url_of(served, pk))

    assert "private" in response["Cache-Control"]
    assert {"Accept", "Authorization", "Cookie", "Prefer"} <= set(response["Vary"].split(", "))


def test_link_leads_to_the_next_page(served: HttpDoor) -> None:
    url, seen = f"{served.path}?fields=id&limit=4&order_by=-id", []
    while url:
        response = served.request("GET", url)
        seen += response.json()["pagination"]["ids"]
        link = response.headers.get("Link", "")
        # A backend that pages by cursor alone has a link back on its last page.
        assert not link or link.endswith(('>; rel="next"', '>; rel="prev"'))
        url = link.partition(">")[0].removeprefix("<") if link.endswith('"next"') else ""

    assert [6, 5, 4, 3, 2, 1] == seen


@pytest.mark.parametrize(
    "parameters",
    [
        "limit=2&filters.status.in=confirmed,pending",
        'limit=2&q={"filters":{"urgent":true}}',
        "limit=2&filters.customer.name.icontains=kh%26%20a",
        "offset=1&limit=2",
        "limit=2&offset=0",
    ],
)
def test_link_asks_the_same_question(api: RestGet, parameters: str) -> None:
    response = api.request("GET", f"/api/booking/?{parameters}")
    following = response.json()["pagination"].get("next")
    if following is None:
        assert "Link" not in response.headers
        return
    link = response["Link"].partition(">")[0].removeprefix("<")

    by_body = api.request("POST", "/api/booking/query", following)
    assert by_body.json() == api.request("GET", link).json()


def test_link_is_not_given_for_a_body(api: RestGet) -> None:
    assert "Link" not in api.request("POST", "/api/booking/query", {"limit": 1}).headers


@pytest.mark.parametrize("pk", [None, 999], ids=["denied", "missing"])
def test_problem_document_is_given_to_who_asks(served: HttpDoor, pk) -> None:
    url = f"{served.path}?fields=nothing" if pk is None else f"{served.path}{pk}"
    plain = served.request("GET", url)
    problem = served.request("GET", url, headers={"Accept": "application/problem+json"})

    expected = {key: value for key, value in plain.json().items() if key != "error"}
    assert "application/problem+json" == problem["Content-Type"]
    assert {
        "type": "about:blank",
        "title": plain.json()["error"],
        "status": plain.status_code,
        **expected,
    } == problem.json()


@pytest.mark.parametrize("method", ["GET", "QUERY"])
def test_lenient_handling_leaves_unknown_keys_out(served: HttpDoor, method: str) -> None:
    url = f"{served.path}?fields=id&limit=1&colour=red"
    strict = served.request(method, url)
    lenient = served.request(method, url, headers={"Prefer": "handling=lenient"})

    assert (400, 200) == (strict.status_code, lenient.status_code)
    assert {"1": {"id": 1}} == lenient.json()["results"]


def test_lenient_handling_forgives_no_denied_field(api: RestGet) -> None:
    headers = {"Prefer": "handling=lenient"}
    response = api.request("GET", "/api/booking/?fields=nothing", headers=headers)

    assert 403 == response.status_code


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param({"fields": "id", "limit": 1}, 200, id="list"),
        pytest.param({"fields": "nothing"}, 403, id="denied"),
        pytest.param({"limit": "x"}, 400, id="bad"),
    ],
)
def test_status_is_in_the_object_of_every_door(any_door: Door, query, status) -> None:
    reply = any_door.list(query, ALWAYS_HTTP_200=True)

    assert status == reply.body["status_code"]
    assert reply.status in {200, status}  # code that asks by itself sees the status as ever
    assert ("results" in reply.body) == (status == 200)


class TestAlways200:
    """``ALWAYS_HTTP_200``: the status stands in the object."""

    @pytest.fixture(params=["middleware", "view", "viewset", "urls"])
    def door(self, request, settings, db) -> HttpDoor:
        from tests.doors.fronts import SERVED_DOORS

        made = SERVED_DOORS[request.param](settings)
        made.open("booking", grant(), {"ALWAYS_HTTP_200": True})
        return made

    @pytest.mark.parametrize(
        ("method", "rest", "status"),
        [
            pytest.param("GET", "", 200, id="list"),
            pytest.param("GET", "1?fields=id", 200, id="get"),
            pytest.param("GET", "999", 404, id="missing"),
            pytest.param("GET", "?fields=nothing", 403, id="denied"),
            pytest.param("GET", "?limit=x", 400, id="bad"),
            pytest.param("DELETE", "", 405, id="method"),
            pytest.param("OPTIONS", "", 200, id="options"),
        ],
    )
    def test_status_is_in_the_object(self, door, method, rest, status) -> None:
        response = door.request(method, f"{door.path}{rest}")

        assert (200, status) == (response.status_code, response.json()["status_code"])

    def test_nobody_is_told_401_by_http(self, settings, door) -> None:
        door.configure(grant(), {"ALWAYS_HTTP_200": True, "REQUIRE_AUTHENTICATION": True})
        response = door.request("GET", door.path)

        assert (200, 401) == (response.status_code, response.json()["status_code"])

    def test_tag_does_not_make_a_304(self, door) -> None:
        tag = door.request("GET", f"{door.path}1")["ETag"]
        again = door.request("GET", f"{door.path}1", headers={"If-None-Match": tag})

        assert (200, 200) == (again.status_code, again.json()["status_code"])
