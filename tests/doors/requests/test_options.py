"""OPTIONS: the model as the caller sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from django_flex.query.limits import CAPS
from tests.doors.fronts import SERVED_DOORS, HttpDoor, SignedIn, grant
from tests.testapp.models import Product

pytestmark = pytest.mark.usefixtures("bookings")

CAPS_OF_QUERIES = {
    name: cap.default
    for name, cap in CAPS.items()
    if cap.unit == "number" and name not in {"default_limit", "max_limit"}
}
NARROW = grant(
    fields=["id", "status", "customer", "customer.name"],
    filters=["status", "status.in", "customer.name.*"],
    order_by=["-id"],
    ops=["list"],
)


@pytest.fixture(params=["middleware", "async-middleware", "view", "viewset", "urls"])
def narrow(request, settings: Any, db: None) -> HttpDoor:
    """A kind of URL under a narrow grant."""
    door = SERVED_DOORS[request.param](settings)
    door.open("booking", NARROW, {})
    SignedIn.user = None
    return door


def test_description_holds_what_the_caller_may_use(narrow, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        response = narrow.request("OPTIONS", narrow.path)

    assert 200 == response.status_code
    assert {
        "model": "booking",
        "label": "booking",
        "label_plural": "bookings",
        "key": "id",
        "role": "anon",
        "operations": ["list"],
        "fields": {
            "customer": {
                "type": "integer",
                "null": False,
                "relation": None,
                "operators": [],
                "label": "customer",
                "schema": {"type": "integer"},
            },
            "customer.name": {
                "type": "text",
                "null": False,
                "operators": [
                    "exact",
                    "iexact",
                    "ne",
                    "lt",
                    "lte",
                    "gt",
                    "gte",
                    "in",
                    "nin",
                    "range",
                    "isnull",
                    "contains",
                    "icontains",
                    "startswith",
                    "istartswith",
                    "endswith",
                    "iendswith",
                    "len",
                ],
                "transforms": ["len", "lower", "upper"],
                "label": "name",
                "schema": {"type": "string"},
            },
            "id": {
                "type": "integer",
                "null": False,
                "operators": [],
                "label": "ID",
                "schema": {"type": "integer"},
            },
            "status": {
                "type": "text",
                "null": False,
                "operators": ["exact", "in"],
                "transforms": ["len", "lower", "upper"],
                "label": "status",
                "schema": {"type": "string"},
            },
        },
        "relations": {
            "customer": {"model": None, "many": False, "label": "customer", "null": False}
        },
        "filters": ["customer.name.*", "status", "status.in"],
        "order_by": ["-id"],
        "default_shape": "map",
        "limits": {"default": 50, "max": 200, **CAPS_OF_QUERIES},
    } == response.json()


def test_options_says_which_methods_are_served(narrow: HttpDoor) -> None:
    response = narrow.request("OPTIONS", narrow.path)

    assert {"GET", "HEAD", "OPTIONS", "QUERY"} <= set(response["Allow"].split(", "))
    assert "application/json" == response["Accept-Query"]


def test_role_without_grant_learns_nothing(narrow: HttpDoor) -> None:
    narrow.open("booking", {"booking": {"staff": "*"}}, {})
    response = narrow.request("OPTIONS", narrow.path)

    assert (401, "auth.required") == (response.status_code, response.json()["code"])
    assert response.json().keys() <= {"error", "code"}


def test_somebody_without_grant_learns_nothing(configure, client) -> None:
    configure({"booking": {"staff": "*"}})
    client.force_login(User.objects.create_user("ann"))
    response = client.options("/api/booking/")

    assert (403, "operation.denied") == (response.status_code, response.json()["code"])


def test_options_of_the_endpoint_lists_the_models_of_the_caller(configure, client) -> None:
    configure({**NARROW, "customer": {"staff": "*"}, "company": {"anon": {}}})

    expected = {"booking": {"url": "/api/bookings/", "operations": ["list"]}}
    assert {"models": expected} == client.options("/api/").json()


def test_options_of_a_model_without_entry_is_a_404(configure, client) -> None:
    configure(NARROW)

    assert 404 == client.options("/api/customer/").status_code


def test_options_needs_an_identity_where_reads_do(configure, client) -> None:
    configure(NARROW, REQUIRE_AUTHENTICATION=True)

    assert 401 == client.options("/api/booking/").status_code


def test_description_follows_the_role(configure, client) -> None:
    entry = {"booking": {**NARROW["booking"], "authenticated": "*"}}
    configure(entry)
    client.force_login(User.objects.create_user("ann"))
    body = client.options("/api/booking/").json()

    assert ("authenticated", True) == (body["role"], "price" in body["fields"])
    assert ["*"] == body["order_by"]


def test_description_names_no_guarded_field(configure, client) -> None:
    configure({"customer": {"anon": "*"}})

    assert "api_token" not in client.options("/api/customer/").content.decode()


def described(configure: Any, client: Any, expose: dict[str, Any], url: str, **others: Any) -> Any:
    """Return the description of a model under grants for everybody."""
    configure(expose, **others)
    return client.options(url).json()


def test_description_has_what_a_form_needs(configure, client) -> None:
    inputs = described(configure, client, {"product": {"anon": "*"}}, "/api/product/")["inputs"]

    assert {
        "type": "text",
        "null": False,
        "required": False,
        "may_be_filled": True,  # by clean() of the model
        "label": "sku",
        "schema": {"type": "string", "maxLength": 20},
    } == inputs["add"]["sku"]
    assert {
        "type": "text",
        "null": False,
        "required": False,
        "label": "size",
        "choices": [{"value": "S", "label": "small"}, {"value": "L", "label": "large"}],
        "default": "S",
        "schema": {"type": "string", "enum": ["S", "L"], "maxLength": 1},
    } == inputs["add"]["size"]
    assert {
        "type": "integer",
        "null": True,
        "label": "shelf",
        "updates": ["$inc"],
        "schema": inputs["add"]["shelf"]["schema"],
    } == inputs["edit"]["shelf"]
    assert "added_at" not in inputs["add"]


def test_an_input_that_a_preset_fills_is_not_required(configure, client) -> None:
    add = {"fields": ["customer", "status"], "presets": {"customer": 1}}
    grants = {"fields": "*", "ops": ["list", "add"], "add": add}
    body = described(configure, client, {"booking": {"anon": grants}}, "/api/booking/")

    assert {"customer": False, "status": False} == {
        name: one["required"] for name, one in body["inputs"]["add"].items()
    }


def test_keys_of_related_rows_are_a_list(configure, client) -> None:
    body = described(
        configure, client, {"booking": {"anon": "*"}, "tag": {"anon": "*"}}, "/api/booking/"
    )
    tags = body["inputs"]["edit"]["tags"]

    assert (True, "tag", "array") == (tags["many"], tags["relation"], tags["schema"]["type"])


def updates_of(body: dict[str, Any], operation: str = "edit") -> dict[str, list[str]]:
    """Return the operators that an operation takes in place of values, by input."""
    inputs = body["inputs"][operation]
    return {name: one["updates"] for name, one in inputs.items() if "updates" in one}


def test_changes_of_stored_values_are_named(configure, client) -> None:
    expose = {"booking": {"anon": "*"}, "customer": {"anon": "*"}, "tag": {"anon": "*"}}
    booking = described(configure, client, expose, "/api/booking/")
    customer = client.options("/api/customer/").json()

    numbers = {name: ["$inc"] for name in ("seats", "price", "rating")}
    assert {**numbers, "customer": ["$add"], "tags": ["$add", "$remove"]} == updates_of(booking)
    assert {"customer": ["$add"]} == updates_of(booking, "add")
    assert {"metadata": ["$inc", "$append", "$remove"]} == updates_of(customer)
    assert {} == updates_of(customer, "add")


@pytest.mark.parametrize(
    "grant",
    [
        pytest.param({"fields": ["status"], "ops": ["list", "edit"]}, id="unreadable"),
        pytest.param({"fields": "*", "ops": ["edit"]}, id="no-rows"),
        pytest.param({"fields": "*", "exclude": ["seats"], "ops": ["get", "edit"]}, id="excluded"),
    ],
)
def test_values_that_the_caller_may_not_read_have_no_updates(configure, client, grant) -> None:
    written = {**grant, "write_fields": ["seats", "customer"]}
    body = described(configure, client, {"booking": {"anon": written}}, "/api/booking/")

    assert {"seats", "customer"} == body["inputs"]["edit"].keys()
    assert {} == updates_of(body)


@pytest.mark.parametrize(
    ("entry", "updates"),
    [
        pytest.param({"anon": {"fields": "*", "ops": ["list", "edit"]}}, {}, id="edits"),
        pytest.param({"staff": "*"}, {}, id="another-role"),
        pytest.param({"anon": {"fields": "*", "ops": ["add"]}}, {"customer": ["$add"]}, id="adds"),
    ],
)
def test_a_row_that_a_key_points_to_is_added_under_its_own_grant(
    configure, client, entry: dict[str, Any], updates: dict[str, list[str]]
) -> None:
    booking = {"fields": "*", "ops": ["list", "add"], "write_fields": ["customer", "seats"]}
    expose = {"booking": {"anon": booking}, "customer": entry}
    body = described(configure, client, expose, "/api/booking/")

    assert updates == updates_of(body, "add")


def test_rows_that_may_be_written_inside_are_named(configure, client) -> None:
    inner = {"fields": "*", "ops": ["list", "add", "edit"]}
    expose = {"booking": {"anon": "*"}, "line": {"anon": inner}}

    assert {
        "add": {"lines": {"model": "line", "operations": ["add"]}},
        "edit": {"lines": {"model": "line", "operations": ["add", "edit"]}},
    } == described(configure, client, expose, "/api/booking/")["nested"]


def test_a_related_model_without_a_grant_is_not_named(configure, client) -> None:
    fields = ["customer", "customer.name", "team", "team.name"]
    booking = {"fields": fields, "ops": ["list"]}
    expose = {"booking": {"anon": booking}, "customer": {"staff": "*"}, "team": {"anon": {}}}
    body = described(configure, client, expose, "/api/booking/")

    assert {"customer": None, "team": None} == {
        name: one["model"] for name, one in body["relations"].items()
    }
    assert body["fields"]["customer"]["relation"] is None


def test_aggregates_are_described_where_they_are_granted(configure, client) -> None:
    grants = {
        "fields": ["status", "created_at"],
        "aggregates": ["count", "price.sum", "price.avg", "seats.avg", "lines.count"],
        "ops": ["list", "aggregate"],
    }
    body = described(configure, client, {"booking": {"anon": grants}}, "/api/booking/")

    assert {
        "count": "integer",
        "lines.count": "integer",
        "price.sum": "decimal",
        "price.avg": "decimal",
        "seats.avg": "float",
    } == body["aggregates"]
    assert {"status", "created_at", "created_at.trunc_month", "created_at.year"} <= set(
        body["group_by"]
    )


def test_rates_are_described_by_operation(configure, client) -> None:
    grants = {"fields": "*", "ops": ["list", "get"], "rate_limit": {"list": "100/h"}}
    body = described(configure, client, {"booking": {"anon": grants}}, "/api/booking/")

    assert {"list": {"requests": 100, "seconds": 3_600}} == body["rates"]


def test_caps_of_the_role_are_described(configure, client) -> None:
    grants = {"fields": "*", "ops": ["list"], "limits": {"max_limit": 20, "max_conditions": 3}}
    limits = described(configure, client, {"booking": {"anon": grants}}, "/api/booking/")["limits"]

    assert (20, 20, 3) == (limits["default"], limits["max"], limits["max_conditions"])


def test_labels_are_in_the_language_of_the_request(configure, client) -> None:
    configure({"user": {"anon": {"fields": ["username"], "ops": ["list"]}}})
    with translation.override("de"):
        german = client.options("/api/user/").json()
    with translation.override("en"):
        english = client.options("/api/user/").json()

    assert ("Benutzername", "username") == (
        german["fields"]["username"]["label"],
        english["fields"]["username"]["label"],
    )


def test_choices_that_cannot_be_read_are_left_out(configure, client, caplog, monkeypatch) -> None:
    def fail() -> Any:
        message = "no choices today"
        raise RuntimeError(message)

    monkeypatch.setattr(Product._meta.get_field("size"), "choices", fail)
    grants = {"product": {"anon": {"fields": ["size"], "ops": ["list"]}}}
    body = described(configure, client, grants, "/api/product/")

    assert "choices" not in body["fields"]["size"]
    assert "choices of 'testapp.Product.size' cannot be read" in caplog.text


def test_choices_of_code_are_read_each_time(configure, client, monkeypatch) -> None:
    rows = [("S", "small")]
    monkeypatch.setattr(Product._meta.get_field("size"), "choices", lambda: [*rows])
    grants = {"product": {"anon": {"fields": ["size"], "ops": ["list"]}}}
    before = described(configure, client, grants, "/api/product/")["fields"]["size"]["choices"]
    rows.append(("L", "large"))
    after = client.options("/api/product/").json()["fields"]["size"]["choices"]

    assert (["S"], ["S", "L"]) == ([c["value"] for c in before], [c["value"] for c in after])


@pytest.mark.parametrize("language", ["en", "de"])
def test_help_is_that_of_the_column_wherever_it_is_reached(
    client: Any, settings: Any, language: str
) -> None:
    """Of a column of the model, of its parent, of a related model, of a foreign key and of a key."""
    everything: Any = {"fields": "*", "write_fields": ["*", "code"], "ops": ["list", "add", "edit"]}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            f"wild.{name}": {"anon": everything} for name in ("notice", "poster", "country", "room")
        },
    }
    with translation.override(language):
        poster, country = (
            client.options(f"/api/wild.{name}/").json() for name in ("poster", "country")
        )
    text = {"en": "Date (without time)", "de": "Datum (ohne Uhrzeit)"}[language]
    own = {"text": text, "room": "Where it hangs", "color": "<b>One</b> color"}
    for described in (poster["fields"], poster["inputs"]["add"], poster["inputs"]["edit"]):
        assert own == {
            n: one["help"] for n, one in described.items() if "help" in one and "." not in n
        }
    assert text == poster["fields"]["notice_ptr.text"]["help"]
    assert "As in ISO 3166" == country["fields"]["code"]["help"]
    assert "As in ISO 3166" == country["inputs"]["add"]["code"]["help"]
