"""What two things that are known would allow together, and neither of them alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db.models import Prefetch
from django.urls import path
from rest_framework import pagination, serializers
from rest_framework.response import Response

from django_flex.contrib.rest_importing import grants
from django_flex.contrib.rest_importing.endpoints import find_endpoints
from django_flex.contrib.rest_importing.offers import offers_of
from django_flex.contrib.rest_importing.probing import NotUnderstoodError
from django_flex.contrib.rest_importing.watched_keys import watched
from django_flex.policy.guarding import SECRETS, compile_guard
from django_flex.schema.registry import Schema
from tests.contrib.rest_importing import test_not_understood as views
from tests.contrib.rest_importing.test_equality import by_us
from tests.contrib.rest_importing.test_equality import rows as generated_settings
from tests.contrib.rest_importing.test_not_understood import (
    Shown,
    changed,
    imported,
    rows,
    urlconf,
)
from tests.testapp.models import Booking, Line

pytestmark = pytest.mark.django_db
__all__ = ["generated_settings", "urlconf"]


def operations(entry: dict[str, Any], role: str = "anon") -> set[str]:
    return set(entry.get(role, {}).get("ops", ()))


class OwnOnes(serializers.ListSerializer[Any]):
    def to_representation(self, data: Any) -> Any:
        return super().to_representation(data.filter(created_by=self.context["request"].user))


class ShownInLists(Shown):
    class Meta(Shown.Meta):
        list_serializer_class = OwnOnes


class OwnPages(pagination.PageNumberPagination):
    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        return super().paginate_queryset(queryset.filter(created_by=1), request, view)


class Shortened(pagination.PageNumberPagination):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"rows": [{"id": one["id"]} for one in data]})


class Enveloped(pagination.PageNumberPagination):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"count": len(data), "rows": data})


@pytest.mark.parametrize(
    ("view", "listed"),
    [
        (changed(serializer_class=ShownInLists), False),
        (changed(pagination_class=OwnPages), False),
        (changed(pagination_class=Shortened), False),
        (changed(get_paginated_response=lambda self, data: Response([])), False),
        (changed(pagination_class=Enveloped), True),
    ],
    ids=["serializer of a list", "rows of a page", "parts of rows", "a reply", "an envelope"],
)
def test_lists_are_granted_if_nothing_but_an_envelope_is_code(view: Any, listed: bool) -> None:
    entry, report = imported(view)

    assert ("list" in operations(entry)) is listed
    assert listed == (report == "")


def test_callers_are_anonymous_to_a_view_that_nobody_signs_in_to() -> None:
    def by_user(view: Any) -> Any:
        found = Booking.objects.all()
        return found if view.request.user.is_authenticated else found.filter(status="open")

    entry, _ = imported(changed(get_queryset=by_user, authentication_classes=[]))
    assert entry["anon"]["rows"] == {"status": "open"}
    assert entry.keys() == {"anon", "serializer_class"} or entry.keys() == {"anon"}


def test_a_row_belongs_to_nobody_where_nobody_is_signed_in() -> None:
    class Owned(Shown):
        created_by = serializers.HiddenField(default=serializers.CurrentUserDefault())

        class Meta(Shown.Meta):
            fields = [*Shown.Meta.fields, "created_by"]

    views.Owned = Owned  # type: ignore[attr-defined]  # where it can be imported from
    Owned.__module__, Owned.__qualname__ = views.__name__, "Owned"
    entry, report = imported(changed(serializer_class=Owned, authentication_classes=[]))
    assert "add" not in operations(entry, "authenticated")
    assert "nobody is signed in there" in report


@pytest.mark.parametrize(
    "read",
    [
        lambda self: Booking.objects.filter(seats=1) if self.request.user.pk in {3, 4} else Booking.objects.all(),
        lambda self: Booking.objects.filter(seats=1) if self.request.user.pk == 3 else Booking.objects.all(),
        lambda self: Booking.objects.exclude(status=f"{self.request.user.pk}"),
        lambda self: Booking.objects.exclude(seats=(self.request.user.pk or 0) % 7),
    ],
    ids=["in", "equal", "text", "number"],
)  # fmt: skip
def test_rows_by_who_a_user_is_are_not_granted(read: Any) -> None:
    entry, report = imported(rows(read))

    assert "list" not in operations(entry, "authenticated")
    assert "authenticated" in entry
    assert "looks at the key of the user" in report


@pytest.mark.parametrize("key", [7, "seven", UUID(int=7)], ids=["number", "text", "uuid"])
def test_a_watched_key_equals_the_key(key: Any) -> None:
    def refuse(what: str) -> Any:
        raise NotUnderstoodError(what)

    with pytest.raises(NotUnderstoodError):
        assert watched(key, refuse) == key
    assert isinstance(watched(key, refuse), type(key))


def detail(lookup: str, *, lists: bool = False, fields: tuple[str, ...] = ()) -> Any:
    """Return what is granted for a view that finds rows by a column, and a list if there is one."""
    from django.urls import clear_url_caches

    meta = type("Meta", (), {"model": Booking, "fields": fields or ("id", "status")})
    shown = type("OfLookup", (Shown,), {"Meta": meta})
    view = changed(lookup_field=lookup, serializer_class=shown)
    views.urlpatterns[:] = [path("rows/<key>/", view.as_view({"get": "retrieve"}))]
    if lists:
        views.urlpatterns.append(path("rows/", view.as_view({"get": "list"})))
    clear_url_caches()
    found = offers_of(find_endpoints(), Schema(), compile_guard(SECRETS, "auth.user"))
    entry = grants.entry_of(Schema().find("testapp.booking"), found, 200)
    return operations(entry.roles), "\n".join(gap.text for gap in found.gaps("testapp.booking"))


def test_who_knows_a_column_of_a_row_does_not_find_others_by_their_keys() -> None:
    assert detail("pk")[0] == {"get"}
    found, report = detail("reference")
    assert found == set()
    assert "'get' finds rows by 'reference', which no list shows" in report
    assert detail("reference", lists=True)[0] == {"list"}
    shown = detail("reference", lists=True, fields=("id", "reference"))
    assert shown[0] == {"get", "list"}
    assert "rows are found by their key here, and by the filter 'reference' in a list" in shown[1]


def test_rows_that_a_view_prefetches_are_not_shown_by_their_keys_either() -> None:
    class OfLines(Shown):
        lines = serializers.PrimaryKeyRelatedField[Line](many=True, read_only=True)

        class Meta(Shown.Meta):
            fields = [*Shown.Meta.fields, "lines"]

    some = Booking.objects.prefetch_related(Prefetch("lines", Line.objects.filter(quantity=1)))
    assert "lines" in imported(changed(serializer_class=OfLines))[0]["anon"]["fields"]
    entry, report = imported(changed(serializer_class=OfLines, queryset=some))
    assert "lines" not in entry["anon"]["fields"]
    assert "the view restricts which related rows are shown" in report


def test_lists_of_two_models_do_not_tell_what_no_view_tells(generated_settings: None) -> None:
    """Services are listed, and companies; no view shows of which company a service is."""
    asked = {"fields": "name, services.name"}
    assert by_us("luis", "service", "list", fields="name")[0] == 200
    assert by_us("luis", "company", "list", **asked)[0] == 403
    assert by_us("luis", "company", "list", filters={"services.some": {"name": "Zed"}})[0] == 403
    assert by_us("luis", "customer", "list", fields="name, company.services.name")[0] == 403
    # A customer shows its company, so that the customers of a company are known anyway.
    assert by_us("luis", "company", "list", fields="name, customers.name")[0] == 200


def test_the_role_of_all_superusers_has_the_rules_of_both() -> None:
    free = {"ops": ["delete"], "fields": ["id"]}
    strict = {"ops": ["get", "delete"], "fields": ["id"], "delete": {"rows": {"status": "open"}}}
    assert not grants._is_within(free, free, strict)
    assert grants._is_within(free, free)
