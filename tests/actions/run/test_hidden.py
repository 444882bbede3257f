"""An action that the caller may not run cannot be told from one that does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIRequestFactory
from rest_framework.viewsets import ModelViewSet

from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from django_flex.contrib.dj_actions.mixins import ActionMixin
from tests.contrib.dj_actions.forms import NameSerializer, make_registry
from tests.testapp.models import Booking

METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE", "QUERY")
URLS = (
    *("/api/booking/actions/secret/", "/api/booking/2/actions/secret/", "/api/booking/2/actions/"),
    *("/api/booking/99/actions/secret/", "/api/booking/actions/list/", "/api/booking/", "/api/"),
)
BODIES: tuple[dict[str, Any], ...] = (
    {"_model": "booking", "_action": "secret", "id": 2},
    {"_model": "booking", "_action": "secret", "_ids": [2], "_filters": {}},
    {"_model": "booking", "_action": "secrets"},
    {"_model": "booking", "_action": "list", "x": 1},
)


def _refuse(user: Any) -> bool:
    return False


def _fail(user: Any) -> bool:
    raise LookupError


#: Why an action is hidden: how it is written, and whether the grant lists it.
HIDDEN: dict[str, tuple[dict[str, Any], bool]] = {
    "not-granted": ({}, False),
    "bulk-not-granted": ({"scope": "bulk"}, False),
    "permission": ({"permission": _refuse}, True),
    "permission-that-fails": ({"permission": _fail}, True),
    "permission-of-django": ({"permission": "testapp.change_booking"}, True),
    "unfinished": ({"status": "alpha"}, True),
    "not-written": ({"status": "todo"}, True),
    "collection": ({"permission": _refuse, "scope": "collection"}, True),
}


def replies(rest: Any) -> list[Any]:
    """Return all that can be learned of an action called ``secret``."""
    found = [
        rest.request(method, url, {} if method in {"POST", "QUERY"} else None)
        for url in URLS
        for method in METHODS
    ]
    found += [rest.request("POST", "/api/", body) for body in BODIES]
    return [(one.status, one.body, sorted(one.headers.items())) for one in found]


@pytest.mark.parametrize("why", HIDDEN)
@pytest.mark.parametrize("others", [("confirm",), ()], ids=["beside-another", "alone"])
def test_a_hidden_action_looks_missing(
    rest: Any, grant: Any, why: str, others: tuple[str, ...]
) -> None:
    options, granted = HIDDEN[why]
    flex = {"MIN_ACTION_STATUS": "beta"}
    grant(*others, flex=flex)
    missing = replies(rest)

    with registry.isolated():
        action(Booking, id="secret", **options)(lambda *_: None)
        grant(*others, *(["secret"] if granted else []), flex=flex)
        hidden = replies(rest)

    assert missing == hidden


def test_a_role_with_hidden_actions_alone_has_no_grant(rest: Any, settings: Any) -> None:
    action(Booking, id="secret", permission=_refuse)(lambda *_: None)
    bare: dict[str, Any] = {"fields": ["id"], "ops": []}

    def described(ops: list[str]) -> list[Any]:
        expose = {"booking": {"anon": {**bare, "ops": ops}}}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
        return [rest.request("OPTIONS", url).body for url in ("/api/booking/", "/api/")]

    assert described([]) == described(["secret"])


@pytest.mark.parametrize("exposed", [True, False], ids=["exposed", "viewset-alone"])
@pytest.mark.parametrize("kind", ["instance", "bulk"])
def test_a_hidden_registry_action_looks_missing(
    settings: Any, bookings: None, kind: str, exposed: bool
) -> None:
    role = {"anon": {"fields": ["id"], "ops": ["get", "shut"], "rows": {"id.lte": 3}}}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": role} if exposed else {},
        "MIN_ACTION_STATUS": "beta",
    }

    def asked(*names: str) -> list[Any]:
        found = make_registry(status="beta")
        shut = found["actions"]["shut"]
        # Not granted where there are grants, and too unfinished where there are none.
        status = "beta" if exposed else "alpha"
        found["actions"] |= {name: {**shut, "type": kind, "status": status} for name in names}
        parts = {
            "queryset": Booking.objects.all(),
            "serializer_class": NameSerializer,
            "action_registry": found,
            "authentication_classes": (),
        }
        viewset: Any = type("BookingViewSet", (ActionMixin, ModelViewSet), parts)
        make = APIRequestFactory()
        replies = []
        with registry.isolated():
            for pk in (None, 1, 5, 99):
                view = viewset.as_view(
                    dict.fromkeys(["get", "post"], "actions" if pk else "bulk_actions")
                )
                row = {"pk": pk} if pk else {}
                for request in (make.get("/"), make.post("/", {})):
                    reply = view(request, action_id="secret", **row)
                    replies.append((reply.status_code, reply.data))
            listed = viewset.as_view({"get": "action_docs"})(make.get("/actions/list/"))
        return [*replies, listed.data]

    assert asked() == asked("secret")
