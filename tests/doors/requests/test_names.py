"""Names of models in URLs and bodies."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import include, path
from django.utils import translation

from django_flex.conf import configuration
from tests.doors.fronts import OPEN, Urls
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


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("company", "companies"),
        ("company", "Companies"),
        ("company", "companys"),  # what Django makes of it
        ("address", "addresses"),
        ("tag", "tags"),
        ("vipcustomer", "vip_customers"),
        ("vipcustomer", "vipcustomers"),
    ],
)
def test_plural_is_english_or_what_the_model_says(configure, client, model, name) -> None:
    configure({model: {"anon": {"fields": ["*"], "ops": ["list"]}}})
    body = {"_model": name, "fields": "pk"}

    assert 200 == client.get(f"/api/{name}/?fields=pk").status_code
    assert 200 == client.post("/api/", body, content_type="application/json").status_code


def test_the_language_of_a_request_changes_no_name(configure, client) -> None:
    configure({"contenttype": OPEN["company"]})
    with translation.override("de"):
        names = [*configuration().versions[None].policy.names]
    configuration.cache_clear()
    with translation.override("en"):
        assert names == [*configuration().versions[None].policy.names]

    assert 200 == client.get("/api/content_types?limit=1").status_code


def test_plurals_that_two_models_share_are_an_error(configure) -> None:
    configure({"company": {"url_name": "addresses"}, "address": OPEN["address"]})
    (problem,) = configuration().versions[None].problems

    assert ("E010", "'addresses' is also a name of 'company'") == (problem.id, problem.message)


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


def test_prefix_lists_the_models_of_the_caller(configure, client) -> None:
    given = {"anon": {"fields": ["id"], "ops": ["get"]}}
    own = {**OPEN["tag"], "url_name": "labels"}
    configure({"vipcustomer": given, "tag": own, "company": {"staff": "*"}, "line": {"anon": {}}})

    models = client.get("/api/").json()["models"]

    assert {"vipcustomer", "tag"} == models.keys()
    assert (["get"], "/api/labels/") == (models["vipcustomer"]["operations"], models["tag"]["url"])
    assert 200 == client.get(f"{models['vipcustomer']['url']}1").status_code
    assert 200 == client.get(models["tag"]["url"]).status_code


def test_prefix_lists_the_same_by_get_and_by_options(configure, client) -> None:
    configure()

    assert client.get("/api/").json() == client.options("/api/").json()
    assert b"" == client.head("/api/").content
    assert (
        304
        == client.get("/api/", headers={"If-None-Match": client.get("/api/")["ETag"]}).status_code
    )


def test_included_urls_list_the_models_under_their_own_prefix(configure, client, settings) -> None:
    configure()
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = Urls(path("data/v1/", include("django_flex.urls")))

    assert "/data/v1/bookings/" == client.get("/data/v1/").json()["models"]["booking"]["url"]


def test_prefix_needs_an_identity_where_reads_do(configure, client) -> None:
    configure(REQUIRE_AUTHENTICATION=True)

    assert (401, "auth.required") == (
        client.get("/api/").status_code,
        client.get("/api/").json()["code"],
    )


@pytest.mark.parametrize("query", ["fields=id", "_model=booking", "q={}", "x", "filters.id=1"])
def test_prefix_takes_no_query(configure, client, query) -> None:
    configure()
    response = client.get(f"/api/?{query}")

    assert (400, query.partition("=")[0]) == (response.status_code, response.json()["path"])


def test_prefix_takes_no_body_of_a_get(configure, client) -> None:
    configure()
    response = client.generic("GET", "/api/", '{"_model": "booking"}', "application/json")

    assert (400, "body") == (response.status_code, response.json()["path"])


@pytest.mark.parametrize("name", ["Booking", "BOOKINGS", "testapp.Booking"])
def test_a_name_in_a_body_beside_one_in_a_url_is_read_in_any_case(configure, client, name) -> None:
    configure()
    body = {"_model": name, "fields": "id", "_id": 1}

    assert {"id": 1} == client.post(
        "/api/booking/query", body, content_type="application/json"
    ).json()
