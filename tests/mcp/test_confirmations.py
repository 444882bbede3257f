"""A write is only done if the same caller tried the same, and it gives the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from django_flex.mcp.confirmations import LIFETIME
from tests.conftest import continue_after
from tests.mcp.conftest import AGENTS, refuse, run
from tests.testapp.models import Booking, Product

pytestmark = pytest.mark.usefixtures("agents", "unused_caches")

EDIT = {"model": "booking", "operation": "edit", "data": {"_id": 1, "status": "paid"}}
ADD = {"model": "booking", "operation": "add", "data": {"customer": 1, "status": "new"}}
DELETE = {"model": "product", "operation": "delete", "data": {"_id": 1}}
PAY_ALL = {
    "model": "booking",
    "operation": "bulk_edit",
    "data": {"filters": {"status": "pending"}, "_set": {"status": "paid"}},
}
INVALID = "write.confirmation"


def attempt(name: str, arguments: dict[str, Any]) -> str:
    """Return the confirmation of a dry run."""
    tried = run(name, "write", **arguments)
    assert tried["dry_run"] is True
    return str(tried["confirmation"])


def confirm(name: str, arguments: dict[str, Any], confirmation: object) -> Any:
    return run(name, "write", **arguments, confirmation=confirmation)


def refuse_write(name: str, arguments: dict[str, Any], confirmation: object) -> str:
    return str(refuse(name, "write", **arguments, confirmation=confirmation)["code"])


def status(pk: int = 1) -> str:
    return Booking.objects.get(pk=pk).status


def test_the_first_call_writes_nothing_and_shows_what_would_be_written() -> None:
    tried = run("clara", "write", **EDIT)

    assert "paid" == tried["result"]["status"]
    assert "confirmed" == status()


def rows() -> list[Any]:
    return [
        *Booking.objects.order_by("pk").values_list("pk", "status"),
        *Product.objects.order_by("pk").values_list("pk", "name"),
    ]


@pytest.fixture(autouse=True)
def products(agents: object) -> None:
    names = ["tea", "tea", "milk"]
    Product.objects.bulk_create(Product(pk=n, sku=f"{n}", name=x) for n, x in enumerate(names, 1))
    continue_after(Product)


@pytest.mark.parametrize("arguments", [EDIT, ADD, DELETE, PAY_ALL], ids=lambda a: a["operation"])
def test_the_second_writes(arguments: dict[str, Any]) -> None:
    before = rows()
    confirmation = attempt("clara", arguments)
    between = rows()
    confirm("clara", arguments, confirmation)

    assert before == between
    assert before != rows()


@pytest.mark.parametrize(
    "confirmation", [None, "", "yes", True, 1, [], {}, "x" * 10_000, "ä", "A" * 107]
)
def test_what_is_no_confirmation_is_refused(confirmation: object) -> None:
    assert INVALID == refuse_write("clara", EDIT, confirmation)
    assert "confirmed" == status()


def test_a_confirmation_used_again_returns_the_same_and_writes_once() -> None:
    confirmation = attempt("clara", ADD)
    replies = [confirm("clara", ADD, confirmation) for _ in range(3)]

    assert 7 == Booking.objects.count()
    assert replies[0] == replies[1] == replies[2]


def test_two_dry_runs_are_two_writes() -> None:
    for confirmation in [attempt("clara", ADD), attempt("clara", ADD)]:
        confirm("clara", ADD, confirmation)

    assert 8 == Booking.objects.count()


@pytest.mark.parametrize(
    "other",
    [
        {**EDIT, "data": {"_id": 2, "status": "paid"}},
        {**EDIT, "data": {"_id": 1, "status": "gone"}},
        {**EDIT, "data": {"_id": "1", "status": "paid"}},
        {**EDIT, "data": {"_id": 1, "status": "paid", "urgent": False}},
        {**EDIT, "operation": "delete", "data": {"_id": 1}},
        {**EDIT, "model": "testapp.booking"},
    ],
)
def test_other_arguments_are_not_confirmed(other: dict[str, Any]) -> None:
    assert INVALID == refuse_write("clara", other, attempt("clara", EDIT))
    assert 6 == Booking.objects.filter(pk__lte=6).exclude(status="paid").count()


def test_the_order_of_keys_is_no_other_argument() -> None:
    confirmation = attempt("clara", EDIT)
    confirm("clara", {**EDIT, "data": {"status": "paid", "_id": 1}}, confirmation)

    assert "paid" == status()


def test_the_confirmation_of_another_user_is_refused() -> None:
    other = get_user_model().objects.create_user(username="carl", pk=60)
    other.groups.add(Group.objects.get(name="clerks"))

    assert INVALID == refuse_write("carl", EDIT, attempt("clara", EDIT))
    assert "confirmed" == status()


def test_the_confirmation_of_another_version_is_refused(agents: Callable[..., None]) -> None:
    agents(VERSIONS={"v2": {"path": "/v2/"}})
    from django_flex.mcp.tools import run_tool
    from tests.mcp.conftest import caller

    confirmation = attempt("clara", EDIT)
    result = run_tool("write", {**EDIT, "confirmation": confirmation}, caller("clara", "v2"))

    assert result.is_error
    assert "confirmed" == status()


def test_a_confirmation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    confirmation = attempt("clara", EDIT)
    later = time.time() + LIFETIME + 2
    monkeypatch.setattr("django_flex.mcp.confirmations.time.time", lambda: later)

    assert INVALID == refuse_write("clara", EDIT, confirmation)
    assert "confirmed" == status()


def test_who_may_no_longer_write_does_not(agents: Callable[..., None]) -> None:
    confirmation = attempt("clara", EDIT)
    user = get_user_model().objects.get(username="clara")
    user.groups.set([Group.objects.get(name="readers")])

    assert "operation.denied" == refuse_write("clara", EDIT, confirmation)
    assert "confirmed" == status()


def test_more_rows_than_in_the_dry_run_are_not_written() -> None:
    confirmation = attempt("clara", PAY_ALL)
    Booking.objects.filter(pk=1).update(status="pending")

    assert INVALID == refuse_write("clara", PAY_ALL, confirmation)
    assert 0 == Booking.objects.filter(status="paid").count()


def test_other_rows_than_in_the_dry_run_are_not_deleted() -> None:
    arguments = {
        "model": "product",
        "operation": "bulk_delete",
        "data": {"filters": {"name": "tea"}},
    }
    confirmation = attempt("clara", arguments)
    Product.objects.filter(pk=1).update(name="milk")
    Product.objects.filter(pk=3).update(name="tea")

    assert INVALID == refuse_write("clara", arguments, confirmation)
    assert 3 == Product.objects.count()


def test_other_rows_than_in_the_dry_run_are_not_edited_whatever_is_shown_of_them() -> None:
    data = {"filters": {"name": "tea"}, "_set": {"name": "cocoa"}, "_fields": "name"}
    arguments = {"model": "product", "operation": "bulk_edit", "data": data}
    confirmation = attempt("clara", arguments)
    Product.objects.filter(pk=1).update(name="milk")
    Product.objects.filter(pk=3).update(name="tea")

    assert INVALID == refuse_write("clara", arguments, confirmation)
    assert not Product.objects.filter(name="cocoa").exists()


@pytest.mark.parametrize("sku", ["1", "new"], ids=["another row", "no row"])
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_an_upsert_of_another_row_than_in_the_dry_run_is_not_done(sku: str, many: bool) -> None:
    row = {"sku": sku, "name": "cocoa"}
    data = {"_match": ["sku"], **({"_items": [row]} if many else row)}
    arguments = {"model": "product", "operation": "upsert", "data": data}
    confirmation = attempt("clara", arguments)
    Product.objects.filter(pk=1).update(sku="old")
    Product.objects.filter(pk=2).update(sku=sku)

    assert INVALID == refuse_write("clara", arguments, confirmation)
    assert "tea" == Product.objects.get(pk=2).name
    confirm("clara", arguments, attempt("clara", arguments))
    assert "cocoa" == Product.objects.get(pk=2).name


def test_another_value_than_in_the_dry_run_is_not_written() -> None:
    arguments = {**EDIT, "data": {"_id": 1, "seats": {"$inc": 1}}}
    confirmation = attempt("clara", arguments)
    Booking.objects.filter(pk=1).update(seats=40)

    assert INVALID == refuse_write("clara", arguments, confirmation)
    assert 40 == Booking.objects.get(pk=1).seats


def test_a_refused_write_can_be_tried_again() -> None:
    arguments = {**EDIT, "data": {"_id": 1, "seats": {"$inc": 1}}}
    confirmation = attempt("clara", arguments)
    Booking.objects.filter(pk=1).update(seats=40)
    refuse_write("clara", arguments, confirmation)
    confirm("clara", arguments, attempt("clara", arguments))

    assert 41 == Booking.objects.get(pk=1).seats


def test_what_was_done_again_between_is_no_difference() -> None:
    """Only what was sent, and which rows it concerns, has to be the same."""
    confirmation = attempt("clara", EDIT)
    Booking.objects.filter(pk=1).update(internal_notes="called again")
    confirm("clara", EDIT, confirmation)

    assert "paid" == status()


def test_several_rows_are_one_write() -> None:
    arguments = {
        **EDIT,
        "data": {"_items": [{"id": 1, "status": "a"}, {"id": 2, "status": "b"}]},
    }
    confirm("clara", arguments, attempt("clara", arguments))

    assert ["a", "b"] == [status(1), status(2)]


def test_a_dry_run_that_fails_has_no_confirmation() -> None:
    told = refuse("clara", "write", model="booking", operation="add", data={"status": "x"})

    assert "write.invalid" == told["code"]
    assert "confirmation" not in told


def test_a_write_by_another_spelling_of_its_operation_is_tried_first() -> None:
    assert run("clara", "write", **{**EDIT, "operation": "update"})["dry_run"]
    assert "confirmed" == status()


def test_a_result_that_is_too_long_by_then_is_no_refusal(agents: Callable[..., None]) -> None:
    agents(MCP={**AGENTS, "max_characters": 2_000})
    confirmation = attempt("clara", EDIT)
    Booking.objects.filter(pk=1).update(internal_notes="x" * 3_000)

    assert "note" in confirm("clara", EDIT, confirmation)
    assert "paid" == status()


def test_a_dry_run_that_is_too_long_has_no_confirmation(agents: Callable[..., None]) -> None:
    agents(MCP={**AGENTS, "max_characters": 2_000})
    Booking.objects.filter(pk=1).update(internal_notes="x" * 3_000)
    told = refuse("clara", "write", **EDIT)

    assert "query.limit" == told["code"]
    assert "confirmation" not in told
