"""``manage.py check`` reads the grants of views, too: they are as easily misspelt as ``EXPOSE``."""

from __future__ import annotations

import types
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import path
from rest_framework.viewsets import GenericViewSet

from django_flex import FlexQueryView, flex_query
from django_flex.checks import check_settings
from django_flex.contrib.rest_framework import FlexViewSetMixin
from tests.testapp.models import Booking, Node

GOOD = {"fields": ["id", "status"], "ops": ["get", "list"]}
SETTINGS = {"VERSIONS": {"v2": {"path": "/api/v2/"}}}
PLACE = "tests.http.test_view_checks"


class BookingView(FlexQueryView):
    """A view that says all in its URL pattern."""


def view(**attributes: Any) -> Any:
    body = {"model": Booking, "flex_permissions": {"staff": GOOD}, **attributes}
    made: Any = type("BookingView", (FlexQueryView,), {"__module__": PLACE, **body})
    return made.as_view()


def with_grant(role: str = "staff", **grant: Any) -> Any:
    return view(flex_permissions={role: {**GOOD, **grant}})


def viewset(**attributes: Any) -> Any:
    body = {"queryset": Booking.objects.all(), "flex_permissions": {"staff": GOOD}, **attributes}
    bases = (FlexViewSetMixin, GenericViewSet)
    made: Any = type("BookingSet", bases, {"__module__": PLACE, **body})
    return made.as_view({"get": "list"})


def decorated(**arguments: Any) -> Any:
    def bookings(request: Any, result: Any, query_spec: Any) -> None: ...

    bookings.__qualname__ = "bookings"
    return flex_query(**{"model": Booking, "allowed_fields": ["id"], **arguments})(bookings)


def messages(settings: Any, *views: Any, **written: Any) -> list[tuple[str, str, str | None]]:
    """Return id, text and hint of each message about some views of a project."""
    module = types.ModuleType("urls")
    vars(module)["urlpatterns"] = [path(f"{n}/", one) for n, one in enumerate(views)]
    settings.ROOT_URLCONF = module
    settings.DJANGO_FLEX = {**SETTINGS, **written}
    found = check_settings()
    return [(str(m.id).removeprefix("django_flex."), m.msg, m.hint) for m in found]


MISTAKES = {
    "field": (
        lambda: with_grant(fields=["statuz"]),
        "E006",
        ".BookingView['staff']['fields']: 'statuz' ",
        "did you mean 'status'?",
    ),
    "operator": (lambda: with_grant(filters=["id.containing"]), "E007", "['filters']", "contains"),
    "operation": (lambda: with_grant(ops=["lst"]), "E008", "['staff']['ops']", "'list'"),
    "key-of-a-grant": (lambda: with_grant(field=["id"]), "E005", "['staff']", "'fields'"),
    "no-role": (
        lambda: view(flex_permissions=GOOD),
        "E005",
        ".BookingView: 'fields'",
        "{'authenticated': {'fields': …}}",
    ),
    "no-grants": (lambda: view(flex_permissions={}), "W015", ".BookingView: ", "flex_permissions"),
    "no-operations": (
        lambda: view(flex_permissions={"staff": {"fields": ["id"]}}),
        "W015",
        "['staff']: ",
        "'ops': ['get', 'list']",
    ),
    "role-of-nobody": (lambda: with_grant("Leads"), "W004", "['Leads']", "'leads'"),
    "nobody-is-anonymous": (lambda: with_grant("anon"), "W003", "['anon']", "REQUIRE_AUTH"),
    "no-model": (lambda: view(model=None), "E028", ".BookingView has no model", None),
    "name-as-model": (lambda: view(model="testapp.Booking"), "E028", "'testapp.Booking'", None),
    "no-such-version": (lambda: view(version="v1"), "E028", "no version 'v1'", "one of v2"),
    "action": (
        lambda: view(allowed_actions=["get", "lst", "list"]),
        "E008",
        ".BookingView.allowed_actions: Unknown operation 'lst'",
        "did you mean 'list'?",
    ),
    "granted-and-not-served": (
        lambda: with_grant(ops=["get", "list", "delete"]),
        "W018",
        ".BookingView['staff']['ops']: The view does not serve 'delete'",
        "allowed_actions = ['get', 'list', 'delete']",
    ),
    "misspelt-attribute": (
        lambda: view(flex_permission={"staff": GOOD}),
        "W026",
        ".BookingView: 'flex_permission'",
        "did you mean 'flex_permissions'?",
    ),
    "another-misspelt-attribute": (
        lambda: view(allowed_action=["get"]),
        "W026",
        ".BookingView: 'allowed_action'",
        "did you mean 'allowed_actions'?",
    ),
    "argument-of-as-view": (
        lambda: BookingView.as_view(
            model=Booking, flex_permissions={"staff": {**GOOD, "fields": ["statuz"]}}
        ),
        "E006",
        ".BookingView['staff']['fields']",
        "'status'",
    ),
    "viewset": (
        lambda: viewset(flex_permissions={"staff": {**GOOD, "order_by": ["statuz"]}}),
        "E006",
        ".BookingSet['staff']['order_by']",
        "'status'",
    ),
    "viewset-of-a-model": (
        lambda: viewset(
            queryset=None, flex_model=Node, flex_permissions={"staff": {**GOOD, "fields": "parnt"}}
        ),
        "E006",
        "does not exist on testapp.node",
        "'parent'",
    ),
    "viewset-without-grants": (lambda: viewset(flex_permissions={}), "W015", ".BookingSet", None),
    "viewset-of-no-version": (lambda: viewset(flex_version="v9"), "E028", "'v9'", "one of v2"),
    "misspelt-attribute-of-a-viewset": (
        lambda: viewset(flex_permision={}),
        "W026",
        ".BookingSet: 'flex_permision'",
        "did you mean 'flex_permissions'?",
    ),
    "decorator": (
        lambda: decorated(allowed_fields=["statuz"]),
        "E006",
        ".bookings['fields']: 'statuz'",
        "'status'",
    ),
    "decorator-filters": (
        lambda: decorated(allowed_filters=["status__in"]),
        "E006",
        ".bookings['filters']",
        "did you mean 'status.in'?",
    ),
    "decorator-of-no-version": (lambda: decorated(version="v1"), "E028", "'v1'", "one of v2"),
}


