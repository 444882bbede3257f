"""Whether a value is taken is said only of rows that the caller may write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.forms import modelform_factory
from django.utils import timezone

from tests.testapp.models import Product, Tag
from tests.wild.validated import Notice, Room
from tests.writes.conftest import GRANT, ask, statements

OTHERS = {"sku": "a", "name": "Pear", "supplier": "them", "code": "c", "shelf": 1, "place": 1}
DENIED = (403, "row.denied")
RULES: dict[str, Any] = {
    "column": {"supplier": "me"},
    "number": {"supplier": "me", "price.lt": 5},
    "relation": {"tag.date": "me"},
    "negated": {"not": {"supplier": "them"}, "tag.date": "me"},
}


@pytest.fixture
def rows(configure: Callable[..., None]) -> Callable[[Any], None]:
    Tag.objects.create(slug="mine", date="me")
    Tag.objects.create(slug="theirs", date="them")
    Product.objects.create(**OTHERS, tag_id="theirs")
    Product.objects.create(sku="b", name="Plum", supplier="me", code="d", tag_id="mine")

    def set_rule(rule: Any) -> None:
        configure({"product": {"anon": {**GRANT, "write_fields": ["*"], "rows": rule}}})

    return set_rule


def codes(reply: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = reply["codes"]
    return found


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "taken",
    [
        pytest.param({"sku": "a"}, id="column"),
        pytest.param({"shelf": 1, "place": 1}, id="set"),
        pytest.param({"code": "c"}, id="constraint"),
    ],
)
def test_nothing_is_told_of_a_row_that_may_not_be_written(
    rows: Callable[[Any], None], rule: str, taken: dict[str, Any]
) -> None:
    rows(RULES[rule])
    free = {"sku": "z", "name": "Fig", "supplier": "them", "tag": "theirs", "price": 9}
    for values in ({**free, **taken}, free):
        status, reply = ask("product", "add", **values)
        assert DENIED == (status, reply["code"]), values
        status, reply = ask("product", "add", _items=[{**values, "sku": "y"}, values])
        assert DENIED == (status, reply["code"]), values
        mine = Product.objects.get(sku="b").pk
        status, reply = ask("product", "edit", id=mine, **values)
        assert DENIED == (status, reply["code"]), values
    assert 2 == Product.objects.count()


@pytest.mark.parametrize("rule", RULES)
def test_it_is_told_of_a_row_that_may_be_written(rows: Callable[[Any], None], rule: str) -> None:
    rows(RULES[rule])
    mine = {"name": "Fig", "supplier": "me", "tag": "mine", "price": "4.50"}

    taken: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
        ({"sku": "a"}, {"sku": ["unique"]}),
        ({"sku": "z", "shelf": 1, "place": 1}, {"__all__": ["unique_together"]}),
        ({"sku": "z", "code": "d"}, {"__all__": ["unique_together"]}),
    ]
    for values, expected in taken:
        status, reply = ask("product", "add", **mine, **values)
        assert (400, expected) == (status, codes(reply)), values
    status, reply = ask("product", "add", _items=[{**mine, "sku": "y"}, {**mine, "sku": "a"}])
    assert (400, {"sku": ["unique"]}, "_items[1]") == (status, codes(reply), reply["path"])
    pk = Product.objects.get(sku="b").pk
    status, reply = ask("product", "edit", id=pk, sku="a", price=1)
    assert (400, {"sku": ["unique"]}) == (status, codes(reply))


STAMPED: dict[str, tuple[Any, int]] = {
    "new": ({"added_at.gte": {"$now": "-1h"}, "changed_at.gte": {"$now": "-1h"}}, 400),
    "old": ({"added_at.lt": {"$now": "-1h"}}, 403),
}


@pytest.mark.parametrize("name", STAMPED)
def test_a_rule_about_the_time_of_a_new_row_holds_for_one_that_is_taken(
    rows: Callable[[Any], None], name: str
) -> None:
    rule, status = STAMPED[name]
    rows(rule)
    found, reply = ask("product", "add", sku="a", name="Fig")
    assert status == found, reply
    found, reply = ask("product", "add", _items=[{"sku": "z", "name": "Fig"}] * 2)
    assert status == found, reply


def test_other_errors_are_told_without_it(rows: Callable[[Any], None]) -> None:
    rows(RULES["column"])
    sent = {"sku": "a", "name": "x" * 30, "supplier": "them", "price": "cheap"}
    status, reply = ask("product", "add", **sent)

    assert (400, {"name": ["max_length"], "price": ["invalid"]}) == (status, codes(reply))


def test_a_row_that_is_stored_costs_no_further_statement(rows: Callable[[Any], None]) -> None:
    counts: list[int] = []
    for number, rule in enumerate(("*", RULES["column"])):
        rows(rule)
        values = {"sku": f"new{number}", "name": "Fig", "supplier": "me"}
        counts.append(len(statements(partial(ask, "product", "add", **values))))

    assert counts[0] + 1 == counts[1]  # the rule on the stored row


def test_periods_of_others_are_not_told(configure: Callable[..., None]) -> None:
    day = timezone.now().date()
    room = Room.objects.create(name="Hall")
    Notice.objects.create(title="One", text="them", day=day, room=room, slot=1)
    rule = {**GRANT, "write_fields": ["*"], "rows": {"text": "me"}}
    configure({"wild.notice": {"anon": rule}, "wild.room": {"anon": GRANT}})
    for title in ("One", "Two"):
        sent = {"title": title, "text": "them", "day": str(day), "room": room.pk, "slot": 1}
        status, reply = ask("wild.notice", "add", **sent)
        assert DENIED == (status, reply["code"]), reply
    status, reply = ask(
        "wild.notice", "add", title="One", text="me", day=str(day), room=room.pk, slot=2
    )
    assert (400, {"title": ["unique_for_date"]}) == (status, codes(reply))


def by_form(model: type[Product]) -> dict[str, Any]:
    """Return the part of an entry that lets a form validate rows."""
    return {
        "form_class": modelform_factory(
            model, fields=["sku", "name", "size", "supplier", "shelf", "place", "price"]
        )
    }


def by_serializer(model: type[Product]) -> dict[str, Any]:
    """Return the part of an entry that lets a serializer validate rows."""
    serializers = pytest.importorskip("rest_framework.serializers")
    meta = type(
        "Meta", (), {"model": model, "fields": ["sku", "name", "supplier", "shelf", "place"]}
    )
    return {
        "serializer_class": type(
            "ProductSerializer", (serializers.ModelSerializer,), {"Meta": meta}
        )
    }


@pytest.mark.parametrize("way", [by_form, by_serializer])
def test_forms_and_serializers_tell_no_more(
    rows: Callable[[Any], None], configure: Callable[..., None], way: Any
) -> None:
    grant = {**GRANT, "write_fields": ["*"], "rows": RULES["column"]}
    configure({"product": {"anon": grant, **way(Product)}})
    free = {"sku": "z", "name": "Fig", "supplier": "them", "shelf": 2, "place": 2}
    if way is by_form:
        free |= {"size": "S", "price": 1}
    for taken in ({}, {"sku": "a"}, {"shelf": 1, "place": 1}):
        status, reply = ask("product", "add", **{**free, **taken})
        assert DENIED == (status, reply["code"]), reply
    status, reply = ask("product", "add", **{**free, "supplier": "me", "sku": "a"})
    assert (400, {"sku": ["unique"]}) == (status, codes(reply))
    status, reply = ask("product", "add", **{**free, "sku": "a", "name": "x" * 30})
    assert (400, {"name": ["max_length"]}) == (status, codes(reply))
