"""``{"$add": {…}}`` for a foreign key: the row that it points to is added first."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.mutations.conftest import FULL, Ask
from tests.testapp.models import Booking, Company, Customer, Invoice, Line

NEW = {"name": "Nora", "email": "nora@example.com"}
ADDED = {"customer": {"$add": NEW}}
LINES = {"lines": [{"product": "mop"}]}


def counted() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Booking, Customer, Company, Line))


@pytest.fixture
def unchanged(bookings: None) -> Any:
    before = counted()
    yield
    assert before == counted()


@pytest.mark.parametrize("name", ["customer", "customer_id"])
def test_a_row_is_added_with_the_one_that_it_points_to(ask: Ask, name: str) -> None:
    result = ask(_action="add", **{name: {"$add": NEW}}, _fields="id, customer.name")
    assert (201, "Nora") == (result.status_code, result.to_dict()["customer"]["name"])
    assert "nora@example.com" == Booking.objects.get(pk=result.to_dict()["id"]).customer.email


def test_an_edit_points_to_the_new_row(ask: Ask) -> None:
    result = ask(_action="edit", id=1, **ADDED, _fields="customer.name")
    assert {"customer": {"name": "Nora"}} == {
        "customer": {"name": result.to_dict()["customer"]["name"]}
    }
    assert "Nora" == Booking.objects.get(pk=1).customer.name


def test_rows_of_a_list_are_added_with_theirs(ask: Ask) -> None:
    names = ["One", "Two", "Three"]
    items = [{"customer": {"$add": {**NEW, "name": name}}} for name in names]
    result = ask(_action="add", _items=[*items, {"customer": 1}], _fields="customer.name")
    found = [row["customer"]["name"] for row in result.to_dict()["results"]]
    assert [*names, Customer.objects.get(pk=1).name] == found
    edits = [{"id": 1, **items[0]}, {"id": 2, **items[1]}]
    assert 200 == ask(_action="edit", _items=edits).status_code
    keys = Booking.objects.filter(pk__in=[1, 2]).order_by("pk")
    assert ["One", "Two"] == [one.customer.name for one in keys]


def test_upserts_add_it_either_way(ask: Ask) -> None:
    expose = {name: {"anon": {**FULL, "rows": "*"}} for name in ("booking", "invoice")}
    invoice = Invoice.objects.first()
    assert invoice is not None
    for key in (invoice.booking_id, None):
        booking = {"$add": {"customer": {"$add": NEW}}} if key is None else key
        spec = {"_match": "booking", "booking": booking, "number": "1"}
        result = ask("invoice", expose=expose, _action="upsert", **spec)
        assert (200 if key else 400) == result.status_code, result.to_dict()
    assert not Customer.objects.filter(name="Nora").exists()


def test_it_goes_on_inside(ask: Ask) -> None:
    """The new row has a new one of its own, and rows that point to it."""
    customer = {**NEW, "company": {"$add": {"name": "New Corp"}}}
    result = ask(_action="add", customer={"$add": customer}, **LINES)
    assert 201 == result.status_code, result.to_dict()
    booking = Booking.objects.get(pk=result.to_dict()["id"])
    company = Company.objects.get(customers=booking.customer)
    assert ("New Corp", "mop") == (company.name, booking.lines.get().product)
    deep = {"booking": {"$add": {"customer": {"$add": customer}}}, "product": "mop"}
    result = ask("line", _action="add", **deep)
    place = "booking.$add.customer.$add.company"
    assert (400, place) == (result.status_code, result.to_dict()["path"])


def test_a_row_inside_a_row_has_one(ask: Ask) -> None:
    spec = {"booking": [{"status": "new", "address": {"$add": {"street": "S", "city": "C"}}}]}
    result = ask("customer", _action="add", **NEW, **spec)
    assert 201 == result.status_code, result.to_dict()
    assert Booking.objects.filter(customer=result.to_dict()["id"], address__street="S").exists()


def test_a_batch_adds_it(ask: Ask) -> None:
    operations = [
        {"_name": "b", "_model": "booking", "_action": "add", **ADDED, "_fields": "id, customer"},
        {"_model": "customer", "_action": "get", "_id": {"$ref": "b.customer"}, "fields": "name"},
    ]
    result = ask(_batch=operations)
    assert {"name": "Nora"} == {"name": result.to_dict()["results"][1]["name"]}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("values", "path", "field"),
    [
        ({"email": "x"}, "customer.$add", "email"),
        ({"name": "x" * 101}, "customer.$add", "name"),
        ({"vip": "maybe", "name": "x"}, "customer.$add", "vip"),
        ({"name": "x", "company": 99}, "customer.$add", "company"),
        ({"name": None}, "customer.$add", "name"),
        ({"name": "x", "company": {"$add": {}}}, "customer.$add.company.$add", "name"),
    ],
)
def test_mistakes_are_named_where_they_are(ask: Ask, values: Any, path: str, field: str) -> None:
    specs: dict[str, dict[str, Any]] = {
        "": {"_action": "add", "customer": {"$add": values}},
        "_items[1].": {"_action": "add", "_items": [ADDED, {"customer": {"$add": values}}]},
    }
    for place, spec in specs.items():
        reply = ask(**spec).to_dict()
        assert (f"{place}{path}", True) == (reply["path"], field in reply["fields"]), reply


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"$add": [NEW]}, "customer"),
        ({"$add": 1}, "customer"),
        ({"$add": None}, "customer"),
        ({"$add": NEW, "$remove": [1]}, "customer"),
        ({"$add": {"nothing": 1}}, "customer.$add.nothing"),
    ],
)
def test_other_forms_are_refused(ask: Ask, value: Any, path: str) -> None:
    reply = ask(_action="edit", id=1, customer=value).to_dict()
    assert path == reply["path"], reply


@pytest.mark.usefixtures("unchanged")
def test_an_object_without_add_is_told_of_it(ask: Ask) -> None:
    (message,) = ask(_action="edit", id=1, customer=NEW).to_dict()["fields"]["customer"]
    assert '{"$add": {…}} adds the row that it points to' in message


@pytest.mark.usefixtures("unchanged")
def test_a_fault_of_the_outer_row_undoes_it(ask: Ask) -> None:
    reply = ask(_action="add", **ADDED, seats="many").to_dict()
    assert ["seats"] == list(reply["fields"])
    reply = ask(_action="add", **ADDED, price="123456789.00").to_dict()
    assert ["price"] == list(reply["fields"])
    reply = ask(_action="edit", id=1, **ADDED, status="x" * 21).to_dict()
    assert ["status"] == list(reply["fields"])


@pytest.mark.usefixtures("unchanged")
def test_a_dry_run_adds_nothing(ask: Ask) -> None:
    result = ask(_action="add", **ADDED, _fields="customer.name", _dry_run=True)
    assert (201, "Nora") == (result.status_code, result.to_dict()["customer"]["name"])


@pytest.mark.usefixtures("unchanged")
def test_no_write_by_filter_adds_it(ask: Ask) -> None:
    result = ask(_action="bulk_edit", filters={"id": 1}, _set=ADDED)
    assert (400, "_set") == (result.status_code, result.to_dict()["path"])


READ = {**FULL, "ops": ["get", "list"]}
DENIED: dict[str, dict[str, Any]] = {
    "no-add": {"customer": {"anon": READ}},
    "another-role": {"customer": {"staff": FULL}},
    "key-not-written": {
        "booking": {"anon": {**FULL, "write_fields": ["status"]}},
    },
    "fields": {"customer": {"anon": {**FULL, "add": {"fields": ["name"]}}}},
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", DENIED)
def test_only_what_is_granted_there_is_added(ask: Ask, name: str) -> None:
    for spec in ({"_action": "add"}, {"_action": "edit", "id": 1}):
        result = ask(expose=DENIED[name], **spec, **ADDED)
        assert 403 == result.status_code, result.to_dict()
        path = "customer.$add.email" if name == "fields" else "customer"
        assert path == result.to_dict()["path"]


def test_the_grant_there_fills_in_and_checks(ask: Ask) -> None:
    grant = {**FULL, "presets": {"email": "preset@example.com"}, "check": {"name.ne": "Eve"}}
    expose = {"customer": {"anon": grant}}
    key = ask(expose=expose, _action="add", **ADDED).to_dict()["id"]
    assert "preset@example.com" == Booking.objects.get(pk=key).customer.email
    before = counted()
    result = ask(expose=expose, _action="add", customer={"$add": {**NEW, "name": "Eve"}})
    assert (403, "customer.$add") == (result.status_code, result.to_dict()["path"])
    assert before == counted()


@pytest.mark.usefixtures("unchanged")
def test_the_new_row_has_to_be_one_that_the_caller_may_see(ask: Ask) -> None:
    expose = {"customer": {"anon": {**FULL, "rows": {"vip": True}}}}
    result = ask(expose=expose, _action="add", **ADDED)
    assert (403, "customer.$add") == (result.status_code, result.to_dict()["path"])


def test_a_preset_key_comes_first(ask: Ask) -> None:
    expose = {"booking": {"anon": {**FULL, "presets": {"customer": 2}}}}
    before = Customer.objects.count()
    key = ask(expose=expose, _action="add", **ADDED).to_dict()["id"]
    assert (2, before) == (Booking.objects.get(pk=key).customer_id, Customer.objects.count())


def refuse(**_: Any) -> None:
    raise PermissionDenied


def complain(**_: Any) -> None:
    raise ValidationError({"name": "no"})


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("hook", "status"), [(refuse, 403), (complain, 400)])
@pytest.mark.parametrize("name", ["before_add", "after_add"])
def test_hooks_there_may_refuse(ask: Ask, name: str, hook: Any, status: int) -> None:
    expose = {"customer": {"anon": FULL, "hooks": {name: hook}}}
    result = ask(expose=expose, _action="add", **ADDED)
    assert (status, "customer.$add") == (result.status_code, result.to_dict()["path"])


def test_hooks_see_the_rows_in_order(ask: Ask) -> None:
    seen: list[str] = []

    def hook(instance: Any, **_: Any) -> None:
        seen.append(f"{type(instance).__name__} {getattr(instance, 'customer_id', None) is None}")

    hooks = {"before_add": hook}
    expose = {name: {"anon": FULL, "hooks": hooks} for name in ("customer", "booking")}
    assert 201 == ask(expose=expose, _action="add", **ADDED).status_code
    assert ["Customer True", "Booking False"] == seen