@pytest.mark.parametrize(
    ("make", "identifier", "place", "hint"),
    [pytest.param(*case, id=name) for name, case in MISTAKES.items()],
)
def test_a_mistake_in_a_view_is_found(
    settings: Any, make: Any, identifier: str, place: str, hint: str | None
) -> None:
    found = messages(settings, make())

    assert identifier in [name for name, *_ in found]
    text, hinted = next((text, hint) for name, text, hint in found if name == identifier)
    assert place in text
    assert text.startswith(PLACE)
    assert hint is None or hint in str(hinted)


class Deciding(FlexQueryView):
    """A view whose code decides; the class says nothing that could be wrong."""

    def get_door(self) -> Any:
        raise NotImplementedError


class ByProperty(FlexQueryView):
    model = Booking

    @property
    def flex_permissions(self) -> Any:  # type: ignore[override]
        raise NotImplementedError


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(view, id="view"),
        pytest.param(viewset, id="viewset"),
        pytest.param(decorated, id="decorator"),
        pytest.param(lambda: viewset(queryset=None), id="queryset-by-a-method"),
        pytest.param(lambda: viewset(flex_permissions=None), id="grants-in-the-settings"),
        pytest.param(Deciding.as_view, id="own-door"),
        pytest.param(ByProperty.as_view, id="grants-for-each-request"),
        pytest.param(lambda: view(permission="x", actions=[], authority=1), id="own-attributes"),
        pytest.param(lambda: view(require_auth=False), id="visitors"),
    ],
)
def test_a_good_view_has_nothing_to_say(settings: Any, make: Any) -> None:
    assert messages(settings, make()) == []


def test_a_view_at_two_urls_is_reported_once(settings: Any) -> None:
    wrong = with_grant(fields=["statuz"])

    assert ["E006"] == [name for name, *_ in messages(settings, wrong, wrong)]


def test_its_own_setting_says_whether_visitors_are_let_in(settings: Any) -> None:
    open_ = view(require_auth=False, flex_permissions={"anon": GOOD})
    closed = view(require_auth=True, flex_permissions={"anon": GOOD})

    assert messages(settings, open_) == []
    found = messages(settings, closed, REQUIRE_AUTHENTICATION=False)
    assert ["W003"] == [name for name, *_ in found]


@pytest.mark.parametrize("model", [None, "testapp.Booking", Booking.objects, object, 5])
def test_a_view_without_a_model_says_so(settings: Any, rf: Any, model: Any) -> None:
    settings.DJANGO_FLEX = {}
    with pytest.raises(ImproperlyConfigured, match="'model' is a model class"):
        view(model=model)(rf.get("/"))
    with pytest.raises(ImproperlyConfigured, match=r"bookings .*'model' is a model class"):
        decorated(model=model)


def test_a_view_that_declares_no_model_says_so(rf: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="FlexQueryView has no model"):
        FlexQueryView.as_view()(rf.get("/"))
