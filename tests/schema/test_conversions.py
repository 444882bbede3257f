"""Fields whose values are stored in another form: what a read shows, writes and filters take."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Field
from django.test import Client

from django_flex import FlexQuery
from django_flex.checks import check_settings
from django_flex.schema.introspection import describe
from tests.wild.converting import Basket, Ticket

GRANT: dict[str, Any] = {
    "rows": "*",
    "fields": ["*", "secret_note"],
    "write_fields": ["*", "secret_note"],
    "filters": ["*", "secret_note.*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ["get", "list", "add", "edit", "aggregate"],
}
NAMES = ("colours", "price", "mood", "secret_note", "age", "low")
#: What is sent and shown, and what a filter by another value has.
SHOWN: dict[str, tuple[Any, Any]] = {
    "colours": (["red", "green"], ["red"]),
    "price": ("12.34", "12.35"),
    "mood": ("good", "bad"),
}
SECRETS = {"secret_note": "x", "age": 5}


def expose(settings: Any, grant: dict[str, Any] = GRANT, **entry: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            "wild.basket": {"anon": grant, **entry},
            "wild.ticket": {"anon": {**GRANT, "write_fields": ["*", "code"]}},
            "wild.stub": {"anon": GRANT},
        },
    }


def ask(action: str, model: str = "basket", **query: Any) -> tuple[int, Any]:
    reply = FlexQuery(f"wild.{model}").execute({"_action": action, **query})
    return reply.status_code, reply.to_dict()


def found(**query: Any) -> list[Any]:
    status, reply = ask("list", shape="list", fields="id", **query)
    assert status == 200, reply
    return [row["id"] for row in reply["results"]]


@pytest.fixture
def key(db: None, settings: Any) -> Any:
    expose(settings)
    values = {name: value for name, (value, _) in SHOWN.items()}
    status, row = ask("add", **{"low": "ABC", **values, **SECRETS})
    assert status == 201, row
    return row["id"]


def test_kinds_say_what_can_be_compared() -> None:
    attributes = describe(Basket).attributes
    kinds = {name: (attributes[name].kind, attributes[name].stored) for name in NAMES}

    assert kinds == {
        "colours": ("converted", "text"),
        "price": ("converted", "integer"),
        "mood": ("converted", "other"),
        "secret_note": ("encrypted", "text"),
        "age": ("encrypted", "integer"),
        "low": ("text", None),
    }


def test_what_cannot_be_tried_is_judged_by_its_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise LookupError("no key is configured")

    monkeypatch.setattr(Field, "get_prep_value", refuse)
    for field in Basket._meta.concrete_fields:
        monkeypatch.setattr(type(field), "get_prep_value", refuse)
    describe.cache_clear()
    attributes = describe(Basket).attributes
    describe.cache_clear()

    assert "encrypted" == attributes["secret_note"].kind
    assert "converted" == attributes["colours"].kind


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_taken_back_and_found(key: Any, name: str) -> None:
    value, other = SHOWN[name]
    shown = ask("get", id=key)[1][name]

    assert value == shown
    assert 200 == ask("edit", id=key, **{name: shown})[0]
    assert shown == ask("get", id=key)[1][name]
    for _ in range(3):  # the second and the third come from a statement that was kept
        for asked, keys in ((shown, [key]), (other, [])):
            assert keys == found(filters={name: asked})
            assert keys == found(filters={f"{name}.in": [asked]})
            assert keys != found(filters={f"{name}.ne": asked})
            assert keys != found(filters={f"{name}.nin": [asked]})
    assert [key] == found(filters={f"{name}.isnull": False})


def test_an_object_of_which_a_text_is_shown_is_written_whole_and_kept(key: Any) -> None:
    words = {"en": "A", "de": "B"}
    assert (200, "A") == _title(ask("edit", id=key, title=words))
    assert (200, "A") == _title(ask("edit", id=key, title="A"))

    assert words == Basket.objects.get().title.by_language
    assert [key] == found(filters={"title": {"$value": words}})
    assert [] == found(filters={"title": "A"})
    assert (200, "C") == _title(ask("edit", id=key, title="C"))
    assert {"en": "C"} == Basket.objects.get().title.by_language


def _title(reply: tuple[int, Any]) -> tuple[int, Any]:
    return reply[0], reply[1].get("title") and str(reply[1]["title"])


@pytest.mark.parametrize("name", SECRETS)
def test_an_encrypted_value_is_read_and_written_only(key: Any, name: str) -> None:
    assert SECRETS[name] == ask("get", id=key)[1][name]
    changed: dict[str, Any] = {"id": key, name: 7}
    assert 200 == ask("edit", **changed)[0]
    assert [key] == found(filters={f"{name}.isnull": False})
    for refused in (name, f"{name}.in", f"{name}.gt", f"{name}.contains"):
        value: Any = [1] if refused.endswith("in") else 1
        status, reply = ask("list", filters={refused: value})
        assert (400, f"filters.{refused}") == (status, reply["path"]), reply
    assert 400 <= ask("aggregate", group_by=name, aggregate="count")[0] < 500
    assert 400 == ask("list", fields=name, distinct=True)[0]


@pytest.mark.parametrize("name", [*SHOWN, *SECRETS])
def test_the_stored_form_is_not_sorted_summed_or_searched(key: Any, name: str) -> None:
    for asked in (
        {"filters": {f"{name}.gt": 1}},
        {"filters": {f"{name}.range": [1, 2]}},
        {"filters": {f"{name}.icontains": "1"}},
        {"filters": {name: {"$field": "low"}}},
        {"order_by": name},
    ):
        assert ask("list", **asked)[0] in {400, 403}, asked
    assert ask("aggregate", aggregate=f"{name}.sum")[0] in {400, 403}
    assert 200 == ask("aggregate", aggregate=f"{name}.count")[0]


def test_a_column_that_sorts_as_it_is_stored_is_sorted_and_compared(
    key: Any, settings: Any
) -> None:
    expose(settings, sorts_as_stored=["price"])
    more = ask("add", price="9.99")[1]["id"]

    assert [more, key] == found(order_by="price")
    assert [more] == found(filters={"price.lt": "12.34"})
    assert [key] == found(filters={"price.range": ["10", "13.5"]})
    assert 403 == ask("list", order_by="colours")[0]
    assert ask("list", filters={"price.contains": "1"})[0] in {400, 403}


def test_a_value_that_is_no_member_is_refused_by_name(key: Any) -> None:
    for status, reply in (
        ask("list", filters={"mood": "odd"}),
        ask("list", filters={"mood.in": ["good", "odd"]}),
        ask("edit", id=key, mood="odd"),
    ):
        assert 400 == status
        assert "good, bad" in str(reply), reply


def test_keys_may_be_converted(db: None, settings: Any) -> None:
    expose(settings)
    for code in ("abc", "xyz", "klm"):
        assert 201 == ask("add", "ticket", code=code)[0]
    assert 201 == ask("add", "stub", ticket="abc")[0]

    assert "abc" == ask("get", "ticket", id="abc")[1]["code"]
    assert {"abc", "xyz", "klm"} == set(ask("list", "ticket")[1]["results"])
    status, page = ask("list", "ticket", limit=2, cursor="")
    assert 200 == status, page
    last = ask("list", "ticket", limit=2, cursor=page["pagination"]["next"]["cursor"])[1]
    assert 1 == len(last["results"])
    assert ["abc"] == [stub["ticket"]["code"] for stub in _stubs("ticket.code")]
    assert ["abc"] == list(
        ask("list", "ticket", filters={"stubs.ticket": "abc"}, fields="stubs.id")[1]["results"]
    )
    nested = ask("list", "ticket", fields="stubs.id")[1]["results"]
    assert {"abc": 1, "xyz": 0, "klm": 0} == {n: len(row["stubs"]) for n, row in nested.items()}
    assert 3 == Ticket.objects.count()


def _stubs(fields: str) -> list[Any]:
    return list(ask("list", "stub", fields=fields)[1]["results"].values())


def test_checks_name_the_columns(settings: Any) -> None:
    grant = {**GRANT, "order_by": ["price"], "filters": ["colours.gt"], "aggregates": ["age.sum"]}
    expose(settings, grant, sorts_as_stored=["colour", "low"])
    found = {(one.id, str(one.msg)) for one in check_settings()}
    errors = sorted(
        f"{str(identifier)[-4:]} {text}" for identifier, text in found if "basket" in text
    )

    for start, part in (
        ("E006", "'colour' does not exist"),
        ("E009", "'low'"),
        ("E007", "'price'"),
        ("E007", "'colours.gt'"),
        ("E007", "'sum'"),
        ("I006", "equality only: colours, price, mood, title"),
        ("I006", "not compared at all, but with null: secret_note, age"),
    ):
        assert any(text.startswith(start) and part in text for text in errors), errors


def test_a_description_and_hints_offer_what_a_column_can_do(key: Any, settings: Any) -> None:
    settings.MIDDLEWARE = ["django_flex.middleware.FlexQueryMiddleware"]
    expose(settings, sorts_as_stored=["price"])
    described = Client().options("/api/baskets/").json()["fields"]
    equality = ["exact", "ne", "in", "nin", "isnull"]

    assert equality == described["colours"]["operators"]
    assert ["isnull"] == described["age"]["operators"]
    assert {*equality, "lt", "lte", "gt", "gte", "range"} == {*described["price"]["operators"]}
    for name in ("colours", "age"):
        assert "mean" not in str(ask("list", order_by=name)[1].get("hint"))
