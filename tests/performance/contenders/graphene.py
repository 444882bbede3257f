"""graphene-django with types of the models and ``select_related`` in the resolvers."""

# mypy: ignore-errors
# graphene is in an environment of its own, where no type checker looks.

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import graphene
from graphene_django import DjangoObjectType
from graphene_django.views import GraphQLView

from tests.performance.asked import Asked
from tests.performance.wanted import VALUES
from tests.testapp import models


class Line(DjangoObjectType):
    class Meta:
        model = models.Line
        fields = ("product", "quantity")


class Tag(DjangoObjectType):
    class Meta:
        model = models.Tag
        fields = ("date",)


class Customer(DjangoObjectType):
    class Meta:
        model = models.Customer
        fields = ("name", "email")


class Address(DjangoObjectType):
    class Meta:
        model = models.Address
        fields = ("city",)


class Booking(DjangoObjectType):
    class Meta:
        model = models.Booking
        fields = ("id", "status", "price", "created_at", "customer", "address", "lines", "tags")


class Query(graphene.ObjectType):
    bookings = graphene.List(
        graphene.NonNull(Booking),
        status=graphene.String(),
        order_by=graphene.String(),
        limit=graphene.Int(),
    )
    booking = graphene.Field(Booking, id=graphene.ID(required=True))
    nested = graphene.List(graphene.NonNull(Booking), limit=graphene.Int())

    def resolve_bookings(
        self, _info: Any, status: str, order_by: str = "-created_at", limit: int = 50
    ) -> Any:
        found = models.Booking.objects.select_related("customer", "address")
        return found.filter(status=status).order_by(order_by, "id")[:limit]

    def resolve_booking(self, _info: Any, id: str) -> Any:  # noqa: A002  # the argument's name
        return models.Booking.objects.select_related("customer", "address").get(pk=id)

    def resolve_nested(self, _info: Any, limit: int = 50) -> Any:
        found = models.Booking.objects.order_by("id").prefetch_related("lines", "tags")
        return found[:limit]


class AddBooking(graphene.Mutation):
    class Arguments:
        customer = graphene.ID(required=True)
        address = graphene.ID()
        status = graphene.String()
        price = graphene.Decimal()
        seats = graphene.Int()
        created_at = graphene.DateTime()

    booking = graphene.Field(Booking)

    def mutate(self, _info: Any, customer: str, address: str, **values: Any) -> Any:
        row = models.Booking(customer_id=customer, address_id=address, **values)
        row.full_clean()
        row.save()
        return AddBooking(booking=row)


class Mutation(graphene.ObjectType):
    add_booking = AddBooking.Field()


FIELDS = "id status price createdAt customer { name email } address { city }"
ADD = """
mutation ($customer: ID!, $address: ID, $status: String, $price: Decimal, $seats: Int,
          $created_at: DateTime) {
  addBooking(customer: $customer, address: $address, status: $status, price: $price,
             seats: $seats, createdAt: $created_at) { booking { id } }
}
"""
schema = graphene.Schema(query=Query, mutation=Mutation)
view: Any = GraphQLView.as_view(schema=schema, graphiql=False)


def asked(query: str) -> Asked:
    """Return the request of a query, in its URL."""
    return Asked(view=view, url=f"/graphql?query={quote(f'{{ {query} }}')}")


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            arguments = f'status: "confirmed", orderBy: "-created_at", limit: {wanted["limit"]}'
            return asked(f"bookings({arguments}) {{ {FIELDS} }}")
        case "get":
            return asked(f"booking(id: {wanted['key']}) {{ {FIELDS} }}")
        case "nested":
            fields = "id status price lines { product quantity } tags { date }"
            return asked(f"nested(limit: {wanted['limit']}) {{ {fields} }}")
        case "add":
            return Asked(view=view, body={"query": ADD, "variables": VALUES})
        case _:
            return None
