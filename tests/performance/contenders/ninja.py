"""django-ninja with schemas of the models, a filter schema and ``select_related``."""

# mypy: ignore-errors
# ninja is in an environment of its own, where no type checker looks.

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path, resolve
from ninja import FilterLookup, FilterSchema, ModelSchema, NinjaAPI, Query, Schema, Status

from tests.performance.asked import Asked
from tests.performance.wanted import VALUES
from tests.testapp.models import Address, Booking, Customer, Line, Tag


class CustomerOut(ModelSchema):
    class Meta:
        model = Customer
        fields = ["name", "email"]


class AddressOut(ModelSchema):
    class Meta:
        model = Address
        fields = ["city"]


class BookingOut(ModelSchema):
    customer: CustomerOut
    address: AddressOut | None

    class Meta:
        model = Booking
        fields = ["id", "status", "price", "created_at"]


class LineOut(ModelSchema):
    class Meta:
        model = Line
        fields = ["product", "quantity"]


class TagOut(ModelSchema):
    class Meta:
        model = Tag
        fields = ["date"]


class NestedOut(ModelSchema):
    lines: list[LineOut]
    tags: list[TagOut]

    class Meta:
        model = Booking
        fields = ["id", "status", "price"]


class Page(Schema):
    results: list[BookingOut]
    has_more: bool


class NestedPage(Schema):
    results: list[NestedOut]
    has_more: bool


class BookingIn(ModelSchema):
    class Meta:
        model = Booking
        fields = ["customer", "address", "status", "price", "seats", "created_at"]


class BookingAdded(ModelSchema):
    class Meta:
        model = Booking
        fields = ["id", "customer", "address", "status", "price", "seats", "created_at"]


class BookingFilter(FilterSchema):
    status: str | None = None
    price_gte: Annotated[float | None, FilterLookup("price__gte")] = None


BODY = {f"{k}_id" if k in {"customer", "address"} else k: v for k, v in VALUES.items()}
api = NinjaAPI()


@api.get("/bookings", response=Page)
def bookings(
    request: HttpRequest,
    filters: Query[BookingFilter],
    ordering: Literal["created_at", "-created_at"] = "-created_at",
    limit: int = 50,
) -> Any:
    found = Booking.objects.select_related("customer", "address").order_by(ordering, "id")
    return page(filters.filter(found), limit)


@api.get("/bookings/{key}", response=BookingOut)
def booking(request: HttpRequest, key: int) -> Any:
    return get_object_or_404(Booking.objects.select_related("customer", "address"), pk=key)


@api.get("/nested", response=NestedPage)
def nested(request: HttpRequest, limit: int = 50) -> Any:
    return page(Booking.objects.order_by("id").prefetch_related("lines", "tags"), limit)


@api.post("/bookings", response={201: BookingAdded})
def add(request: HttpRequest, payload: BookingIn) -> Any:
    row = Booking(**payload.dict(by_alias=True))
    row.full_clean()
    row.save()
    return Status(201, row)


def page(found: Any, limit: int) -> dict[str, Any]:
    """Return a page without the count query, so that the comparison is about the same work."""
    rows = list(found[: limit + 1])
    return {"results": rows[:limit], "has_more": len(rows) > limit}


urlpatterns = [path("api/", api.urls)]


def called(url: str, body: Any = None) -> Asked:
    """Return a request to the view behind a URL, resolved as Django does it."""
    found = resolve(url.partition("?")[0])
    return Asked(view=lambda r: found.func(r, *found.args, **found.kwargs), url=url, body=body)


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            query = {"status": "confirmed", "ordering": "-created_at", **wanted}
            return called(f"/api/bookings?{urlencode(query)}")
        case "get":
            return called(f"/api/bookings/{wanted['key']}")
        case "nested":
            return called(f"/api/nested?{urlencode(wanted)}")
        case "add":
            return called("/api/bookings", BODY)
        case _:
            return None
