"""The same list, four ways: ours, by hand with tuples, by hand with instances, REST framework.

Seven fields over two to-one joins, one filter, one ordering, a page, and whether more follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_filters
import msgspec
from django.db import connection
from django.http import HttpRequest, HttpResponse
from rest_framework import pagination, serializers, viewsets
from rest_framework.filters import OrderingFilter
from rest_framework.response import Response

from django_flex.middleware import FlexQueryMiddleware
from tests.testapp.models import Address, Booking, Customer

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODER = msgspec.json.Encoder()
FIELDS = "id,status,price,created_at,customer.name,customer.email,address.city"
EXPOSE = {
    "booking": {
        "anon": {
            "fields": FIELDS.split(","),
            "filters": ["status", "price.gte"],
            "order_by": ["-created_at", "created_at"],
            "ops": ["list", "get"],
        }
    }
}


def ours() -> Callable[[HttpRequest], HttpResponse]:
    """Return the middleware, as a project installs it."""

    def no_other_view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=404)

    middleware = FlexQueryMiddleware(no_other_view)
    return cast("Callable[[HttpRequest], HttpResponse]", middleware)


def by_hand(request: HttpRequest) -> HttpResponse:
    """Answer as an expert would write it: tuples, only the columns needed, msgspec."""
    limit = min(int(request.GET.get("limit", 50)), 200)
    bookings = Booking.objects.order_by("-created_at", "id")
    if "status" in request.GET:
        bookings = bookings.filter(status=request.GET["status"])
    rows: list[Any] = list(
        bookings.values_list(
            "id",
            "status",
            "price",
            "created_at",
            "customer__name",
            "customer__email",
            "address__city",
            "address_id",
        )[: limit + 1]
    )
    results = {
        str(row[0]): {
            "id": row[0],
            "status": row[1],
            "price": row[2],
            "created_at": row[3],
            "customer": {"name": row[4], "email": row[5]},
            "address": None if row[7] is None else {"city": row[6]},
        }
        for row in rows[:limit]
    }
    body = {
        "pagination": {"offset": 0, "limit": limit, "has_more": len(rows) > limit},
        "results": results,
    }
    return HttpResponse(ENCODER.encode(body), content_type="application/json")


SQL = """
SELECT b.id, b.status, b.price, b.created_at, c.name, c.email, a.city, b.address_id
FROM testapp_booking b
JOIN testapp_customer c ON c.id = b.customer_id
LEFT JOIN testapp_address a ON a.id = b.address_id
WHERE b.status = %s ORDER BY b.created_at DESC, b.id LIMIT %s
"""


def by_cursor(request: HttpRequest) -> HttpResponse:
    """Answer by ready SQL, without the ORM: raw values of the database, typed by nobody."""
    limit = min(int(request.GET.get("limit", 50)), 200)
    with connection.cursor() as cursor:
        cursor.execute(SQL, (request.GET["status"], limit + 1))
        rows = cursor.fetchall()
    results = {
        str(row[0]): {
            "id": row[0],
            "status": row[1],
            "price": row[2],
            "created_at": row[3],
            "customer": {"name": row[4], "email": row[5]},
            "address": None if row[7] is None else {"city": row[6]},
        }
        for row in rows[:limit]
    }
    body = {
        "pagination": {"offset": 0, "limit": limit, "has_more": len(rows) > limit},
        "results": results,
    }
    return HttpResponse(ENCODER.encode(body), content_type="application/json")


def get_by_hand(request: HttpRequest) -> HttpResponse:
    """Answer with one row by its key, as an expert would write it."""
    row = Booking.objects.values(
        "id", "status", "price", "created_at", "customer__name", "customer__email", "address__city"
    ).get(pk=int(request.GET["id"]))
    body = {
        "id": row["id"],
        "status": row["status"],
        "price": row["price"],
        "created_at": row["created_at"],
        "customer": {"name": row["customer__name"], "email": row["customer__email"]},
        "address": {"city": row["address__city"]},
    }
    return HttpResponse(ENCODER.encode(body), content_type="application/json")


def by_hand_with_instances(request: HttpRequest) -> HttpResponse:
    """Answer as most views are written: model instances and ``select_related``."""
    limit = min(int(request.GET.get("limit", 50)), 200)
    bookings = Booking.objects.select_related("customer", "address").order_by("-created_at", "id")
    if "status" in request.GET:
        bookings = bookings.filter(status=request.GET["status"])
    rows = list(bookings[: limit + 1])
    results = [
        {
            "id": row.pk,
            "status": row.status,
            "price": row.price,
            "created_at": row.created_at,
            "customer": {"name": row.customer.name, "email": row.customer.email},
            "address": {"city": row.address.city} if row.address else None,
        }
        for row in rows[:limit]
    ]
    body = {"has_more": len(rows) > limit, "results": results}
    return HttpResponse(ENCODER.encode(body), content_type="application/json")


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    class Meta:
        model = Customer
        fields = ("name", "email")


class AddressSerializer(serializers.ModelSerializer[Address]):
    class Meta:
        model = Address
        fields = ("city",)


class BookingSerializer(serializers.ModelSerializer[Booking]):
    customer = CustomerSerializer()
    address = AddressSerializer()

    class Meta:
        model = Booking
        fields = ("id", "status", "price", "created_at", "customer", "address")


class BookingFilter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Booking
        fields = {"status": ["exact"], "price": ["gte"]}


class Uncounted(pagination.LimitOffsetPagination):
    """A page without the count query, so that the comparison is about the same work."""

    default_limit = 50
    max_limit = 200

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        self.limit = self.get_limit(request) or self.default_limit
        rows = list(queryset[: self.limit + 1])
        self.has_more = len(rows) > self.limit
        return rows[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"has_more": self.has_more, "results": data})


class BookingViewSet(viewsets.ReadOnlyModelViewSet[Booking]):
    """REST framework as its documentation recommends it."""

    queryset = Booking.objects.select_related("customer", "address")
    serializer_class = BookingSerializer
    pagination_class = Uncounted
    filter_backends = (django_filters.rest_framework.DjangoFilterBackend, OrderingFilter)
    filterset_class = BookingFilter
    ordering_fields = ("created_at",)
    authentication_classes = ()
    permission_classes = ()


def rest_framework() -> Callable[[HttpRequest], HttpResponse]:
    """Return the viewset's list, with its reply rendered."""
    view: Any = BookingViewSet.as_view({"get": "list"})

    def answer(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request).render()
        return response

    return answer
