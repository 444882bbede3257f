"""What is wanted in each case, in no contender's words."""

from __future__ import annotations

from dataclasses import dataclass

#: Seven fields over two to-one joins.
FIELDS = (
    "id",
    "status",
    "price",
    "created_at",
    "customer.name",
    "customer.email",
    "address.city",
)
#: Columns of a row to add, and its values.
COLUMNS = ("customer", "address", "status", "price", "seats", "created_at")
VALUES = {
    "customer": 5,
    "address": 3,
    "status": "confirmed",
    "price": "12.50",
    "seats": 4,
    "created_at": "2026-01-31T12:00:00Z",
}
#: Fields of a booking and of the lists in it.
NESTED_FIELDS = ("id", "status", "price", "lines.product", "lines.quantity", "tags.date")
#: Columns that rows grow by, simple ones first.
WIDE = (
    "status",
    "price",
    "seats",
    "urgent",
    "created_at",
    "rating",
    "day",
    "reference",
    "internal_notes",
    "closed_at",
    "starts",
    "customer.name",
    "customer.email",
    "customer.vip",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregate, as our query."""

    query: dict[str, str]
    is_list: bool = False


AGGREGATES = {
    "by status and month": Aggregate(
        query={
            "group_by": "status,month:created_at.trunc_month",
            "aggregate": "n:count,total:price.sum",
            "having.total.gt": "0",
            "order_by": "-total",
            "filters.status.in": "confirmed,pending",
        }
    ),
    "by customer's name": Aggregate(
        query={
            "group_by": "who:customer.name",
            "aggregate": "n:count,mean:price.avg",
            "order_by": "who",
            "limit": "100",
            "filters.price.gte": "10",
        }
    ),
    "totals": Aggregate(
        query={
            "aggregate": "n:count,total:price.sum,priced:price.count",
            "filters.price.gte": "10",
        }
    ),
    "count beside each row": Aggregate(
        query={"fields": "id,n:lines.count", "filters.price.gte": "10", "limit": "50"},
        is_list=True,
    ),
}
