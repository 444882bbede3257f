"""Views with grants of their own: each is a row of the matrix, and ``flex_why`` explains them."""

from __future__ import annotations

import io
import json
import types
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpRequest, JsonResponse
from django.urls import path

from django_flex import FlexQueryView, flex_query
from tests.testapp.models import Booking, Customer

EXPOSE: dict[str, Any] = {
    "booking": {"staff": {"fields": ["id"], "ops": ["list"]}},
    "line": {"clerks": {"fields": ["id", "quantity"], "filters": ["quantity"], "ops": ["list"]}},
}


class Bookings(FlexQueryView):
    """Grants a role of its own, and more operations than it serves."""

    model = Booking
    flex_permissions = {
        "clerks": {
            "fields": ["id", "status", "lines.quantity"],
            "filters": ["status"],
            "rows": {"urgent": True},
            "ops": ["get", "list", "edit"],
        }
    }


class ByCode(Bookings):
    """Its grants may be different for each request."""

    def get_door(self) -> Any:
        return super().get_door()


@flex_query(model=Customer, allowed_fields=["name"], allowed_filters=["vip"])
def customers(request: HttpRequest, result: Any, query_spec: Any) -> JsonResponse:
    return JsonResponse(result.to_dict())


@pytest.fixture(autouse=True)
def project(configure: Any, settings: Any) -> None:
    configure(EXPOSE)
    urls = types.ModuleType("urls")
    vars(urls)["urlpatterns"] = [
        path("bookings/", Bookings.as_view()),
        path("bookings/<int:pk>/", Bookings.as_view()),
        path("wide/", Bookings.as_view(allowed_actions=["get", "list", "edit"])),
        path("code/", ByCode.as_view()),
        path("customers/", customers),
        path("plain/", lambda _request: JsonResponse({})),
    ]
    settings.ROOT_URLCONF = urls


BOOKINGS, CUSTOMERS = f"{__name__}.Bookings", f"{__name__}.customers"


def run(name: str, *arguments: str, **words: Any) -> tuple[str, str]:
    """Return what a command prints, and what it warns of."""
    printed, warned = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=printed, stderr=warned, **words)
    return printed.getvalue(), warned.getvalue()


def test_each_view_is_a_row() -> None:
    printed, warned = run("flex_matrix", "--format", "json")
    matrix = json.loads(printed)

    assert matrix["roles"] == ["staff", "clerks", "anon"]
    assert list(matrix["models"]) == ["booking", "line", BOOKINGS, f"{BOOKINGS} (2)", CUSTOMERS]
    assert "whose code decides" in warned
    assert "ByCode" in warned
    served = {name: json.dumps(cells) for name, cells in matrix["models"].items()}
    assert '"edit"' not in served[BOOKINGS]
    assert '"edit"' in served[f"{BOOKINGS} (2)"]
    assert "urgent" in served[BOOKINGS]
    # What a decorator grants is granted to every caller.
    assert set(matrix["models"][CUSTOMERS]) == {"staff", "clerks", "anon"}
    assert f"{CUSTOMERS}" in served[CUSTOMERS]


@pytest.mark.parametrize("form", ["md", "html"])
def test_the_other_forms_have_them(form: str) -> None:
    printed, _ = run("flex_matrix", "--format", form)

    assert BOOKINGS.rpartition(".")[2] in printed


def test_a_view_that_grants_more_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "matrix.json"
    run("flex_matrix", "--format", "json", "--output", str(known))
    run("flex_matrix", "--check", str(known))

    wider = {"clerks": {**Bookings.flex_permissions["clerks"], "fields": ["id", "price"]}}
    monkeypatch.setattr(Bookings, "flex_permissions", wider)

    with pytest.raises(CommandError, match="opened"):
        run("flex_matrix", "--check", str(known))


@pytest.mark.django_db
def test_a_request_to_a_view_is_explained(bookings: None) -> None:
    printed, _ = run("flex_why", "--role", "clerks", "GET", "/bookings/?fields=id,price")

    assert "refused with 403" in printed
    assert f"+ fields id: {BOOKINGS}" in printed
    assert "- fields price: no line grants it" in printed
    one = Booking.objects.filter(urgent=False)[0].pk
    printed, _ = run("flex_why", "--role", "clerks", "GET", f"/bookings/{one}/?fields=id")
    assert "refused with 404" in printed
    assert "hides" in printed
    printed, _ = run("flex_why", "PATCH", "/bookings/1/", '{"status": "x"}', role="clerks")
    assert "refused with 405" in printed or "refused with 403" in printed


@pytest.mark.django_db
def test_a_request_to_a_decorated_function_is_explained() -> None:
    printed, _ = run("flex_why", "GET", "/customers/?fields=name&filters.vip=true")
    assert printed.startswith("GET /customers/?fields=name&filters.vip=true: allowed\n")
    assert "as everyone" in printed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "text"),
    [("/code/", "code of the view"), ("/plain/", "No API"), ("/nowhere/", "No API")],
)
def test_what_cannot_be_explained_is_said(url: str, text: str) -> None:
    with pytest.raises(CommandError, match=text):
        run("flex_why", "GET", url)
