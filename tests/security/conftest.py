"""A small world with secrets in it, and a client that reports what each request cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.replaying import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply, and the statements that were run for it."""

    status: int
    content: bytes
    statements: list[str]

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def ids(self) -> list[int]:
        pagination = self.body["pagination"]
        return [int(key) for key in pagination.get("ids", self.body["results"])]


Ask = Callable[..., Answer]


@pytest.fixture
def ask(db: None, settings: Any) -> Ask:
    """Return a function that puts one query to the middleware under an ``EXPOSE``."""

    def put(
        query: Mapping[str, Any] | bytes,
        expose: Mapping[str, Any],
        *,
        model: str = "booking",
        pk: Any = None,
        user: User | None = None,
        **others: Any,
    ) -> Answer:
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **others}
        client = Client()
        if user is not None:
            client.force_login(user)
        url = f"/api/{model}/" if pk is None else f"/api/{model}/{pk}"
        data = query if isinstance(query, bytes) else json.dumps(query)
        with CaptureQueriesContext(connection) as captured:
            response = client.generic("QUERY", url, data, content_type="application/json")
        every = [one["sql"] for one in captured.captured_queries]
        ran = [sql for sql in every if "testapp_" in sql or "clubs_" in sql]
        return Answer(status=response.status_code, content=response.content, statements=ran)

    return put


def granted(**parts: Any) -> dict[str, Any]:
    """Return an entry whose anonymous role may do everything that the parts do not narrow."""
    everything = {
        "rows": "*",
        "fields": ["*"],
        "filters": ["*"],
        "order_by": ["*"],
        "ops": ["get", "list"],
    }
    return {"anon": {**everything, **parts}}


@pytest.fixture
def secrets(db: None) -> None:
    """Bookings of which some are hidden by a rule, with columns that nobody may see."""
    replay(create_secrets)


def create_secrets() -> None:
    """Create the rows of ``secrets``."""
    from tests.testapp import models

    boss = User.objects.create(id=1, username="boss", password="pbkdf2-of-boss", is_staff=True)
    models.Company.objects.bulk_create(
        models.Company(id=key, name=f"Company {key}", address="Main St", tax_id=f"T-{key}")
        for key in (1, 2)
    )
    models.Customer.objects.bulk_create(
        models.Customer(
            id=key,
            name=name,
            email=f"{name.lower()}@example.com",
            vip=vip,
            company_id=company,
            metadata={"level": key, "pin": f"pin-{key}", "tags": ["a"]},
            api_token=f"s3cret-{key}",
        )
        for key, name, vip, company in (
            (1, "Aisha", True, 1),
            (2, "Omar", False, 2),
            (3, "Stone", False, None),
        )
    )
    models.Booking.objects.bulk_create(
        models.Booking(
            id=key,
            customer_id=customer,
            created_by=boss,
            status=status,
            price=f"{key}0.50",
            seats=key,
            day=f"2025-0{key}-15",
            created_at=f"2025-0{key}-15T10:00:00Z",
            internal_notes=f"call back {key}",
            stripe_payment_id=f"pi_{key}",
        )
        for key, customer, status in (
            (1, 1, "confirmed"),
            (2, 2, "pending"),
            (3, 3, "cancelled"),
        )
    )
    models.Line.objects.bulk_create(
        models.Line(id=key, booking_id=booking, product="mop", quantity=key, note=f"note-{key}")
        for key, booking in ((1, 1), (2, 1), (3, 2))
    )
    models.Tag.objects.create(slug="red", date="today")
    models.Booking.objects.get(pk=1).tags.add("red")  # type: ignore[arg-type]  # the stubs know integer keys only


@pytest.fixture
def attacked(db: None, configure: Any) -> None:
    """The world of ``writing``, under its grants."""
    from tests.security.writes.writing import expose, make_world

    replay(make_world)
    configure(expose())
