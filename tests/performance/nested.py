"""Lists inside lists: ours, three queries by hand, REST framework with ``prefetch_related``."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from rest_framework import serializers, viewsets

from tests.performance.contenders import ENCODER, Uncounted
from tests.testapp.models import Booking, Line, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

EXPOSE = {
    "booking": {
        "anon": {
            "fields": ["id", "status", "price", "lines.product", "lines.quantity", "tags.date"],
            "order_by": ["id"],
            "ops": ["list"],
        }
    }
}
URL = "/api/bookings/?fields=id,status,price,lines.product,lines.quantity,tags.date&order_by=id"
TARGETS = {
    "by hand, three queries": ("at most", 1.3),
    "REST framework": ("at least", 3.0),
    "strawberry-django": ("at least", 3.0),
}


def fill() -> None:
    """Give each booking five lines and two tags."""
    keys = list(Booking.objects.order_by("pk").values_list("pk", flat=True))
    Line.objects.bulk_create(
        Line(booking_id=key, product=f"Product {n}", quantity=n) for key in keys for n in range(5)
    )
    Tag.objects.bulk_create(Tag(slug=f"tag-{n}", date=f"day {n}") for n in range(20))
    through = Booking.tags.through
    through.objects.bulk_create(
        through(booking_id=key, tag_id=f"tag-{(key + n) % 20}") for key in keys for n in range(2)
    )


def by_hand(request: HttpRequest) -> HttpResponse:
    """Answer as an expert would write it: three statements of tuples, joined in Python."""
    limit = min(int(request.GET.get("limit", 50)), 200)
    rows = list(Booking.objects.order_by("id").values_list("id", "status", "price")[: limit + 1])
    keys = [row[0] for row in rows[:limit]]
    lines: dict[int, list[Any]] = defaultdict(list)
    found = Line.objects.filter(booking__in=keys).order_by("id")
    for key, product, quantity in found.values_list("booking_id", "product", "quantity"):
        lines[key].append({"product": product, "quantity": quantity})
    tags: dict[int, list[Any]] = defaultdict(list)
    linked = Tag.objects.filter(bookings__in=keys).order_by("slug")
    for key, date in linked.values_list("bookings", "date"):
        tags[key].append({"date": date})
    results = {
        str(row[0]): {
            "id": row[0],
            "status": row[1],
            "price": row[2],
            "lines": lines[row[0]],
            "tags": tags[row[0]],
        }
        for row in rows[:limit]
    }
    body = {"pagination": {"limit": limit, "has_more": len(rows) > limit}, "results": results}
    return HttpResponse(ENCODER.encode(body), content_type="application/json")


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


class NestedBookings(viewsets.ReadOnlyModelViewSet[Booking]):
    """REST framework as its documentation recommends it."""

    queryset = Booking.objects.order_by("id").prefetch_related("lines", "tags")
    serializer_class = NestedBookingSerializer
    pagination_class = Uncounted
    authentication_classes = ()
    permission_classes = ()


def rest_framework() -> Callable[[HttpRequest], HttpResponse]:
    """Return the viewset's list, with its reply rendered."""
    view: Any = NestedBookings.as_view({"get": "list"})

    def answer(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request).render()
        return response

    return answer
