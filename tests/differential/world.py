"""Random rows of the test models, and what the evaluator has to know of the models themselves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.testapp import models

Row = dict[str, Any]

#: The columns of each model by kind; the first one is the primary key.
COLUMNS: dict[str, dict[str, str]] = {
    "company": {"id": "int", "name": "text", "address": "text", "tax_id": "text"},
    "customer": {
        "id": "int",
        "name": "text",
        "email": "text",
        "vip": "bool",
        "company": "int",
        "metadata": "json",
        "api_token": "text",
    },
    "address": {"id": "int", "street": "text", "city": "text"},
    "tag": {"slug": "text", "date": "text"},
    "booking": {
        "id": "int",
        "customer": "int",
        "address": "int",
        "team": "int",
        "created_by": "int",
        "status": "text",
        "urgent": "bool",
        "price": "decimal",
        "rating": "float",
        "seats": "int",
        "day": "date",
        "starts": "time",
        "lasts": "duration",
        "created_at": "datetime",
        "closed_at": "datetime",
        "reference": "uuid",
        "internal_notes": "text",
        "stripe_payment_id": "text",
        "document": "file",
        "digest": "binary",
    },
    "line": {"id": "int", "booking": "int", "product": "text", "quantity": "int", "note": "text"},
    "invoice": {"id": "int", "booking": "int", "number": "text"},
}
#: Columns that hold a NULL here and there, or always.
NULLABLE = {
    ("customer", "company"),
    *(
        ("booking", name)
        for name in (
            "address",
            "team",
            "created_by",
            "price",
            "rating",
            "seats",
            "day",
            "starts",
            "lasts",
            "created_at",
            "closed_at",
            "digest",
        )
    ),
    ("line", "note"),
}
GUARDED = {("customer", "api_token")}


@dataclass(frozen=True, slots=True)
class Relation:
    """A way from a row to others: by a column here, by one there, or by pairs of keys."""

    target: str
    here: str | None = None
    there: str | None = None
    many: bool = False


RELATIONS: dict[str, dict[str, Relation]] = {
    "company": {"customers": Relation("customer", there="company", many=True)},
    "customer": {
        "company": Relation("company", here="company"),
        "booking": Relation("booking", there="customer", many=True),
    },
    "address": {"booking": Relation("booking", there="address", many=True)},
    "tag": {"bookings": Relation("booking", many=True)},
    "booking": {
        "customer": Relation("customer", here="customer"),
        "address": Relation("address", here="address"),
        "invoice": Relation("invoice", there="booking"),
        "lines": Relation("line", there="booking", many=True),
        "tags": Relation("tag", many=True),
    },
    "line": {"booking": Relation("booking", here="booking")},
    "invoice": {"booking": Relation("booking", here="booking")},
}


def key_of(model: str) -> str:
    return next(iter(COLUMNS[model]))


@dataclass(frozen=True, slots=True)
class World:
    """All rows, by model and in the order of their keys, and the pairs of bookings and tags."""

    tables: dict[str, list[Row]]
    links: list[tuple[int, str]]
    #: What was found by key, so that a case takes a millisecond.
    found: dict[Any, list[Row]] = field(default_factory=dict)

    def behind(self, model: str, row: Row, name: str) -> list[Row]:
        """Return the rows behind a relation, in the order of their keys, whoever may see them."""
        place = (model, row[key_of(model)], name)
        if place not in self.found:
            self.found[place] = self._find(model, row, name)
        return self.found[place]

    def _find(self, model: str, row: Row, name: str) -> list[Row]:
        relation = RELATIONS[model][name]
        rows = self.tables[relation.target]
        own = row[key_of(model)]
        if relation.here is not None:
            return [one for one in rows if one[key_of(relation.target)] == row[relation.here]]
        if relation.there is not None:
            return [one for one in rows if one[relation.there] == own]
        if model == "booking":
            return [one for one in rows if (own, one["slug"]) in self.links]
        return [one for one in rows if (one["id"], own) in self.links]


WORDS = ["", "amber", "birch", "cedar", "dune", "elm", "fern"]
STATUSES = ["", "cancelled", "confirmed", "pending"]
NOTES = [None, None, "", "wet", "dry", "50%", "a_b", "dry wet"]
SLUGS = ["blue", "green", "red", "white"]


def create(seed: int) -> World:
    """Fill the tables, and return what they hold as they hold it."""
    choose = random.Random(seed)
    models.Company.objects.bulk_create(
        models.Company(id=n, name=choose.choice(WORDS), address=choose.choice(WORDS), tax_id="t")
        for n in range(1, 5)
    )
    models.Address.objects.bulk_create(
        models.Address(id=n, street=choose.choice(WORDS), city=choose.choice(WORDS))
        for n in range(1, 6)
    )
    models.Customer.objects.bulk_create(_customer(n, choose) for n in range(1, 12))
    models.Tag.objects.bulk_create(
        models.Tag(slug=slug, date=choose.choice(WORDS)) for slug in SLUGS
    )
    models.Booking.objects.bulk_create(_booking(n, choose) for n in range(1, 31))
    models.Line.objects.bulk_create(
        models.Line(
            id=n,
            booking_id=choose.randint(1, 24),
            product=choose.choice(WORDS[:4]),
            quantity=choose.randint(-1, 6),
            note=choose.choice(NOTES),
        )
        for n in range(1, 46)
    )
    models.Invoice.objects.bulk_create(
        models.Invoice(id=n, booking_id=booking, number=choose.choice(WORDS))
        for n, booking in enumerate(choose.sample(range(1, 31), 14), 1)
    )
    through = models.Booking.tags.through
    pairs = choose.sample([(b, slug) for b in range(1, 25) for slug in SLUGS], 34)
    through.objects.bulk_create(through(booking_id=b, tag_id=slug) for b, slug in pairs)
    return World({name: _read(name) for name in COLUMNS}, pairs)


def _read(model: str) -> list[Row]:
    manager = getattr(models, model.capitalize()).objects
    return [
        {name: getattr(one, _attribute(model, name)) for name in COLUMNS[model]}
        for one in manager.order_by("pk")
    ]


def _attribute(model: str, name: str) -> str:
    relation = RELATIONS[model].get(name)
    is_key = relation is not None and relation.here == name
    return f"{name}_id" if is_key or name in {"team", "created_by"} else name


def _customer(number: int, choose: random.Random) -> models.Customer:
    return models.Customer(
        id=number,
        name=choose.choice(WORDS),
        email=choose.choice(["", "a@example.com", "b@example.com"]),
        vip=choose.random() < 0.5,
        company_id=choose.choice([None, 1, 2, 3, 4]),
        metadata=_document(choose),
        api_token="s3cret",
    )


def _document(choose: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if choose.random() < 0.8:
        made["level"] = choose.choice([None, 0, 1, 3, 3, 7, 2.5, 10])
    if choose.random() < 0.8:
        made["active"] = choose.choice([True, False, None])
    if choose.random() < 0.8:
        made["settings"] = choose.choice(
            [{}, {"theme": "dark", "lang": "en"}, {"theme": "light"}, {"theme": None}]
        )
    if choose.random() < 0.7:
        made["tags"] = choose.sample(["new", "old", "vip"], choose.randint(0, 3))
    return made


def _booking(number: int, choose: random.Random) -> models.Booking:
    def perhaps(value: Any) -> Any:
        return None if choose.random() < 0.25 else value

    return models.Booking(
        id=number,
        customer_id=choose.randint(1, 9),
        address_id=perhaps(choose.randint(1, 5)),
        status=choose.choice(STATUSES),
        urgent=choose.random() < 0.4,
        price=perhaps(Decimal(choose.choice(["0.50", "10.00", "99.99", "100.00", "250.55"]))),
        rating=perhaps(choose.choice([0.25, 1.5, 3.0, 4.75])),
        seats=perhaps(choose.randint(0, 5)),
        day=perhaps(date(2025, 1, 30) + timedelta(days=choose.choice([-40, -1, 0, 1, 150]))),
        starts=perhaps(time(choose.choice([0, 9, 23]), choose.choice([0, 30]), 15)),
        lasts=perhaps(timedelta(minutes=choose.choice([0, 45, 90, 4_000]))),
        created_at=perhaps(_moment(choose)),
        closed_at=perhaps(_moment(choose)),
        reference=UUID(int=choose.randint(1, 6)),
        internal_notes=choose.choice(WORDS),
        stripe_payment_id="pi",
    )


def _moment(choose: random.Random) -> datetime:
    return datetime(2025, 1, 1, 0, 30, tzinfo=UTC) + timedelta(
        hours=choose.choice([-30, -1, 0, 9, 24 * 31, 24 * 200 + 14])
    )
