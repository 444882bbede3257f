"""``ActionMixin``: model actions below a viewset, under its rules and those of the grant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path
from rest_framework.permissions import BasePermission
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.throttling import UserRateThrottle
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from django_flex.actions.models import ActionEvent
from django_flex.contrib.rest_framework import ActionMixin, FlexViewSetMixin
from tests.doors.fronts import MIDDLEWARE, SignedIn, Urls
from tests.testapp.models import Booking


class BookingSerializer(ModelSerializer[Booking]):
    class Meta:
        model = Booking
        fields = ["id", "status"]


class Bookings(ActionMixin, ModelViewSet[Booking]):
    queryset = Booking.objects.all()
    serializer_class = BookingSerializer


class Urgent(Bookings):
    queryset = Booking.objects.filter(urgent=True)


class Mine(Bookings):
    def get_queryset(self):
        return Booking.objects.filter(pk__in=[2, 3])


class Nobody(BasePermission):
    def has_permission(self, request, view):
        return False


class NotTheSecond(BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.pk != 2


class Served:
    """A viewset below ``/own/``."""

    def __init__(self, settings: Any, viewset: Any, router: Any = None, **options: Any) -> None:
        router = router or SimpleRouter()
        made = type("TheViewSet", (viewset,), options)
        router.register("bookings", made, basename="own")
        settings.MIDDLEWARE = MIDDLEWARE
        settings.ROOT_URLCONF = Urls(path("own/", include(router.urls)))

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> Any:
        client = Client(raise_request_exception=False)
        return client.generic(
            method,
            f"/own/bookings/{url}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )


@pytest.fixture
def serve(settings: Any, bookings: None) -> Any:
    """Return a function that puts a viewset below ``/own/``."""
    return lambda viewset, *args, **options: Served(settings, viewset, *args, **options)


def test_a_viewset_runs_actions(serve, grant) -> None:
    grant("confirm", "close_all", "count_all")
    own = serve(Bookings)

    one = own.send("POST", "2/actions/confirm/", {"note": "x"})
    many = own.send("POST", "actions/close_all/", {"_ids": [1]})
    none = own.send("POST", "actions/count_all/", {})

    assert {"id": 2, "status": "confirmed", "seats": 4} == one.json()
    assert str(ActionEvent.objects.get(action_id="confirm").pk) == one.headers["Flex-Action-Event"]
    assert 1 == many.json()["meta"]["succeeded"]
    assert {"count": 6} == none.json()


@pytest.mark.parametrize("router", [SimpleRouter, DefaultRouter])
def test_what_is_listed_below_a_viewset_answers(serve, grant, router) -> None:
    grant("confirm", "count_all")
    own = serve(Bookings, router())

    listed = own.send("GET", "actions/list/").json()

    assert "/own/bookings/" == listed["basepath"]
    for kind in ("instance", "collection"):
        [one] = listed[f"{kind}_actions"]
        url = one["url"].replace("{id}", "2").removeprefix("/own/bookings/")
        assert 200 == own.send("POST", url, {}).status_code
        assert one["id"] == own.send("GET", url).json()["id"]
    assert {"confirm"} == set(own.send("GET", "2/actions/").json()["actions"])


def test_the_rest_of_the_viewset_stays_as_it_is(serve, grant) -> None:
    grant("confirm")
    own = serve(Bookings)

    assert {"id": 2, "status": "pending"} == own.send("GET", "2/").json()
    assert 200 == own.send("PATCH", "2/", {"status": "x"}).status_code
    assert 406 == own.send("GET", "2/", Accept="text/nothing").status_code
    assert 405 == own.send("PUT", "2/actions/confirm/", {}).status_code


@pytest.mark.parametrize("viewset", [Urgent, Mine])
def test_rows_that_the_viewset_hides_are_hidden(serve, grant, viewset) -> None:
    grant("confirm", "close_all")
    own = serve(viewset)
    hidden = 2 if viewset is Urgent else 1

    assert 404 == own.send("POST", f"{hidden}/actions/confirm/", {}).status_code
    assert 404 == own.send("GET", f"{hidden}/actions/").status_code
    assert 404 == own.send("POST", "actions/close_all/", {"_ids": [hidden]}).status_code
    done = own.send("POST", "actions/close_all/", {"_filters": {}}).json()["meta"]["matched"]
    assert (3 if viewset is Urgent else 2) == done


def test_rows_of_viewset_entry_and_role_hold_together(serve, grant, settings) -> None:
    grant("close_all", rows={"status": "pending"})
    settings.DJANGO_FLEX["EXPOSE"]["booking"]["queryset"] = lambda user: Booking.objects.filter(
        pk__gt=2
    )

    done = serve(Urgent).send("POST", "actions/close_all/", {"_filters": {}})

    assert ["6"] == list(done.json()["results"])


def test_permissions_of_the_viewset_hold(serve, grant) -> None:
    grant("confirm")

    denied = serve(Bookings, permission_classes=[Nobody]).send("POST", "2/actions/confirm/", {})
    own = serve(Bookings, permission_classes=[NotTheSecond])

    assert 403 == denied.status_code
    assert [403, 200] == [
        own.send("POST", f"{pk}/actions/confirm/", {}).status_code for pk in (2, 3)
    ]
    assert "pending" == Booking.objects.get(pk=2).status


def test_throttles_of_the_viewset_hold(serve, grant, settings) -> None:
    class Once(UserRateThrottle):
        rate = "1/day"
        scope = "test_throttles_of_the_viewset_hold"

        def get_cache_key(self, request, view):
            return self.scope

    grant("confirm")
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": Once.scope,
        }
    }
    own = serve(Bookings, throttle_classes=[Once])

    statuses = [own.send("POST", "2/actions/confirm/", {}).status_code for _ in range(2)]

    assert [200, 429] == statuses


def test_a_session_needs_the_csrf_token(serve, grant, user) -> None:
    from django.test import Client

    grant("confirm")
    serve(Bookings)
    SignedIn.user = user
    try:
        client = Client(enforce_csrf_checks=True)
        reply = client.post("/own/bookings/2/actions/confirm/", {}, "application/json")
    finally:
        SignedIn.user = None

    assert (403, "csrf.failed") == (reply.status_code, reply.json()["code"])


def test_both_mixins_go_together(serve, grant) -> None:
    class Whole(FlexViewSetMixin, ActionMixin, GenericViewSet[Booking]):  # type: ignore[misc]  # its methods are ours
        queryset = Booking.objects.all()

    grant("confirm", "add", "edit")
    own = serve(Whole)

    assert {"id": 2, "status": "pending", "seats": 4} == own.send("GET", "2/").json()
    assert "confirmed" == own.send("POST", "2/actions/confirm/", {}).json()["status"]
    assert "x" == own.send("PATCH", "2/", {"status": "x"}).json()["status"]


def test_a_viewset_may_have_permissions_of_its_own(serve, settings) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False}
    own = serve(Bookings, flex_permissions={"anon": {"ops": ["confirm"]}})

    assert {"id": 2} == own.send("POST", "2/actions/confirm/", {}).json()
    assert 404 == serve(Bookings).send("POST", "2/actions/confirm/", {}).status_code


def test_without_authentication_there_is_a_401(serve, grant) -> None:
    grant("confirm", flex={"REQUIRE_AUTHENTICATION": True})

    assert 401 == serve(Bookings).send("POST", "2/actions/confirm/", {}).status_code
