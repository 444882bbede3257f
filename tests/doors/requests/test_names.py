"""Names of models in URLs and bodies."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.doors.fronts import OPEN
from tests.testapp.models import Customer

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.mark.parametrize(
    "name",
    [
        "booking",
        "Booking",
        "BOOKING",
        "bookings",
        "testapp.booking",
        "testapp.Booking",
    ],
)
def test_model_goes_by_several_names(configure, client, name) -> None:
    configure()
    in_body = {"_model": name, "_id": 1, "fields": "id"}

    assert {"id": 1} == client.get(f"/api/{name}/1?fields=id").json()
    assert {"id": 1} == client.post("/api/", in_body, content_type="application/json").json()


@pytest.mark.parametrize(
    "name", ["vipcustomer", "vip_customer", "vipcustomers", "vip_customers", "testapp.vipcustomer"]
)
def test_name_of_two_words_goes_with_and_without_underscore(configure, client, name) -> None:
    configure({"vipcustomer": OPEN["customer"]})

    assert {"id": 1} == client.get(f"/api/{name}/1?fields=id").json()


@pytest.mark.parametrize("name", ["company", "companys", "testapp.company"])
def test_plural_is_simple_or_said_by_the_model(configure, client, name) -> None:
    configure()

    assert {"id": 1} == client.get(f"/api/{name}/1?fields=id").json()


def test_verbose_plural_is_a_name(configure, client) -> None:
    configure({"contenttype": OPEN["company"]})

    for name in ("content_types", "contenttypes"):
        assert 200 == client.get(f"/api/{name}?fields=id&limit=1").status_code


def test_url_name_is_one_more_name(configure, client) -> None:
    configure({"booking": {**OPEN["booking"], "url_name": "reservations"}})

    for name in ("reservations", "testapp.booking", "bookings"):
        assert 200 == client.get(f"/api/{name}/1").status_code


def test_url_name_settles_whose_a_shared_name_is(configure, client) -> None:
    configure(
        {"booking": {**OPEN["booking"], "url_name": "customer"}, "customer": OPEN["customer"]}
    )

    assert "status" in client.get("/api/customer/1").json()
    assert "vip" in client.get("/api/testapp.customer/1").json()


def test_query_below_a_name_that_is_not_exposed_is_a_404(configure, client) -> None:
    configure()
    response = client.post("/api/nothing/query", {}, content_type="application/json")

    assert (404, "resource.not_found") == (response.status_code, response.json()["code"])


def test_entry_is_found_by_its_label(configure, client) -> None:
    configure({"testapp.booking": OPEN["booking"]})

    assert 200 == client.get("/api/bookings/1").status_code


@pytest.mark.parametrize(
    "url",
    [
        "/api/nothing/",
        "/api/nothing/1",
        "/api/user/",
        "/api/auth.user/",
        "/api/booking/1/2",
        "/api/booking//",
        "/api//",
        "/api/booking/query/1",
        "/api/%00/",
        "/api/..%2fbooking/",
        "/api/booking%20/",
    ],
)
def test_what_is_not_exposed_is_a_json_404(configure, client, url, django_assert_num_queries):
    configure()
    with django_assert_num_queries(0):
        response = client.get(url)

    assert (404, "application/json") == (response.status_code, response["Content-Type"])
    assert response.json()["code"] in {"resource.not_found", "not_found"}


def test_model_without_entry_answers_as_one_that_does_not_exist(configure, client) -> None:
    configure()
    User.objects.create_user("ann")

    assert client.get("/api/nothing/").json() == client.get("/api/user/").json()
    assert client.get("/api/nothing/1").content == client.get("/api/user/1").content


@pytest.mark.parametrize("url", ["/api/booking", "/api/booking/", "/api/booking?", "/api/bookings"])
def test_last_slash_makes_no_difference(configure, client, url) -> None:
    configure()

    assert 6 == len(client.get(url).json()["results"])


def test_url_and_body_may_name_the_model_differently(configure, client) -> None:
    configure()
    body = {"_model": "booking", "fields": "id", "_id": 1}
    response = client.post("/api/bookings/query", body, content_type="application/json")

    assert {"id": 1} == response.json()


def test_body_without_model_is_told_so(configure, client) -> None:
    configure()
    response = client.post("/api/", {}, content_type="application/json")

    assert (400, "_model") == (response.status_code, response.json()["path"])


def test_urls_beside_the_prefix_are_untouched(configure, client) -> None:
    configure()

    assert b"docs" == client.get("/apidocs/").content


def test_prefix_may_be_another_one(configure, client) -> None:
    configure(MIDDLEWARE_PATH="/data/")

    assert 200 == client.get("/data/booking/1").status_code
    assert b"<" in client.get("/api/booking/1").content


def test_proxy_and_its_model_stay_apart(configure, client) -> None:
    given = {"anon": {"fields": ["id"], "ops": ["get"]}}
    configure({"customer": OPEN["customer"], "vipcustomer": given})

    assert {"id"} == client.get("/api/vipcustomer/1").json().keys()
    assert Customer.objects.get(pk=1).name == client.get("/api/customer/1").json()["name"]
