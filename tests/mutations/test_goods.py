"""``$inc``, ``$append``, ``$remove`` and ``$add`` for rows that are more than one plain table."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.mutations.conftest import FULL, Ask
from tests.wild.goods import Good, Machine, Shelf, SoldGood

NAMES = ("good", "machine", "soldgood", "shelf")
EXPOSE = {f"wild.{name}": {"anon": {**FULL, "rows": "*"}} for name in NAMES}


@pytest.fixture
def send(ask: Ask) -> Any:
    """Ask for a write of one of the models of this module; return the status and the reply."""

    def call(model: str, action: str, **spec: Any) -> tuple[int, Any]:
        result = ask(f"wild.{model}", expose=EXPOSE, _action=action, **spec)
        return result.status_code, result.to_dict()

    return call


@pytest.fixture
def machine() -> Machine:
    return Machine.objects.create(code="drill", in_stock=1, sold=7, power=4, weight_2="1.500")


@pytest.mark.parametrize(
    ("column", "by", "after"),
    [
        ("sold", 2**40, 2**40 + 7),
        ("in_stock", 3, 4),
        ("weight_2", "0.125", Decimal("1.625")),
        ("weight_2", -1.5, Decimal(0)),
        ("power", -9, -5),
    ],
)
@pytest.mark.parametrize("action", ["edit", "items", "bulk_edit"])
def test_a_row_of_two_tables_changes_in_both(
    send: Any, machine: Machine, action: str, column: str, by: Any, after: Any
) -> None:
    changed = {column: {"$inc": by}}
    specs: dict[str, dict[str, Any]] = {
        "edit": {"id": machine.pk, **changed},
        "items": {"_items": [{"id": machine.pk, **changed}]},
        "bulk_edit": {"filters": {"code": "drill"}, "_set": changed},
    }
    spec = specs[action]
    status, reply = send("machine", "edit" if action == "items" else action, **spec)
    machine.refresh_from_db()
    assert (200, after) == (status, getattr(machine, column)), reply


@pytest.mark.parametrize(
    ("column", "by"),
    [
        ("in_stock", -2),
        ("in_stock", 2**63 - 1),
        ("weight_2", "0.0001"),
        ("weight_2", 10**6),
        ("sold", 2**63 - 1),
        ("lead_time", 3600),
        ("lead_time", "PT1H"),
        ("made_on", 1),
        ("opens_at", 1),
        ("code", 1),
    ],
)
@pytest.mark.parametrize("model", ["good", "machine", "soldgood"])
def test_what_does_not_fit_stays_whatever_the_row_is(
    send: Any, machine: Machine, model: str, column: str, by: Any
) -> None:
    before = Machine.objects.values().get()
    status, reply = send(model, "edit", id=machine.pk, **{column: {"$inc": by}})
    assert (400, True) == (status, column in {reply.get("path"), *reply.get("fields", {})}), reply
    assert before == Machine.objects.values().get()


@pytest.mark.parametrize(
    ("path", "update", "after"),
    [
        ("extra.of.many", {"$append": {"deep": [1]}}, {"of": {"many": [1, {"deep": [1]}]}}),
        ("extra.of.many", {"$remove": 1}, {"of": {"many": []}}),
        ("extra.of", {"$remove": "many"}, {"of": {}}),
        ("extra.of.many.0", {"$inc": 0.5}, {"of": {"many": [1.5]}}),
        ("extra.2", {"$inc": 2}, {"of": {"many": [1]}, "2": 2}),
    ],
)
@pytest.mark.parametrize("model", ["machine", "soldgood"])
def test_keys_of_json_change_in_inherited_columns(
    send: Any, machine: Machine, model: str, path: str, update: Any, after: Any
) -> None:
    Good.objects.update(extra={"of": {"many": [1]}})
    status, reply = send(model, "edit", id=machine.pk, **{path: update})
    assert (200, after) == (status, Good.objects.get().extra), reply


def test_a_proxy_changes_the_row_behind_it(send: Any) -> None:
    good = Good.objects.create(code="nail", sold=1)
    assert 200 == send("soldgood", "edit", id=good.pk, sold={"$inc": 5})[0]
    assert 200 == send("soldgood", "bulk_edit", filters={"sold": 6}, _set={"sold": {"$inc": 1}})[0]
    assert 7 == SoldGood.objects.get().sold


def test_a_row_is_added_with_those_that_it_is_inside_of(send: Any) -> None:
    inner = {"$add": {"name": "room", "inside": {"$add": {"name": "house"}}}}
    status, reply = send("shelf", "add", name="rack", inside=inner, _fields="inside.inside.name")
    assert (201, "house") == (status, reply["inside"]["inside"]["name"])
    assert ["house", "room", "rack"] == [
        *Shelf.objects.order_by("pk").values_list("name", flat=True)
    ]


@pytest.mark.parametrize("action", ["add", "edit", "items"])
def test_a_key_that_is_a_code_is_that_of_the_new_row(send: Any, action: str) -> None:
    shelf = Shelf.objects.create(name="rack")
    sent = {"good": {"$add": {"code": "nail", "weight_2": "0.5"}}}
    row = {"id": shelf.pk, **sent} if action != "add" else {"name": "box", **sent}
    spec = {"_items": [row]} if action == "items" else row
    status, reply = send("shelf", "add" if action == "add" else "edit", **spec)
    assert status in {200, 201}, reply
    assert "nail" == Shelf.objects.exclude(good=None).get().good_id


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": "no code"}, "code"), ({"code": "nail"}, "code"), ({"code": "a b"}, "code")],
)
def test_a_code_that_is_missing_or_wrong_is_named(send: Any, values: Any, field: str) -> None:
    Good.objects.create(code="nail")
    status, reply = send("shelf", "add", name="rack", good={"$add": values})
    assert status in {400, 409}, reply
    assert ("good.$add", True) == (reply["path"], field in reply["fields"])
    assert (1, 0) == (Good.objects.count(), Shelf.objects.count())


def test_a_new_row_of_two_tables_is_pointed_to(send: Any) -> None:
    new = {"$add": {"code": "saw", "power": 3, "lead_time": "PT2H"}}
    status, reply = send("shelf", "add", name="rack", machine=new, _fields="machine.code")
    assert (201, "saw") == (status, reply["machine"]["code"])
    machine = Machine.objects.get()
    assert (3, timedelta(hours=2)) == (machine.power, machine.lead_time)
    assert machine.pk == Shelf.objects.get().machine_id
