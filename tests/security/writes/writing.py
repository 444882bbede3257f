"""A world to be attacked by writes: rows, links and rows inside rows, some of them hidden."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.testapp import models

WRITE = ["add", "edit", "delete", "bulk_edit", "bulk_delete"]
EVERY = ["get", "list", *WRITE]
#: Keys that no sequence of the database comes to.
OPEN, HIDDEN, OTHER = 1001, 1002, 1003
MISSING = 4004


def granted(**parts: Any) -> dict[str, Any]:
    """Return a grant of everything that the parts do not narrow."""
    return {
        "rows": "*",
        "fields": ["*"],
        "filters": ["*"],
        "order_by": ["*"],
        "ops": EVERY,
        "delete": {"cascade": "*"},
        **parts,
    }


#: Of each model one row or more is hidden: by data, by Q, by callable.
GRANTS: dict[str, dict[str, Any]] = {
    "booking": granted(rows={"status.ne": "hidden"}, exclude=["internal_notes"]),
    "customer": granted(rows={"vip": True}, exclude=["email"]),
    "line": granted(rows=Q(quantity__gte=0)),
    "tag": granted(rows=lambda user: ~Q(slug__startswith="h-"), add={"fields": ["*", "slug"]}),
    "invoice": granted(rows={"number.startswith": "A"}),
    "service": granted(),  # its manager hides rows
    "offer": granted(),
    "team": {},
    "node": granted(),
}


def expose(**narrowed: Any) -> dict[str, Any]:
    """Return ``EXPOSE`` with the grants above, for everybody, some of them narrowed."""
    return {
        name: {"anon": {**grant, **narrowed.get(name, {})} if grant else {}}
        for name, grant in GRANTS.items()
    }


def make_world() -> None:
    """Create the rows."""
    boss = User.objects.create(id=OPEN, username="boss", password="pbkdf2-of-boss", is_staff=True)
    models.Company.objects.create(id=OPEN, name="Acme")
    models.Customer.objects.bulk_create(
        [
            models.Customer(
                id=OPEN, name="Aisha", vip=True, metadata={"level": 1, "pin": "p", "tags": ["a"]}
            ),
            models.Customer(id=HIDDEN, name="Omar", email="omar@example.com", api_token="s3cret"),
            models.Customer(id=OTHER, name="Stone", vip=True, metadata={"tags": [1, True]}),
        ]
    )
    models.Team.objects.create(id=OPEN, name="Blue")
    models.Booking.objects.bulk_create(
        models.Booking(
            id=key, customer_id=customer, created_by=boss, status=status, price="10.50", seats=key
        )
        for key, customer, status in (
            (OPEN, OPEN, "open"),
            (HIDDEN, HIDDEN, "hidden"),
            (OTHER, HIDDEN, "open"),
        )
    )
    models.Line.objects.bulk_create(
        models.Line(id=key, booking_id=booking, product="mop", quantity=quantity)
        for key, booking, quantity in (
            (OPEN, OPEN, 1),
            (HIDDEN, OPEN, -1),
            (OTHER, OTHER, 1),
            (1004, HIDDEN, 1),
        )
    )
    models.Tag.objects.bulk_create(models.Tag(slug=slug) for slug in ("red", "blue", "h-a", "h-b"))
    models.Booking.objects.get(pk=OPEN).tags.add("red", "h-a")  # type: ignore[arg-type]  # the stubs know integer keys only
    models.Invoice.objects.create(id=OPEN, booking_id=OPEN, number="A-1")
    models.Invoice.objects.create(id=HIDDEN, booking_id=HIDDEN, number="H-1")
    for key, deleted in ((OPEN, False), (HIDDEN, True)):
        models.Service.everything.create(id=key, name="wash", deleted=deleted, company_id=OPEN)
    models.Offer.objects.create(id=OPEN, service_id=OPEN, title="spring")


def ask(
    spec: Mapping[str, Any], model: str = "booking", user: Any = None
) -> tuple[int, dict[str, Any]]:
    """Send one query object; answer with the status and the reply."""
    result = FlexQuery(model).execute(spec, user=user)
    return result.status_code, result.to_dict()


def stored() -> dict[str, dict[Any, dict[str, Any]]]:
    """Return all rows of all tables that a write could reach, by table and key."""
    return {table._meta.label: {row["pk"]: row for row in _rows(table)} for table in _tables()}


def snapshot() -> dict[str, Any]:
    """Return the rows of the same tables as the database gives them: cheap, and just to compare."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for label, statement in _statements().items():
            cursor.execute(statement)
            found[label] = cursor.fetchall()
    return found


@cache
def _statements() -> dict[str, str]:
    quote = connection.ops.quote_name
    found: dict[str, str] = {}
    for table in _tables():
        meta = table._meta
        columns = ", ".join(quote(field.column) for field in meta.local_concrete_fields)
        order = quote(meta.pk.column)
        found[meta.label] = f"SELECT {columns} FROM {quote(meta.db_table)} ORDER BY {order}"
    return found


def _tables() -> list[Any]:
    tables: list[Any] = [*apps.get_app_config("testapp").get_models(), User]
    tables += [models.Booking.tags.through, models.Team.members.through]
    return [table for table in tables if not table._meta.proxy]


def _rows(table: Any) -> list[dict[str, Any]]:
    names = [f.attname for f in table._meta.concrete_fields]
    rows = table._base_manager.order_by("pk").values("pk", *names)
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    # 1 and True are equal, but not the same JSON.
    return repr(value) if isinstance(value, dict | list) else value


def refused(
    status: int, spec: Mapping[str, Any], model: str = "booking", user: Any = None
) -> dict[str, Any]:
    """Send a write that must be refused with a status, and change nothing; return the reply."""
    before = snapshot()
    found, body = ask(spec, model, user)
    assert (found, snapshot() == before) == (status, True), body
    return body


def denied(spec: Mapping[str, Any], model: str = "booking", user: Any = None) -> dict[str, Any]:
    """Send a write that must be refused before any row is looked at; return the reply.

    Who is not signed in is asked to, where the operation is refused.
    """
    with CaptureQueriesContext(connection) as captured:
        status, body = ask(spec, model, user)
    ran = [one["sql"] for one in captured.captured_queries if "testapp_" in one["sql"]]
    expected = 401 if body["code"] == "auth.required" else 403
    assert (status, ran) == (expected, []), body
    return body
