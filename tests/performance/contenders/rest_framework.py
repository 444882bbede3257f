"""Django REST framework with django-filter, as their documentation recommends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import django_filters.rest_framework
from django.http import HttpRequest, HttpResponse
from rest_framework import pagination, serializers, viewsets
from rest_framework.filters import OrderingFilter
from rest_framework.response import Response

from tests.performance.asked import Asked, View
from tests.performance.wanted import COLUMNS, VALUES
from tests.testapp.models import Address, Booking, Customer, Line, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class LineSerializer(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        fields = ("product", "quantity")


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ("date",)


class NestedBookingSerializer(serializers.ModelSerializer[Booking]):
    lines = LineSerializer(many=True)
    tags = TagSerializer(many=True)

    class Meta:
        model = Booking
        fields = ("id", "status", "price", "lines", "tags")


class WritableBookingSerializer(serializers.ModelSerializer[Booking]):
    class Meta:
        model = Booking
        fields = ("id", *COLUMNS)


class BookingFilter(django_filters.rest_framework.FilterSet):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Booking
        fields = {"status": ["exact"], "price": ["gte"]}


class Uncounted(pagination.LimitOffsetPagination):
    """A page without the count query, so that the comparison is about the same work."""

    default_limit = 50
    max_limit = 1_000

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        self.limit = self.get_limit(request) or self.default_limit
        rows = list(queryset[: self.limit + 1])
        self.has_more = len(rows) > self.limit
        return rows[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"has_more": self.has_more, "results": data})


class Bookings(viewsets.ReadOnlyModelViewSet[Booking]):
    queryset = Booking.objects.select_related("customer", "address")
    serializer_class = BookingSerializer
    pagination_class = Uncounted
    filter_backends = (django_filters.rest_framework.DjangoFilterBackend, OrderingFilter)
    filterset_class = BookingFilter
    ordering_fields = ("created_at",)


class NestedBookings(viewsets.ReadOnlyModelViewSet[Booking]):
    queryset = Booking.objects.order_by("id").prefetch_related("lines", "tags")
    serializer_class = NestedBookingSerializer
    pagination_class = Uncounted


class WritableBookings(viewsets.ModelViewSet[Booking]):
    queryset = Booking.objects.all()
    serializer_class = WritableBookingSerializer


def view_of(viewset: Any, actions: Mapping[str, str], **arguments: Any) -> View:
    """Return a view whose reply is rendered; who may call is no part of the comparison."""
    view: Any = viewset.as_view(dict(actions), authentication_classes=(), permission_classes=())

    def answer(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request, **arguments).render()
        return response

    return answer


bookings = view_of(Bookings, {"get": "list"})


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            query = {"status": "confirmed", "ordering": "-created_at", **wanted}
            return Asked(view=bookings, url=f"/?{urlencode(query)}")
        case "get":
            return Asked(view=view_of(Bookings, {"get": "retrieve"}, pk=wanted["key"]))
        case "nested":
            return Asked(
                view=view_of(NestedBookings, {"get": "list"}), url=f"/?{urlencode(wanted)}"
            )
        case "add":
            return Asked(view=view_of(WritableBookings, {"post": "create"}), body=VALUES)
        case _:
            return None
