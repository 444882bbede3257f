"""strawberry-django with its optimizer, as its documentation shows it."""

# mypy: ignore-errors
# strawberry is in an environment of its own, where no type checker looks.

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import strawberry
import strawberry_django
from strawberry.django.views import GraphQLView
from strawberry_django.optimizer import DjangoOptimizerExtension

from tests.performance.asked import Asked
from tests.testapp import models


@strawberry_django.type(models.Line)
class Line:
    product: strawberry.auto
    quantity: strawberry.auto


@strawberry_django.type(models.Tag)
class Tag:
    date: strawberry.auto


@strawberry_django.type(models.Customer)
class Customer:
    name: strawberry.auto
    email: strawberry.auto


@strawberry_django.type(models.Address)
class Address:
    city: strawberry.auto


@strawberry_django.filter_type(models.Booking)
class BookingFilter:
    status: strawberry.auto


@strawberry_django.order_type(models.Booking)
class BookingOrder:
    id: strawberry.auto
    created_at: strawberry.auto


@strawberry_django.type(
    models.Booking, pagination=True, ordering=BookingOrder, filters=BookingFilter
)
class Booking:
    id: strawberry.auto
    status: strawberry.auto
    price: strawberry.auto
    created_at: strawberry.auto
    customer: Customer
    address: Address | None
    lines: list[Line]
    tags: list[Tag]


@strawberry_django.input(models.Booking)
class BookingInput:
    customer: strawberry.auto
    address: strawberry.auto
    status: strawberry.auto
    price: strawberry.auto
    seats: strawberry.auto
    created_at: strawberry.auto


@strawberry.type
class Query:
    bookings: list[Booking] = strawberry_django.field()
    booking: Booking = strawberry_django.field()


@strawberry.type
class Mutation:
    add_booking: Booking = strawberry_django.mutations.create(BookingInput)


FIELDS = "id status price createdAt customer { name email } address { city }"
ADD = """
mutation ($data: BookingInput!) { addBooking(data: $data) {
  ... on Booking { id }
} }
"""
INPUT = {
    "customer": {"set": 5},
    "address": {"set": 3},
    "status": "confirmed",
    "price": "12.50",
    "seats": 4,
    "createdAt": "2026-01-31T12:00:00Z",
}
schema = strawberry.Schema(query=Query, mutation=Mutation, extensions=[DjangoOptimizerExtension])
view: Any = GraphQLView.as_view(schema=schema)


def asked(query: str) -> Asked:
    """Return the request of a query, in its URL."""
    return Asked(view=view, url=f"/graphql?query={quote(f'{{ {query} }}')}")


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            page = f"pagination: {{limit: {wanted['limit']}}}"
            filters = 'filters: {status: "confirmed"}'
            order = "ordering: [{createdAt: DESC}]"
            return asked(f"bookings({filters}, {order}, {page}) {{ {FIELDS} }}")
        case "get":
            return asked(f"booking(pk: {wanted['key']}) {{ {FIELDS} }}")
        case "nested":
            arguments = f"pagination: {{limit: {wanted['limit']}}}, ordering: {{id: ASC}}"
            fields = "id status price lines { product quantity } tags { date }"
            return asked(f"bookings({arguments}) {{ {fields} }}")
        case "add":
            return Asked(view=view, body={"query": ADD, "variables": {"data": INPUT}})
        case _:
            return None
