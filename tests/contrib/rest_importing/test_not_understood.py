"""What no grant can say, or nobody can read off a view: it is not granted, and reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Manager, Q
from django.urls import path
from rest_framework import (
    authentication,
    filters,
    pagination,
    permissions,
    serializers,
    throttling,
    viewsets,
)

from django_flex.contrib.rest_importing.endpoints import find_endpoints
from django_flex.contrib.rest_importing.grants import entry_of
from django_flex.contrib.rest_importing.offers import offers_of
from django_flex.management.commands.flex_init import expose_of
from django_flex.policy.guarding import SECRETS, compile_guard
from django_flex.schema.registry import Schema
from tests.management.test_init import run
from tests.scaffold.test_source import as_formatted
from tests.testapp.models import Booking, Service

pytestmark = pytest.mark.django_db
urlpatterns: list[Any] = []


class Shown(serializers.ModelSerializer[Booking]):
    class Meta:
        model = Booking
        fields = ["id", "status", "seats"]


class Plain(viewsets.ModelViewSet[Booking]):
    """All that it does is known; each test changes one thing."""

    queryset = Booking.objects.all()
    serializer_class = Shown
    permission_classes = [permissions.AllowAny]
    filter_backends: list[Any] = []


LIST, DETAIL = {"get": "list", "post": "create"}, {"get": "retrieve", "patch": "partial_update"}


@pytest.fixture(autouse=True)
def urlconf(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def imported(view: Any, wrap: Callable[[Any], Any] = lambda one: one) -> tuple[dict[str, Any], str]:
    """Return the grants of the roles for a view at a list and at a row, and what is reported."""
    from django.urls import clear_url_caches

    urlpatterns[:] = [
        path("rows/", wrap(view.as_view({**LIST}))),
        path("rows/<pk>/", wrap(view.as_view({**DETAIL, "delete": "destroy"}))),
    ]
    clear_url_caches()
    found = offers_of(find_endpoints(), Schema(), compile_guard(SECRETS, "auth.user"))
    label = "testapp.booking"
    entry = entry_of(Schema().find(label), found, 200)
    return {**entry.keys, **entry.roles}, "\n".join(gap.text for gap in found.gaps(label))


def changed(**attributes: Any) -> Any:
    return type("Changed", (Plain,), attributes)


def rows(read: Callable[[Any], Any]) -> Any:
    return changed(get_queryset=read)


def test_the_plain_view_is_granted() -> None:
    entry, report = imported(Plain)
    assert entry["anon"] == {
        "fields": ["id", "status", "seats"],
        "add": {"fields": ["status", "seats"]},
        "edit": {"fields": ["status", "seats"]},
        "ops": ["get", "list", "add", "edit", "delete"],
    }
    assert report == ""


def no_one(self: Any, request: Any, view: Any) -> bool:
    return False


class ByHeader(permissions.BasePermission):
    has_permission = no_one


class Trusting(permissions.IsAuthenticated):
    """Overrides what it inherits, so that it is another class."""

    has_permission = no_one


def _swallowed(view: Any) -> Any:
    try:
        return Booking.objects.filter(seats=view.request.tenant)
    except Exception:  # noqa: BLE001 - as projects do
        return Booking.objects.all()


#: Views of which nothing that reads or writes stored rows may be granted.
CLOSED = {
    "rows by the host": (rows(lambda self: Booking.objects.filter(status=self.request.get_host())), "looks at request.get_host"),
    "rows by the session": (rows(lambda self: Booking.objects.filter(seats=self.request.session["n"])), "looks at request.session"),
    "rows by the URL": (rows(lambda self: Booking.objects.filter(team=self.kwargs["team"])), "looks at the URL"),
    "rows by the URL if there": (rows(lambda self: Booking.objects.filter(team=1) if self.kwargs.get("t") else Booking.objects.all()), "looks at the URL"),
    "rows by a right": (rows(lambda self: Booking.objects.all() if self.request.user.has_perm("x") else Booking.objects.none()), "looks at 'has_perm' of the user"),
    "rows by an attribute": (rows(lambda self: Booking.objects.filter(status=self.request.user.username)), "looks at 'username' of the user"),
    "rows by an attribute that may be there": (rows(lambda self: Booking.objects.filter(seats=getattr(self.request.user, "company", 0))), "looks at 'company' of the user"),
    "rows by a swallowed look": (rows(_swallowed), "looks at request.tenant"),
    "rows by the database": (rows(lambda self: Booking.objects.filter(seats=Service.live.count())), "asks the database"),
    "rows by a subquery": (rows(lambda self: Booking.objects.filter(customer__in=Service.live.values("pk"))), "compares with a"),
    "rows by today": (rows(lambda self: Booking.objects.filter(day=date(2024, 1, 1))), "compares with a date"),
    "rows by the time": (rows(lambda self: Booking.objects.filter(created_at__lte=datetime(2024, 1, 1, tzinfo=UTC))), "compares with a datetime"),
    "rows by a part of a time": (rows(lambda self: Booking.objects.filter(day__month=1)), "compares what is not a column"),
    "rows by a list": (rows(lambda self: Booking.objects.filter(lines__quantity=1)), "joins to lists"),
    "rows by a count": (rows(lambda self: Booking.objects.annotate(n=Count("lines")).filter(n=1)), "sliced, combined"),
    "rows by an exclusive or": (rows(lambda self: Booking.objects.filter(Q(seats=1) ^ Q(urgent=True))), "exclusive or"),
    "rows of a slice": (rows(lambda self: Booking.objects.all()[:5]), "sliced"),
    "rows of a union": (rows(lambda self: Booking.objects.all().union(Booking.objects.all())), "sliced"),
    "rows of SQL": (rows(lambda self: Booking.objects.extra(where=["1 = 0"])), "compares by ExtraWhere"),
    "rows as values": (rows(lambda self: Booking.objects.values("id")), "not of whole rows"),
    "rows in a list": (rows(lambda self: [1]), "queryset is none of the model"),
    "rows of another model": (rows(lambda self: Service.live.all()), "queryset is none of the model"),
    "rows beyond the user": (rows(lambda self: Booking.objects.filter(created_by__gt=self.request.user.pk)), "more than equality"),
    "rows that raise": (rows(lambda self: 1 / 0), "raises ZeroDivisionError"),
    "its own dispatch": (changed(dispatch=lambda *a, **k: None), "the view is wrapped by code of"),
    "its own check": (changed(check_permissions=lambda *a: None), "'check_permissions' is code of the view"),
    "its own initial": (changed(initial=lambda *a, **k: None), "'initial' is code of the view"),
    "its own setup": (changed(setup=lambda *a, **k: None), "'setup' is code of the view"),
    "its own request": (changed(initialize_request=lambda *a, **k: None), "'initialize_request' is code of the view"),
    "its own throttling": (changed(check_throttles=lambda *a: None), "'check_throttles' is code of the view"),
    "rows by positional arguments": (rows(lambda self: Booking.objects.filter(status=self.args[0]) if self.args else Booking.objects.all()), "looks at the URL"),
    "rows by a private attribute": (rows(lambda self: Booking.objects.filter(seats=getattr(self.request.user, "_seats", 0))), "looks at '_seats' of the user"),
    "signed in by code": (changed(authentication_classes=[type("ByPartner", (authentication.BaseAuthentication,), {})], permission_classes=[permissions.IsAuthenticated]), "ByPartner decides who is signed in"),
    "another reply": (changed(finalize_response=lambda *a, **k: None), "'finalize_response' is code of the view"),
    "filtered by code": (changed(filter_queryset=lambda self, q: q), "'filter_queryset' is code of the view"),
    "a backend of its own": (changed(filter_backends=[type("Tenants", (filters.BaseFilterBackend,), {})]), "the filter backend Tenants is not understood"),
    "a backend like another": (changed(filter_backends=[type("Searching", (filters.SearchFilter,), {})]), "the filter backend Searching is not understood"),
    "a permission": (changed(permission_classes=[ByHeader]), "the code of ByHeader is not understood"),
    "a permission like another": (changed(permission_classes=[Trusting]), "the code of Trusting is not understood"),
    "a permission in others": (changed(permission_classes=[permissions.AllowAny & ByHeader]), "the code of ByHeader"),
    "not a permission": (changed(permission_classes=[~ByHeader]), "the code of ByHeader"),
    "permissions by the host": (changed(get_permissions=lambda self: [permissions.AllowAny()] if self.request.META else []), "looks at request.META"),
}  # fmt: skip


@pytest.mark.parametrize(("view", "reason"), CLOSED.values(), ids=CLOSED)
def test_what_is_not_understood_is_not_granted(view: Any, reason: str) -> None:
    entry, report = imported(view)

    granted = {
        one for role in entry.values() if isinstance(role, dict) for one in role.get("ops", ())
    }
    assert granted <= {"add"}
    assert reason in report


def test_a_decorated_view_is_not_granted() -> None:
    def members_only(view: Any) -> Any:
        @wraps(view)
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
            return view(request, *args, **kwargs)

        return wrapped

    entry, report = imported(Plain, members_only)
    assert entry == {}
    assert f"the view is wrapped by code of {__name__}" in report


def serializer(**attributes: Any) -> Any:
    fields = [
        "id",
        "status",
        *(name for name in attributes if name[0] != "_" and name in {"x", "seats"}),
    ]
    meta = type("Meta", (), {"model": Booking, "fields": attributes.pop("fields", fields)})
    made = type("Made", (Shown,), {**attributes, "Meta": meta, "__module__": __name__})
    return changed(serializer_class=made)


#: Serializers that show something else than what a column has, under the name ``x``.
MADE = {
    "a method": serializers.SerializerMethodField(method_name="get_status"),
    "a mask": type("Masked", (serializers.CharField,), {"to_representation": lambda self, v: "*"})(
        source="stripe_payment_id"
    ),
    "a part of a date": serializers.DateField(format="%Y", source="day"),
    "whether there is one": serializers.BooleanField(source="stripe_payment_id", read_only=True),
    "fewer places": serializers.DecimalField(6, 0, source="price"),
    "a whole number": serializers.IntegerField(source="rating"),
    "a label": serializers.CharField(source="get_status_display", read_only=True),
    "a related text": serializers.StringRelatedField[Any](source="customer"),
    "a guarded column": serializers.CharField(source="customer.api_token", read_only=True),
    "a value of code": serializers.ReadOnlyField(source="pk.real"),
}


@pytest.mark.parametrize("field", MADE.values(), ids=MADE)
def test_a_field_that_shows_something_else_is_left_out(field: Any) -> None:
    view = serializer(x=field, get_status=lambda self, row: "")
    entry, report = imported(view)

    assert entry["anon"]["fields"] == ["id", "status"]
    assert "the field 'x'" in report


def _some_fields(self: Any) -> Any:
    found = serializers.ModelSerializer.get_fields(self)
    if self.instance is None:
        found.pop("seats")
    return found


def _fields_of_some(self: Any) -> Any:
    found = serializers.ModelSerializer.get_fields(self)
    if isinstance(self.instance, Booking) and self.instance.urgent:
        found.pop("seats")
    return found


@pytest.mark.parametrize(
    "attributes",
    [
        {"to_representation": lambda self, row: {"id": 1}},
        {"fields": ["id", "status", "seats"], "get_fields": _some_fields},
        {"fields": ["id", "status", "seats"], "get_fields": _fields_of_some},
    ],
    ids=["what is shown", "which fields", "which fields of some rows"],
)
def test_a_serializer_that_decides_by_code_shows_nothing(attributes: Any) -> None:
    entry, report = imported(serializer(**attributes))

    assert entry == {"anon": {"ops": ["delete"], "fields": []}}
    assert re.search(r"is not understood|depend on the row|looks at 'urgent' of the row", report)


def test_without_a_serializer_that_is_known_rows_are_only_deleted() -> None:
    def by_url(view: Any) -> Any:
        return {"1": Plain.serializer_class}.get(view.kwargs.get("short"), Shown)

    entry, report = imported(changed(get_serializer_class=by_url))
    assert {"anon": ["delete"]} == {role: grant["ops"] for role, grant in entry.items()}
    assert "looks at the URL" in report


def test_what_a_view_saves_beside_is_granted_only_where_it_can_be_read() -> None:
    entry, _ = imported(Plain)
    assert "add" in entry["anon"]["ops"]
    entry, report = imported(changed(perform_create=lambda self, serializer: _mail(serializer)))
    assert "add" not in entry["anon"]["ops"]
    assert "'perform_create' is code of the view" in report


def _mail(one: Any) -> None:
    raise AssertionError("code that writes is never called")


def test_rates_and_pages_are_carried_over_or_reported() -> None:
    class Slow(throttling.UserRateThrottle):
        rate = "5/m"

    class Small(pagination.LimitOffsetPagination):
        max_limit = 10

    anon = type("Anon", (throttling.AnonRateThrottle,), {})
    view = changed(throttle_classes=[throttling.AnonRateThrottle, anon], pagination_class=Small)
    view.throttle_classes[0].rate = "100/day"
    try:
        entry, report = imported(view)
    finally:
        del throttling.AnonRateThrottle.rate
    assert entry["anon"]["limits"] == {"max_limit": 10}
    assert entry["anon"]["rate_limit"] == "100/d"
    assert "rate_limit" not in entry["authenticated"]
    assert "the throttle Anon has no counterpart" in report
    assert "Slow" in imported(changed(throttle_classes=[Slow]))[1]


class Hidden(Manager[Booking]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(urgent=True)


def test_rows_of_a_manager_that_hides_some_are_a_rule() -> None:
    manager: Any = Hidden()
    manager.model = Booking
    entry, _ = imported(changed(queryset=manager.get_queryset()))
    assert entry["anon"]["rows"] == {"urgent": True}


@pytest.mark.exhaustive
def test_the_module_is_python_as_ruff_formats_it_and_the_same_each_time(
    tmp_path: Path, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.contrib.rest_importing.bookings"
    settings.DJANGO_FLEX = {}
    printed, said = run("--from-drf")

    assert printed == run("--from-drf")[0]
    assert as_formatted(printed, tmp_path) == printed
    assert {"booking", "company"} <= expose_of(printed).keys()
    assert re.search(r"^10 views, 9 models; not carried over: \d+$", said, re.MULTILINE)
