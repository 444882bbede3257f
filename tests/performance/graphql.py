"""The same nested list by strawberry-django, with its optimizer, as its documentation shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import strawberry
import strawberry_django
from django.http import HttpRequest, HttpResponse
from strawberry.django.views import GraphQLView
from strawberry_django.optimizer import DjangoOptimizerExtension

from tests.testapp import models


@strawberry_django.type(models.Line)
class Line:
    product: strawberry.auto
    quantity: strawberry.auto


@strawberry_django.type(models.Tag)
class Tag:
    date: strawberry.auto


@strawberry_django.order_type(models.Booking)
class BookingOrder:
    id: strawberry.auto


@strawberry_django.type(models.Booking, pagination=True, ordering=BookingOrder)
class Booking:
    id: strawberry.auto
    status: strawberry.auto
    price: strawberry.auto
    lines: list[Line]
    tags: list[Tag]


@strawberry.type
class Query:
    bookings: list[Booking] = strawberry_django.field()


def view() -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of the schema."""
    schema = strawberry.Schema(query=Query, extensions=[DjangoOptimizerExtension])
    made: Any = GraphQLView.as_view(schema=schema)
    return made  # type: ignore[no-any-return]  # as Django's own


def url(limit: int) -> str:
    """Return the URL of the nested list of so many bookings."""
    arguments = f"pagination: {{limit: {limit}}}, ordering: {{id: ASC}}"
    fields = "id status price lines { product quantity } tags { date }"
    return f"/graphql?query={quote(f'{{ bookings({arguments}) {{ {fields} }} }}')}"
