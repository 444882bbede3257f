"""Filters of django-filter, as filters of a grant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import viewsets

from django_flex.contrib.rest_importing.grants import _filters
from django_flex.contrib.rest_importing.narrowing import narrowing_of
from django_flex.contrib.rest_importing.offers import Offers
from django_flex.contrib.rest_importing.probing import NotUnderstoodError
from django_flex.schema.registry import Schema
from tests.testapp.models import Booking, Tag

django_filters = pytest.importorskip("django_filters")


def narrowing(**attributes: Any) -> Any:
    """Return what a view with these attributes may be filtered by."""
    from django_filters.rest_framework import DjangoFilterBackend

    view: Any = type("View", (viewsets.GenericViewSet,), attributes)()
    view.filter_backends = [DjangoFilterBackend]
    return narrowing_of(view, Booking.objects.all(), Schema().find("testapp.booking"))


def filterset(**attributes: Any) -> Any:
    meta = type("Meta", (), {"model": Booking, "fields": []})
    return type("Set", (django_filters.FilterSet,), {"Meta": meta, **attributes})


FILTERS: dict[str, tuple[Any, list[str]]] = {
    "equality": (django_filters.CharFilter(field_name="status"), ["status"]),
    "a lookup": (django_filters.CharFilter("status", "icontains"), ["status.icontains"]),
    "a path": (django_filters.CharFilter("customer__name", "iexact"), ["customer.name.iexact"]),
    "a part": (django_filters.DateFilter("created_at", "date__gte"), ["created_at.date.gte"]),
    "null": (django_filters.BooleanFilter("price", "isnull"), ["price.isnull"]),
    "a row": (django_filters.ModelChoiceFilter(field_name="tags", queryset=Tag.objects), ["tags"]),
    "rows": (
        django_filters.ModelMultipleChoiceFilter(field_name="tags", queryset=Tag.objects),
        ["tags.in"],
    ),
    "all rows": (
        django_filters.ModelMultipleChoiceFilter(
            field_name="tags", queryset=Tag.objects, conjoined=True
        ),
        [],
    ),
    "a range": (django_filters.RangeFilter(field_name="price"), ["price.gte", "price.lte"]),
    "not equal": (django_filters.CharFilter("status", "exact", exclude=True), ["status.ne"]),
    "not containing": (django_filters.CharFilter("status", "icontains", exclude=True), []),
    "a method": (django_filters.CharFilter("status", method=lambda q, n, v: q), []),
    "a lookup that is not there": (django_filters.CharFilter("status", "search"), []),
    "a class of the project": (
        type("Own", (django_filters.CharFilter,), {"filter": lambda self, q, v: q})("status"),
        [],
    ),
}


@pytest.mark.parametrize(("one", "expected"), FILTERS.values(), ids=FILTERS)
def test_a_filter_is_granted_with_its_operator(one: Any, expected: list[str]) -> None:
    found = narrowing(filterset_class=filterset(one=one))

    assert (expected, [] if expected else ["the filter 'one' has no counterpart"]) == (
        found.filters,
        found.gaps,
    )


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (django_filters.ChoiceFilter(field_name="status", choices=[("open", "Open")]), "status"),
        (
            django_filters.ModelChoiceFilter(
                field_name="tags", queryset=Tag.objects.filter(date="")
            ),
            "tags",
        ),
        (django_filters.CharFilter(field_name="status", min_length=9), "status"),
    ],
    ids=["choices", "rows", "length"],
)
def test_a_filter_that_takes_certain_values_is_granted_where_the_column_is_shown(
    one: Any, path: str
) -> None:
    found = narrowing(filterset_class=filterset(one=one))
    assert found.chosen == {path: path}

    offer: Any = SimpleNamespace(narrowing=found, label="testapp.booking", view="View")
    report = Offers()
    assert list(_filters(offer, ["id", path], report)) == [path]
    assert report.gaps("testapp.booking") == []
    assert list(_filters(offer, ["id"], report)) == []
    assert "takes certain values" in report.gaps("testapp.booking")[0].text


def test_a_filter_that_takes_any_value_beside_one_that_does_not_is_granted() -> None:
    some = django_filters.ChoiceFilter(field_name="status", choices=[("open", "Open")])
    both = filterset(some=some, all=django_filters.CharFilter(field_name="status"))
    assert narrowing(filterset_class=both).chosen == {}


def test_fields_are_filters() -> None:
    fields = {"status": ["exact", "in"], "price": ["range"], "customer__vip": ["exact"]}
    found = narrowing(filterset_fields=fields)

    assert found.filters == ["status", "status.in", "price.range", "customer.vip"]
    assert found.gaps == []


def test_an_ordering_filter_is_orders() -> None:
    order = django_filters.OrderingFilter(
        fields=[("created_at", "when"), ("customer__mood", "note")]
    )
    found = narrowing(filterset_class=filterset(order=order))

    assert found.orders == ["created_at", "-created_at"]
    assert found.gaps == [f"ordering by '{name}' has no counterpart" for name in ("note", "-note")]


def test_only_the_orders_of_an_ordering_filter_that_can_be_chosen_are_granted() -> None:
    order = django_filters.OrderingFilter(fields=["price"], choices=[("price", "cheap first")])
    assert ["price"] == narrowing(filterset_class=filterset(order=order)).orders


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"qs": property(lambda self: self.queryset)}, "'qs' of Set is not understood"),
        ({"filter_queryset": lambda self, q: q}, "'filter_queryset' of Set is not understood"),
        ({"__init__": lambda self, *a, **k: None}, "'__init__' of Set is not understood"),
        ({"one": django_filters.CharFilter("status", required=True)}, "'one' is required"),
    ],
    ids=["rows", "filtering", "creation", "required"],
)
def test_a_set_that_may_hide_rows_is_not_understood(attributes: Any, reason: str) -> None:
    with pytest.raises(NotUnderstoodError, match=reason):
        narrowing(filterset_class=filterset(**attributes))
