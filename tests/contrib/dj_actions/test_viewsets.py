"""Viewsets that were written for dj-actions, with the shapes that it gives to replies."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.test import APIRequestFactory
from rest_framework.viewsets import ModelViewSet

from django_flex.actions.models import ActionEvent
from django_flex.contrib.dj_actions.mixins import ActionMixin
from tests.contrib.dj_actions.forms import FORM, SERIALIZER, SHUT, NameSerializer, make_registry
from tests.testapp.models import Booking


def viewset(found: dict[str, Any], **more: Any) -> Any:
    """Return the views of a viewset with a registry."""
    parts = {
        "queryset": Booking.objects.all(),
        "serializer_class": NameSerializer,
        "action_registry": found,
        "authentication_classes": (),
        **more,
    }
    return type("BookingViewSet", (ActionMixin, ModelViewSet), parts)


def shut(kind: str, how: str, **more: Any) -> Any:
    made = viewset(make_registry(SHUT, kind, **more))
    path = {"pk": 1} if kind == "instance" else {}
    view = made.as_view({"post": "actions" if path else "bulk_actions"})
    return view(APIRequestFactory().post("/", {"how": how}), action_id="shut", **path)


@pytest.mark.parametrize(
    ("kind", "how", "more", "expected"),
    [
        pytest.param("instance", "", {}, {"status": "confirmed", "pk": "1"}, id="the-row"),
        pytest.param(
            "instance", "row", {"serializer": SERIALIZER}, {"status": "a", "pk": "1"}, id="row"
        ),
        pytest.param("instance", "object", {"serializer": False}, {"a": 1, "pk": "1"}, id="object"),
        pytest.param(
            "instance", "text", {"serializer": False}, {"result": "done", "pk": "1"}, id="text"
        ),
        pytest.param(
            "instance",
            "rows",
            {"multiple_results": True},
            {"meta": {"pk": "1"}, "results": [{"status": "a"}, {"status": "b"}]},
            id="rows-of-one",
        ),
        pytest.param("bulk", "", {}, {"meta": {"pk": None}, "results": []}, id="bulk"),
        pytest.param("bulk", "", {"multiple_results": False}, {"pk": None}, id="bulk-of-nothing"),
        pytest.param(
            "bulk", "row", {"multiple_results": False}, {"status": "a", "pk": None}, id="bulk-row"
        ),
        pytest.param(
            "bulk",
            "rows",
            {"multiple_results": False},
            {"meta": {"pk": None}, "results": [{"status": "a"}, {"status": "b"}]},
            id="bulk-rows",
        ),
    ],
)
def test_the_reply_has_the_shape_of_dj_actions(
    bookings: None, kind: str, how: str, more: dict[str, Any], expected: Any
) -> None:
    reply = shut(kind, how, **more)

    assert (200, expected) == (reply.status_code, reply.data)
    assert "Flex-Action-Event" in reply


@pytest.mark.parametrize(
    ("serializer", "example"), [(SERIALIZER, [{"status": ""}]), (False, [])], ids=["path", "none"]
)
def test_the_example_of_a_reply_is_that_of_the_serializer(
    bookings: None, serializer: Any, example: Any
) -> None:
    view = viewset(make_registry(SHUT, serializer=serializer)).as_view({"get": "actions"})

    reply = view(APIRequestFactory().get("/bookings/1/actions/shut/"), pk=1, action_id="shut")

    assert (200, example) == (reply.status_code, reply.data["example_response"])


def test_two_viewsets_have_forms_of_their_own_under_one_id(bookings: None) -> None:
    assert shut("instance", "object", serializer=False).data["a"] == 1
    view = viewset(make_registry(FORM)).as_view({"post": "actions"})

    reply = view(APIRequestFactory().post("/", {"why": "late"}), pk=1, action_id="shut")

    assert {"status": "closed", "why": "late"} == reply.data


def test_an_action_that_another_one_runs_has_its_own_form(bookings: None) -> None:
    found = make_registry("tests.contrib.dj_actions.forms.NestingForm")
    found["actions"]["inner"] = make_registry()["actions"]["shut"]
    view = viewset(found).as_view({"post": "actions"})

    reply = view(APIRequestFactory().post("/", {}), pk=1, action_id="shut")

    assert (200, "nested") == (reply.status_code, reply.data["inner"])
    assert "closed" == Booking.objects.get(pk=1).status


def test_permission_classes_of_the_viewset_decide(bookings: None) -> None:
    made = viewset(make_registry(SHUT), permission_classes=(IsAuthenticated,))
    view = made.as_view({"post": "actions"})

    reply = view(APIRequestFactory().post("/", {}), pk=1, action_id="shut")

    assert 403 == reply.status_code
    assert not ActionEvent.objects.exists()


class Refusing(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return False


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("permissions", [(), (Refusing,)], ids=["none", "refusing"])
def test_a_row_that_the_grant_hides_answers_as_a_missing_one(
    bookings: None, settings: Any, method: str, permissions: Any
) -> None:
    anon = {"rows": {"id": 2}, "ops": ["shut"]}
    made = viewset(make_registry(SHUT), permission_classes=permissions)
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": {"anon": anon}},
    }
    view = made.as_view({"get": "actions", "post": "actions"})
    hidden, missing, own = (
        view(getattr(APIRequestFactory(), method)("/"), pk=pk, action_id="shut")
        for pk in (1, 99, 2)
    )

    assert (404, "object.not_found") == (missing.status_code, missing.data["code"])
    assert (missing.status_code, missing.data) == (hidden.status_code, hidden.data)
    assert (403 if permissions else 200) == own.status_code


def test_a_viewset_without_a_queryset_is_asked_for_it(bookings: None) -> None:
    made = viewset(
        make_registry(SHUT),
        queryset=None,
        get_queryset=lambda self: Booking.objects.filter(status="pending"),
    )
    view = made.as_view({"post": "actions"})

    statuses = [
        view(APIRequestFactory().post("/", {}), pk=pk, action_id="shut").status_code
        for pk in (1, 2)
    ]

    assert [404, 200] == statuses
