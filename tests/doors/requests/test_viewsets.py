"""Viewsets of REST framework: their rows, lookups and permissions hold beside those of the grant."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned
from django.db import connection
from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from django_flex.contrib.rest_framework import FlexViewSetMixin
from tests.doors.fronts import MIDDLEWARE, Urls, grant, touches_rows
from tests.testapp.models import Booking, Company, Customer

pytestmark = pytest.mark.usefixtures("bookings")

OPS = ["get", "list", "add", "edit", "delete", "aggregate"]


class Bookings(FlexViewSetMixin, GenericViewSet[Booking]):  # type: ignore[misc]  # its methods are ours
    queryset = Booking.objects.all()


class Answer:
    """A reply, with the statements about rows that it took."""

    def __init__(self, response: Any, statements: int) -> None:
        self.status, self.statements, self.headers = response.status_code, statements, response
        self.body = json.loads(response.content) if response.content else None


@pytest.fixture
def serve(settings: Any) -> Any:
    """Return a function that serves a viewset below ``/own/``, and gives one to send requests by."""

    def put_up(viewset: Any = Bookings, expose: Any = None, **options: Any) -> Any:
        settings.MIDDLEWARE = MIDDLEWARE
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": expose or grant(ops=OPS, aggregates=["*"]),
        }
        router = SimpleRouter(trailing_slash=False)
        made: Any = type("TheViewSet", (viewset,), options)
        router.register("own", made, basename="own")
        settings.ROOT_URLCONF = Urls(path("", include(router.urls)))
        client = Client()

        def send(method: str, rest: str = "", body: Any = None) -> Answer:
            with CaptureQueriesContext(connection) as captured:
                response = client.generic(
                    method,
                    f"/own{rest}",
                    "" if body is None else json.dumps(body),
                    content_type="application/json",
                )
            ran = [q["sql"] for q in captured.captured_queries if touches_rows(q["sql"])]
            return Answer(response, len(ran))

        return send

    return put_up


def only(keys: list[int]) -> Any:
    return lambda self: Booking.objects.filter(pk__in=keys)


#: Querysets in which there are the bookings 2 and 3, among others that the grant hides.
QUERYSETS: dict[str, Any] = {
    "filter": lambda _self: Booking.objects.filter(pk__in=[2, 3]),
    "exclude": lambda _self: Booking.objects.exclude(pk__in=[1, 4, 5, 6]),
    "related": lambda _self: Booking.objects.filter(pk__in=[2, 3], customer__pk__gt=0),
    "distinct": lambda _self: Booking.objects.filter(
        pk__in=[2, 3], customer__booking__pk__gt=0
    ).distinct(),
    "annotation": lambda _self: Booking.objects.annotate(n=Count("tags")).filter(
        n__gte=0, pk__in=[2, 3]
    ),
    "ordered": lambda _self: Booking.objects.filter(pk__in=[2, 3]).order_by("-price"),
}


@pytest.mark.parametrize("queryset", QUERYSETS.values(), ids=QUERYSETS)
def test_rows_are_those_of_the_viewset(serve: Any, queryset: Any) -> None:
    send = serve(queryset=None, get_queryset=queryset)
    listed = send("GET", "?fields=id")
    statuses = [send("GET", f"/{pk}?fields=id").status for pk in (1, 2)]

    assert ([2, 3], 1, [404, 200]) == (
        [row["id"] for row in listed.body["results"].values()],
        listed.statements,
        statuses,
    )
    assert 404 == send("PATCH", "/1", {"seats": 9}).status
    assert 404 == send("DELETE", "/1").status
    assert 200 == send("PATCH", "/2", {"seats": 9}).status
    assert 6 == Booking.objects.count()


def test_rows_are_those_of_the_grant_and_of_the_viewset(serve: Any) -> None:
    expose = grant(ops=OPS, rows={"id.in": [2, 4]})
    expose["booking"]["queryset"] = lambda _user: Booking.objects.exclude(pk=5)
    send = serve(expose=expose, get_queryset=only([1, 2, 5]))

    assert ["2"] == list(send("GET", "?fields=id").body["results"])
    assert [404, 200, 404] == [send("GET", f"/{pk}?fields=id").status for pk in (1, 2, 4)]


def test_rows_of_the_queryset_attribute_hold(serve: Any) -> None:
    send = serve(queryset=Booking.objects.filter(pk=2))

    assert ["2"] == list(send("GET", "?fields=id").body["results"])
    assert 403 == send("POST", body={"customer": 1, "status": "x"}).status  # not among its rows


def test_an_empty_queryset_shows_no_row(serve: Any) -> None:
    send = serve(queryset=Booking.objects.none())

    assert ({}, 404) == (send("GET", "?fields=id").body["results"], send("GET", "/1").status)


def test_hidden_rows_are_hidden_where_a_relation_leads_back(serve: Any) -> None:
    expose = {**grant(ops=OPS, fields=["id", "customer.booking_set.id"]), **grant("customer")}
    send = serve(expose=expose, get_queryset=only([2, 3]))
    found = send("GET", "?fields=id,customer.booking_set.id").body["results"]
    seen = {line["id"] for row in found.values() for line in row["customer"]["booking_set"]}

    assert {2, 3} >= seen


def test_filter_backends_narrow_the_rows(serve: Any) -> None:
    class OnlyTheSecond(BaseFilterBackend):
        def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
            return queryset.filter(pk=2)

    send = serve(filter_backends=[OnlyTheSecond])

    assert ["2"] == list(send("GET", "?fields=id").body["results"])
    assert [404, 200] == [send("GET", f"/{pk}").status for pk in (1, 2)]


UNFIT: dict[str, Any] = {
    "slice": lambda _self: Booking.objects.all()[:2],
    "union": lambda _self: Booking.objects.filter(pk=1).union(Booking.objects.filter(pk=2)),
    "list": lambda _self: [Booking(pk=1)],
    "nothing": lambda _self: None,
    "other-model": lambda _self: Customer.objects.filter(pk=1),
}


@pytest.mark.parametrize("queryset", UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_filtered_denies_and_is_logged(
    serve: Any, queryset: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger="django_flex.security")
    send = serve(get_queryset=queryset, flex_model=Booking)

    assert [401, 401] == [send("GET", rest).status for rest in ("", "/1")]
    assert caplog.messages


def test_a_viewset_without_a_model_says_so(serve: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="flex_model"):
        serve(queryset=None)("GET")


# --- Objects --------------------------------------------------------------------------------------


class NotTheSecond(BasePermission):
    asked: list[Any] = []

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        self.asked.append((obj.pk, obj.seats))
        return bool(obj.pk != 2)


@pytest.fixture
def asked() -> Any:
    NotTheSecond.asked.clear()
    return NotTheSecond.asked


COMPOSED: dict[str, Any] = {
    "alone": NotTheSecond,
    "and": NotTheSecond & BasePermission,
    "or": NotTheSecond | IsAuthenticated,
}


@pytest.mark.parametrize("permission", COMPOSED.values(), ids=COMPOSED)
@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", None), ("HEAD", None), ("QUERY", {}), ("PATCH", {"seats": 9}), ("DELETE", None)],
)
def test_permissions_are_asked_about_an_object(
    serve: Any, asked: Any, permission: Any, method: str, body: Any
) -> None:
    send = serve(permission_classes=[permission])
    before = Booking.objects.get(pk=2).seats

    assert 403 == send(method, "/2", body).status
    assert (before, [(2, before)]) == (Booking.objects.get(pk=2).seats, asked[:1])
    if method != "DELETE":
        assert 200 == send(method, "/3", body).status


def test_no_permission_sees_a_row_that_is_hidden(serve: Any, asked: Any) -> None:
    send = serve(expose=grant(ops=OPS, rows={"id.ne": 2}), permission_classes=[NotTheSecond])
    hidden, missing = send("GET", "/2"), send("GET", "/99")

    assert (404, missing.body, []) == (hidden.status, hidden.body, asked)
    assert (404, 404, []) == (
        send("PATCH", "/2", {"seats": 1}).status,
        send("DELETE", "/2").status,
        asked,
    )


def test_no_permission_is_asked_about_the_rows_of_a_list(serve: Any, asked: Any) -> None:
    send = serve(permission_classes=[NotTheSecond])
    listed = send("GET", "?fields=id")

    assert (6, 1, []) == (len(listed.body["results"]), listed.statements, asked)


def test_an_operation_that_is_refused_asks_nothing(serve: Any, asked: Any) -> None:
    send = serve(expose=grant(ops=["list"]), permission_classes=[NotTheSecond])
    refused = send("GET", "/2")

    assert (401, 0, []) == (refused.status, refused.statements, asked)


def test_an_object_costs_a_statement_only_where_somebody_wants_to_see_it(
    serve: Any, asked: Any
) -> None:
    plain = serve()("GET", "/3?fields=id")
    narrowed = serve(get_queryset=only([3]))("GET", "/3?fields=id")
    seen = serve(permission_classes=[NotTheSecond])("GET", "/3?fields=id")

    assert [1, 1, 2] == [plain.statements, narrowed.statements, seen.statements]


def test_check_object_permissions_of_the_viewset_is_called(serve: Any) -> None:
    def check(self: Any, request: Any, obj: Any) -> None:
        if obj.pk == 2:
            self.permission_denied(request, message="Not the second")

    send = serve(check_object_permissions=check)

    assert [(403, 200)] == [(send("GET", "/2").status, send("GET", "/3").status)]


# --- Lookups --------------------------------------------------------------------------------------


class Companies(FlexViewSetMixin, GenericViewSet[Company]):  # type: ignore[misc]  # its methods are ours
    queryset = Company.objects.all()
    lookup_field = "name"
    lookup_value_regex = "[^/]+"


COMPANIES = grant("company", ops=OPS)


@pytest.mark.parametrize("kwarg", [None, "company_name"])
def test_rows_are_looked_up_by_the_field_of_the_viewset(serve: Any, kwarg: Any) -> None:
    send = serve(Companies, COMPANIES, lookup_url_kwarg=kwarg)
    first = Company.objects.order_by("pk").first()
    assert first is not None
    found = send("GET", f"/{first.name}?fields=id")

    assert (200, {"id": first.pk}, 2) == (found.status, found.body, found.statements)
    assert [404, 404] == [send("GET", f"/{key}").status for key in ("nobody", first.pk)]
    assert 200 == send("PATCH", f"/{first.name}", {"name": "New"}).status
    assert "New" == Company.objects.get(pk=first.pk).name
    added = send("POST", body={"name": "Newer"})
    assert (201, "/own/Newer") == (added.status, added.headers["Location"])
    assert 200 == send("GET", "/Newer").status


def test_a_lookup_finds_no_hidden_row_and_runs_nothing_for_nobody(serve: Any) -> None:
    first = Company.objects.order_by("pk").first()
    assert first is not None
    hidden = serve(Companies, grant("company", ops=OPS, rows={"id.ne": first.pk}))

    assert 404 == hidden("GET", f"/{first.name}").status

    refused = serve(Companies, grant("company", ops=["list"]))("GET", f"/{first.name}")

    assert (401, 0) == (refused.status, refused.statements)


def test_a_lookup_that_names_two_rows_is_a_mistake_as_in_rest_framework(serve: Any) -> None:
    name = Company.objects.create(name="Twice").name
    Company.objects.create(name=name)
    send = serve(Companies, COMPANIES)

    with pytest.raises(MultipleObjectsReturned):
        send("GET", "/Twice")
    Company.objects.filter(name=name).first().delete()  # type: ignore[union-attr]  # there are two
    assert 200 == send("GET", "/Twice").status


def test_a_lookup_value_that_does_not_fit_is_no_row(serve: Any) -> None:
    assert 404 == serve(lookup_field="seats")("GET", "/many").status


def test_an_own_get_object_decides_which_row_it_is(serve: Any, settings: Any) -> None:
    def get_object(self: Any) -> Any:
        return Booking.objects.get(pk=3)

    serve()
    made: Any = type("Mine", (Bookings,), {"get_object": get_object})
    settings.ROOT_URLCONF = Urls(path("mine/", made.as_view({"get": "retrieve"})))

    assert {"id": 3} == Client().get("/mine/?fields=id").json()


class Refusing(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return False


class Finding(Bookings):
    """Looks its rows up itself, and asks for permission, as REST framework's documentation has it."""

    def get_object(self) -> Any:
        found = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        self.check_object_permissions(self.request, found)
        return found


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("permissions", [[], [Refusing]], ids=["none", "refusing"])
def test_an_own_get_object_does_not_tell_hidden_rows_from_missing_ones(
    serve: Any, method: str, permissions: list[Any]
) -> None:
    expose = grant(ops=["get", "edit", "delete"], rows={"id": 2}, delete={"cascade": "*"})
    send = serve(Finding, expose, permission_classes=permissions)
    body = {"seats": 1} if method == "PATCH" else None
    hidden, missing, own = (send(method, f"/{pk}", body) for pk in (1, 99, 2))

    assert (404, "object.not_found") == (missing.status, missing.body["code"])
    assert (missing.status, missing.body) == (hidden.status, hidden.body)
    assert (403 if permissions else 200) == own.status


def test_without_the_operation_an_own_get_object_tells_nothing(serve: Any) -> None:
    send = serve(Finding, grant(ops=["list"]), permission_classes=[Refusing])

    assert [401, 401] == [send("GET", f"/{pk}").status for pk in (1, 99)]


def test_methods_that_the_viewset_does_not_name_are_not_served(serve: Any) -> None:
    writes = serve(http_method_names=["post"])

    assert [405, 405] == [writes("QUERY", "", {}).status, writes("GET").status]

    reads = serve(http_method_names=["get"])

    assert [405, 200] == [reads("POST", "", {}).status, reads("QUERY", "", {"fields": "id"}).status]


def test_signed_in_permissions_hold_before_anything_else(serve: Any) -> None:
    assert 403 == serve(permission_classes=[IsAuthenticated])("GET").status
