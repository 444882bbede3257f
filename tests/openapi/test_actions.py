"""The replies of model actions, as the annotations of their code say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import pytest
from django.db.models import QuerySet
from django.test import Client

from django_flex.actions import ActionContext, action
from django_flex.actions.declare.registry import registry
from django_flex.conf import get_settings
from django_flex.http.openapi import document_of_role
from tests.openapi.reading import Document, operations, resolved, schema_of
from tests.testapp.models import Booking, Customer

pytestmark = pytest.mark.django_db


class Part(TypedDict):
    seats: int


class Sums(TypedDict):
    total: int
    parts: list[Part]


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    """Register an action for each form of reply."""
    with registry.isolated():
        _register()
        yield


def _register() -> None:  # noqa: C901 - one after the other
    @action(Booking)
    def touch(ctx: ActionContext, booking: Booking) -> None:
        """Do nothing."""

    @action(Booking)
    def mark(ctx: ActionContext, booking: Booking) -> tuple[dict[str, Any], Booking]:
        return {"marked": True}, booking

    @action(Booking)
    def owner(ctx: ActionContext, booking: Booking) -> Customer | None:
        return booking.customer

    @action(Booking, scope="bulk")
    def skim(ctx: ActionContext, bookings: list[Booking]) -> None: ...

    @action(Booking, scope="collection")
    def latest(ctx: ActionContext) -> QuerySet[Booking]:
        return Booking.objects.order_by("-pk")[:2]

    @action(Booking, scope="collection")
    def nobody(ctx: ActionContext) -> list[Customer]:
        return []

    @action(Booking, scope="collection")
    def total(ctx: ActionContext) -> int:
        return Booking.objects.count()

    @action(Booking, scope="collection")
    def sums(ctx: ActionContext) -> Sums:
        return {"total": 3, "parts": [{"seats": 2}]}

    @action(Booking, scope="collection")
    def untold(ctx: ActionContext):
        return {"anything": 1}

    @action(Booking, scope="collection")
    def unreadable(ctx: ActionContext) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
        return {"anything": 1}


EXPOSE: dict[str, Any] = {
    "booking": {
        "anon": {
            "fields": ["id", "status"],
            "filters": ["id"],
            "ops": [
                *("get", "touch", "mark", "owner", "skim", "latest", "nobody", "total", "sums"),
                *("untold", "unreadable"),
            ],
        }
    }
}
#: What the reply of each action may not be.
WRONG: dict[str, Any] = {
    "skim": {"results": {}},
    "latest": {"results": {"1": 3}},
    "nobody": {"results": 3},
    "total": {"result": "x"},
    "sums": {"total": 3, "parts": [{"seats": "x"}]},
}


@pytest.fixture
def document(configure: Any) -> Callable[[], Document]:
    """Return a function that returns the document of everybody."""
    configure(EXPOSE)
    return lambda: document_of_role("anon", get_settings(), "3.2")


def test_every_action_replies_as_its_annotation_says(
    document: Callable[[], Document], bookings: None
) -> None:
    found, key, seen = document(), Booking.objects.order_by("pk")[0].pk, set()
    for path, method, operation in operations(found):
        if "/actions/" not in path:
            continue
        name = path.rstrip("/").rpartition("/")[2]
        sent = {"_ids": [key]} if name == "skim" else {}
        url = path.replace("{key}", str(key))
        said = resolved(found, operation["responses"]["200"])["content"]["application/json"]
        schema = schema_of(found, said["schema"])

        reply = Client().generic(method.upper(), url, json.dumps(sent), "application/json")

        assert reply.status_code == 200, reply.content
        assert [error.message for error in schema.iter_errors(reply.json())] == [], name
        assert name not in WRONG or not schema.is_valid(WRONG[name]), name
        seen.add(name)
    assert seen == {*EXPOSE["booking"]["anon"]["ops"], "actions"} - {"get"}


def test_the_document_is_valid(document: Callable[[], Document]) -> None:
    validation = pytest.importorskip("openapi_spec_validator")
    found = json.loads(json.dumps(document()))

    assert not [*validation.OpenAPIV32SpecValidator(found).iter_errors()]
    assert {"BookingSumsReply", "BookingSumsReplyPart"} <= found["components"]["schemas"].keys()


def test_camel_case_is_in_what_describes_actions(configure: Any) -> None:
    configure(EXPOSE, NAMING="camel")
    found = document_of_role("anon", get_settings())
    said = resolved(found, found["paths"]["/api/bookings/actions/"]["get"]["responses"]["200"])
    schema = schema_of(found, said["content"]["application/json"]["schema"])

    reply = Client().get("/api/bookings/actions/").json()

    assert [error.message for error in schema.iter_errors(reply)] == []
