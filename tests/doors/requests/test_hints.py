"""What a caller of another API writes: the hint says how it is written here, and reveals nothing."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from django_flex import FlexQuery, FlexQueryView
from tests.doors.fronts import DOORS, EVERYTHING, Door, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

NARROW = grant(
    fields=["id", "status", "seats", "customer.name", "created_at"],
    filters=["status.in", "status", "seats.gte", "seats.lt", "customer.name.icontains"],
    order_by=["seats", "-seats", "customer.name"],
    ops=["list"],
)
WIDE = grant(fields=["id", "status", "seats", "created_at", "customer.name"])
BY_DOTS = "Paths and operators are joined by dots, as in 'customer.name.icontains'"
ONE_OF_SEATS = "one of seats.lt, seats.gte"

FILTERS = {
    "lookup": (NARROW, "customer__name__icontains", "did you mean 'customer.name.icontains'?"),
    "lookup-of-a-list": (NARROW, "status__in", "did you mean 'status.in'?"),
    "lookup-under-everything": (WIDE, "created_at__isnull", "did you mean 'created_at.isnull'?"),
    "lookup-with-a-transform": (WIDE, "created_at__year__gte", "did you mean 'created_at.year.g"),
    "lookup-not-granted": (NARROW, "internal_notes__icontains", BY_DOTS),
    "lookup-of-nothing": (NARROW, "no_such_thing__icontains", BY_DOTS),
    "equals": (NARROW, "status.eq", "did you mean 'status'?"),
    "equals-not-granted": (NARROW, "seats.eq", ONE_OF_SEATS),
    "not-granted-either": (NARROW, "seats.between", ONE_OF_SEATS),
    "not-equal": (WIDE, "status.neq", "did you mean 'status.ne'?"),
    "at-least": (NARROW, "seats.ge", "did you mean 'seats.gte'?"),
    "between": (WIDE, "seats.between", "did you mean 'seats.range'?"),
    "null": (WIDE, "seats.is_null", "did you mean 'seats.isnull'?"),
    "like": (WIDE, "status.like", "did you mean 'status.icontains'?"),
    "like-of-a-number": (WIDE, "seats.like", "one of seats, seats.ne, "),
    "typo": (WIDE, "status.icontian", "did you mean 'status.icontains'?"),
    "without-operator": (NARROW, "seats", ONE_OF_SEATS),
    "connector": (NARROW, "OR", "did you mean 'or'?"),
}


@pytest.fixture
def body_door(settings: Any, db: None) -> Door:
    """A door that sends values as they are."""
    made: Door = DOORS["execute"](settings)
    return made


@pytest.mark.parametrize(
    ("expose", "path", "hint"), [pytest.param(*case, id=name) for name, case in FILTERS.items()]
)
def test_a_filter_of_another_language(query_door: Door, expose: Any, path: str, hint: str) -> None:
    reply = query_door.list({"filters": {path: "1"}}, expose=expose)

    assert (403, hint) == (reply.status, reply.body["hint"][: len(hint)])


@pytest.mark.parametrize("path", ["internal_notes", "seats", "customer.name", "created_at"])
@pytest.mark.parametrize("operator", ["eq", "like", "between", "null", "is_null", "icontians"])
def test_no_hint_differs_between_hidden_and_unknown(
    query_door: Door, path: str, operator: str
) -> None:
    expose = grant(fields=["id"], filters=["status"], order_by=["status"])
    hints = [
        query_door.list({"filters": {f"{name}{dot}{operator}": 1}}, expose=expose).body.get("hint")
        for dot in (".", "__")
        for name in (path, "x" * len(path))
    ]

    assert hints == [None, None, BY_DOTS, BY_DOTS]


@pytest.mark.parametrize(
    ("order", "status", "hint"),
    [
        ("seats desc", 400, "did you mean '-seats'?"),
        ("seats:desc", 400, "did you mean '-seats'?"),
        ("seats ASC", 400, "did you mean 'seats'?"),
        ("customer__name:asc", 400, "did you mean 'customer.name'?"),
        ("seats.desc", 403, "did you mean '-seats'?"),
        ("seats__desc", 403, "did you mean '-seats'?"),
        ("customer.name.desc", 403, "did you mean 'customer.name'?"),
        ("created_at.desc", 403, "'-name' sorts in descending order"),
        ("customer__name", 403, "did you mean 'customer.name'?"),
        ("internal_notes__length", 403, BY_DOTS),
        ("seats;status", 400, "items of a list are separated by commas, as in 'id, name'"),
    ],
)
def test_an_order_of_another_language(query_door: Door, order: str, status: int, hint: str) -> None:
    reply = query_door.list({"order_by": order}, expose=NARROW)

    assert (status, hint) == (reply.status, reply.body["hint"])


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ("customer__name", "did you mean 'customer.name'?"),
        ("id status", "items of a list are separated by commas, as in 'id, name'"),
        ("customer{name}", "fields of related rows are joined by dots, as in 'customer.name'"),
        ("customer(name, id)", "fields of related rows are joined by dots, as in 'customer.name'"),
        ("customer[name]", "names of letters, digits, '_' and '-', joined by single dots"),
    ],
)
def test_fields_of_another_language(query_door: Door, fields: str, hint: str) -> None:
    assert hint == query_door.list({"fields": fields}, expose=NARROW).body["hint"]


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        ({"$or": [{"status": "x"}]}, "did you mean 'or'?"),
        ({"$AND": [{"status": "x"}]}, "did you mean 'and'?"),
        ({"seats": {"$gte": 1}}, "operators are joined to the path by a dot, as in 'name.gte'"),
        ({"seats": {"gte": 1}}, "operators are joined to the path by a dot, as in 'name.gte'"),
        ({"status": {"$not": 1}}, "operators are joined to the path by a dot, as in 'name.ne'"),
        ({"seats": {"between": [1, 2]}}, "operators are joined to the path by a dot, as in 'na"),
        ({"seats": {"$usr": "id"}}, "did you mean '$user'?"),
        ({"status": {"a": 1}}, 'join paths with dots, or wrap it: {"$value": …}'),
        ([{"status": "x"}], '{"and": […]} or {"or": […]}'),
    ],
)
def test_conditions_of_another_language(body_door: Door, filters: Any, hint: str) -> None:
    reply = body_door.list({"filters": filters}, expose=WIDE)

    assert (400, hint) == (reply.status, reply.body["hint"][: len(hint)])


@pytest.mark.parametrize(
    "value",
    ["2026-05-01T12:00:00 02:00", "2026-05-01 12:00 02:00", "2026-05-01T12:00:00.5 0530"],
)
def test_an_offset_that_lost_its_plus_is_told(query_door: Door, value: str) -> None:
    reply = query_door.list({"filters": {"created_at.gte": value}}, expose=WIDE)

    assert (400, True) == (reply.status, reply.body["hint"].endswith("written as %2B in a URL"))


@pytest.mark.parametrize("value", ["yesterday", "2026-05-01T12:00:00 CET", "2026-05-01 2:0 02:00"])
def test_another_datetime_does_not_mention_it(query_door: Door, value: str) -> None:
    reply = query_door.list({"filters": {"created_at.gte": value}}, expose=WIDE)

    assert (400, False) == (reply.status, "%2B" in reply.body["hint"])


def test_a_list_for_one_value_names_the_operator(body_door: Door) -> None:
    reply = body_door.list({"filters": {"status": ["a", "b"]}}, expose=WIDE)

    assert (400, True) == (reply.status, reply.body["hint"].endswith("an operator such as 'in'"))


@pytest.mark.parametrize("text", ["logo", "a b", "5", '"x"', "null", "[1"])
def test_q_is_told_from_a_search(client: Any, settings: Any, text: str) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": WIDE}
    reply = client.get("/api/bookings/", {"q": text})

    assert (400, "q") == (reply.status_code, reply.json()["path"])
    assert ("search=…" in reply.json().get("hint", "")) is not text.startswith("[")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("filter.status=x", "did you mean 'filters.status=x'?"),
        ("filter.customer.name.icontains=x", "did you mean 'filters.customer.name.icontains=x'?"),
        ("filter.seats__gte=2", "did you mean 'filters.seats.gte=2'?"),
        ("filter=x", "did you mean 'filters'?"),
        ("status[]=a&status[]=b", "to filter by a field: filters.status.in=a"),
        ("status!=x", "to filter by a field: filters.status.ne=x"),
        ("seats>=2", "to filter by a field: filters.seats.gte=2"),
        ("seats<=2", "to filter by a field: filters.seats.lte=2"),
        ("status!>=x", "one of fields, "),
    ],
)
def test_parameters_of_another_language(client: Any, settings: Any, query: str, hint: str) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": NARROW}
    reply = client.get(f"/api/booking/?{query}")

    assert (400, hint) == (reply.status_code, reply.json()["hint"][: len(hint)])


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("retrieve", "get"),
        ("read", "get"),
        ("index", "list"),
        ("search", "list"),
        ("insert", "add"),
        ("PATCH", "edit"),
        ("destroy", "delete"),
        ("remove", "delete"),
        ("count", "aggregate"),
        ("bulk_update", "bulk_edit"),
        ("delet", "delete"),
    ],
)
def test_an_operation_of_another_language(body_door: Door, action: str, meant: str) -> None:
    reply = body_door.ask(action, None, {}, expose=WIDE)

    assert (400, f"did you mean '{meant}'?") == (reply.status, reply.body["hint"])


KEY, VALUE = {"_id": 1}, {"seats": 1}
GRANTED = {
    "listing": (["list"], "get", KEY, "granted: list"),
    "reading": (["get", "list"], "aggregate", {}, "granted: get, list"),
    "writing": (["add", "delete"], "edit", KEY | VALUE, "granted: add, delete"),
    "by-filter": (["list", "explain"], "bulk_delete", {"filters": VALUE}, "granted: list"),
    "upserting": (["list", "add"], "upsert", {"_match": "seats", **VALUE}, "granted: list, add"),
    "nothing": ([], "get", KEY, None),
}


@pytest.mark.parametrize(
    ("ops", "action", "asked", "hint"),
    [pytest.param(*case, id=name) for name, case in GRANTED.items()],
)
def test_a_refused_operation_names_those_that_are_granted(
    body_door: Door, ops: list[str], action: str, asked: Any, hint: str | None
) -> None:
    granted = {"authenticated": {**EVERYTHING, "ops": ops}} if ops else {"authenticated": {}}
    ann = User.objects.create_user("ann")
    reply = body_door.ask(action, None, asked, expose={"booking": granted}, user=ann)

    assert (403, "operation.denied") == (reply.status, reply.body["code"])
    assert hint == reply.body.get("hint")


def test_a_failed_rule_is_no_operation_that_is_not_granted(body_door: Door) -> None:
    expose = grant(role="authenticated", rows=lambda _user: None)
    reply = body_door.list({}, expose=expose, user=User.objects.create_user("ann"))

    assert ("operation.denied", None) == (reply.body["code"], reply.body.get("hint"))


def test_a_refused_operation_tells_nothing_to_a_visitor(body_door: Door) -> None:
    reply = body_door.get(1, expose=NARROW)

    assert (401, None) == (reply.status, reply.body.get("hint"))


def test_a_door_names_only_the_operations_that_it_serves(settings: Any, db: None) -> None:
    class OnlyList(FlexQueryView):
        model = Booking
        flex_permissions: ClassVar[Any] = {
            "authenticated": {**EVERYTHING, "ops": ["get", "list", "add"]}
        }
        allowed_actions = ("list",)

    request = RequestFactory().get("/bookings/", {"_action": "get", "_id": "1"})
    request.user = User(pk=1, username="ann")
    reply = json.loads(OnlyList.as_view()(request).content)

    assert ("operation.denied", "granted: list") == (reply["code"], reply["hint"])


def test_an_operation_of_a_batch_names_those_that_are_granted(
    client: Any, settings: Any, django_user_model: Any
) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"authenticated": NARROW["booking"]["anon"]}}}
    client.force_login(django_user_model.objects.create_user("ann"))
    batch = {"_batch": [{"_model": "booking", "_action": "delete", "_id": 1}]}
    reply = client.post("/api/", batch, content_type="application/json").json()

    assert ("operation.denied", "granted: list") == (reply["code"], reply["hint"])


MODELS = {
    **NARROW,
    "place": {"staff": "*", "authenticated": {}},
    "vipcustomer": {"anon": {"fields": ["id"], "ops": ["get"]}},
    "company": {"staff": "*"},
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("boking", "booking"),
        ("bookngs", "bookings"),
        ("Bokings", "bookings"),
        ("vip-custome", "vipcustomer"),
        ("vip_custumers", "vip_customers"),
        ("testapp.bookin", "testapp.booking"),
        ("plase", None),  # no grant
        ("compny", None),  # a grant of another role
        ("linee", None),  # no entry
        ("user", None),
    ],
)
def test_a_misspelt_model_is_told_if_the_caller_may_use_it(
    client: Any, settings: Any, name: str, meant: str | None
) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": MODELS}
    hint = meant and f"did you mean '{meant}'?"
    asked = {"_model": name}
    json = {"content_type": "application/json"}
    replies = [
        client.get(f"/api/{name}/"),
        client.get(f"/api/{name}/1"),
        client.options(f"/api/{name}/"),
        client.post("/api/", asked, **json),
        client.post("/api/", {"_batch": [asked]}, **json),
        client.generic("QUERY", f"/api/{name}/", "{}", "application/json"),
    ]

    assert [(404, hint)] * len(replies) == [
        (reply.status_code, reply.json().get("hint")) for reply in replies
    ]


def test_a_role_that_cannot_be_resolved_is_given_no_hint(client: Any, settings: Any) -> None:
    def resolver(_user: Any, _model_name: str) -> str:
        raise RuntimeError("broken")

    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": NARROW,
        "ROLE_RESOLVER": resolver,
    }

    assert "hint" not in client.get("/api/boking/").json()


def test_code_of_the_project_is_told_any_model(settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": MODELS}
    result = FlexQuery("compny").unrestricted().execute({})

    assert "did you mean 'company'?" == result.to_dict()["hint"]
