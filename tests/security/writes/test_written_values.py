"""Writes and values: whatever is sent, the answer is ours, and a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models, transaction
from django.db.models import Q
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_search import some
from tests.security.generated.requests import json_values
from tests.security.writes.writing import (
    EVERY,
    HIDDEN,
    OPEN,
    OTHER,
    ask,
    expose,
    granted,
    refused,
    snapshot,
)
from tests.testapp.models import Booking, Place, Restaurant

pytestmark = pytest.mark.usefixtures("attacked")

FREE = {"write_fields": ["*", "id", "document", "digest", "internal_notes"]}
STRANGE: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    "",
    " ",
    "0",
    "1e400",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    "sNaN",
    "9" * 50,
    "0." + "9" * 50,
    "1_0",
    " 1",
    "１",
    "true",
    "x" * 5_000,
    "a\0b",
    "\ud800",
    "\udfff",
    "\u202e",
    "0000-00-00",
    "0001-01-01",
    "10000-01-01",
    "9999-12-31",
    "2025-02-30",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "25:61",
    "10:00:00+02:00",
    "P999999999D",
    "-P999999999DT1S",
    "999999999 00:00:00",
    "P99999999999D",
    "../../etc/passwd",
    "/etc/passwd",
    "!!!",
    "AAEC",
    [],
    {},
    [None],
    [[]],
    [[1], [1]],
    {"$set": None},
    {"$add": [None]},
    {"$add": [{}], "$set": []},
    {"$remove": [{}]},
    {"$edit": [{"id": {}}]},
    {"$set": [{"id": []}]},
    {"$ref": "c.id"},
    {"$user": "id"},
    {"$now": ""},
    {"$value": 1},
    {"a": float("nan")},
    {"a": "\0"},
    {"\0": 1},
    {"\ud800": 1},
    [10**30],
    {"a": [[[[1e308]]]]},
]
COLUMNS = [
    *["customer", "address", "team", "created_by", "status", "urgent", "price", "rating", "seats"],
    *["day", "starts", "lasts", "created_at", "reference", "internal_notes", "document", "digest"],
    *["tags", "lines", "invoice"],
]


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def expected(*specs: Any) -> set[int]:
    """The statuses that may come; only who sends a precondition can be told that it failed."""
    conditional = any(isinstance(spec, dict) and "_if_match" in spec for spec in specs)
    return {200, 201, 400, 403, 404, 409} | ({412} if conditional else set())


@pytest.fixture
def before(attacked: None) -> Any:
    """All rows as they were."""
    return snapshot()


def answered(spec: dict[str, Any], before: Any, model: str = "booking") -> None:
    """Send a write that may be refused, and undo it; what is refused has changed nothing."""
    with transaction.atomic():
        status, body = ask(spec, model)
        assert status in expected(spec), body
        assert status < 300 or snapshot() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize(("position", "name"), [*enumerate(COLUMNS)], ids=COLUMNS)
def test_any_value_of_any_column_is_taken_or_refused(
    configure, before, name, position, pytestconfig
):
    configure(expose(booking=FREE))
    # By default each column takes every fourth value, and the next column the values behind them.
    step = 1 if pytestconfig.getoption("exhaustive") else 4
    for value in STRANGE[position % step :: step]:
        answered({"_action": "edit", "_id": OPEN, name: value}, before)
        answered({"_action": "add", "customer": OPEN, "lines": [], name: value}, before)


@pytest.mark.exhaustive
def test_any_value_inside_json_is_taken_or_refused(before):
    deep = [nested(depth, kind) for depth in (31, 99, 101, 5_000) for kind in (list, dict)]
    for value in [*STRANGE, *deep, {1, 2}, object(), {(1, 2): 3}, {2**70: 1}, b"x"]:
        answered({"_action": "edit", "_id": OPEN, "metadata": value}, before, "customer")
        answered({"_action": "edit", "_id": OPEN, "metadata.level": value}, before, "customer")
        answered({"_action": "edit", "_id": OPEN, "metadata.tags.0": value}, before, "customer")
        answered({"_action": "edit", "_id": OPEN, "metadata.a.b.c": value}, before, "customer")
        answered(
            {"_action": "add", "name": "x", "vip": True, "metadata": value}, before, "customer"
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seats", True),
        ("seats", 1.0),
        ("seats", 2**63),
        ("customer", True),
        ("urgent", 1),
        ("urgent", "yes"),
        ("status", 1),
        ("status", True),
        ("status", {}),
        ("status", []),
        ("status", None),
        ("price", True),
        ("price", "1.005"),
        ("price", "1000000"),
        ("price", "1e9"),
        ("rating", float("inf")),
        ("rating", "NaN"),
        ("day", 20250101),
        ("day", "10000-01-01"),
        ("created_at", "9999-12-31T23:59:59-23:59"),
        ("reference", "x"),
        ("internal_notes", "a\0b"),
        ("internal_notes", "\ud800"),
        ("digest", "!"),
        ("document", "../x"),
    ],
)
def test_values_of_the_wrong_type_are_refused(configure, name, value):
    configure(expose(booking=FREE))
    body = refused(400, {"_action": "edit", "_id": OPEN, name: value})
    assert set(body["fields"]) == {name}
    refused(400, {"_action": "add", "customer": OPEN, name: value})
    refused(400, {"_action": "bulk_edit", "filters": {}, "_set": {name: value}})


def test_all_that_does_not_fit_is_named_at_once():
    spec = {"_action": "add", "customer": "x", "seats": "x", "day": "x", "tags": [{}]}
    assert set(refused(400, spec)["fields"]) == {"customer", "seats", "day", "tags"}


@pytest.mark.parametrize(
    "name",
    [
        "metadata." + ".".join(["a"] * 100),
        "metadata." + ".".join(["a"] * 50_000),
        "metadata." + "a" * 65,
        "metadata.a b",
        "metadata.-1",
        "metadata.1_0",
        "metadata.",
        "metadata..a",
        "metadata.é",
        "metadata.a\0",
    ],
    ids=range(10),
)
def test_keys_inside_json_are_those_that_can_be_asked_for(name):
    refused(403, {"_action": "edit", "_id": OPEN, name: 1}, "customer")


def test_names_of_hidden_columns_are_in_no_message(configure, monkeypatch):
    together = models.UniqueConstraint(fields=["status", "stripe_payment_id"], name="secret_pair")
    positive = models.CheckConstraint(condition=~Q(internal_notes="bad"), name="secret_check")
    monkeypatch.setattr(Booking._meta, "constraints", [together, positive])
    from django_flex.backends.orm.writing.checks import failures

    failures._names.cache_clear()
    fields = {"write_fields": ["status", "customer"], "presets": {"internal_notes": "bad"}}
    configure(expose(booking=fields))
    body = refused(400, {"_action": "add", "customer": OPEN, "status": "open"})
    failures._names.cache_clear()
    for secret in ("stripe", "payment", "internal", "secret", "pair"):
        assert secret not in str(body).lower()


# Inherited models


@pytest.mark.parametrize("name", ["id", "place_ptr", "place_ptr_id", "pk"])
def test_a_new_row_takes_over_no_row_of_the_inherited_model(configure, name):
    Place.objects.create(id=OPEN, name="mine")
    grants = {"restaurant": {"anon": granted(fields=["*", "id", "place_ptr"])}}
    configure({**grants, "place": {"anon": granted()}})
    before = snapshot()
    for more in ({}, {"stars": 5}):
        spec = {"_action": "add", name: OPEN, "name": "taken", **more}
        assert ask(spec, "restaurant")[0] in {400, 403, 409}
    assert snapshot() == before
    assert ask({"_action": "add", "name": "new"}, "restaurant")[0] == 201
    assert Restaurant.objects.count() == 1


# Control keys


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("add", ["_id", "_match", "_set", "_max_affected", "_if_match", "_batch_", "_nothing"]),
        ("edit", ["_match", "_set", "_max_affected", "_atomic", "_nothing"]),
        ("delete", ["_match", "_set", "status", "filters", "seats", "_nothing"]),
        ("upsert", ["_id", "_set", "_if_match", "_nothing"]),
        ("bulk_edit", ["_id", "id", "_items", "_match", "status", "_if_match", "fields"]),
        ("bulk_delete", ["_id", "id", "_items", "_set", "status", "_if_match", "limit"]),
    ],
)
def test_control_keys_that_do_not_belong_are_refused(action, keys):
    good: dict[str, dict[str, Any]] = {
        "add": {"customer": OPEN},
        "edit": {"id": OPEN, "seats": 1},
        "delete": {"id": OPEN},
        "upsert": {"_match": "slug", "slug": "red"},
        "bulk_edit": {"filters": {}, "_set": {"seats": 1}},
        "bulk_delete": {"filters": {}},
    }
    model = "tag" if action == "upsert" else "booking"
    for key in keys:
        refused(400, {"_action": action, **good[action], key: 1}, model)


# Anything at all

KEYS = st.one_of(st.sampled_from([OPEN, HIDDEN, OTHER, 4004, "x", None, [], {}]), json_values)
names = st.one_of(
    st.sampled_from([*COLUMNS, "metadata", "metadata.level", "name", "booking", "product"]),
    st.sampled_from(["id", "_id", "pk", "slug", "booking.status", "nothing", "", ".", "\0"]),
    st.text(max_size=6),
)
values = st.one_of(
    st.sampled_from(STRANGE),
    st.sampled_from([OPEN, HIDDEN, OTHER, "red", "h-b", ["red"], "open", "hidden", "1.50"]),
    json_values,
)
rows = st.recursive(
    st.dictionaries(names, values, max_size=4),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {
                "lines": st.dictionaries(
                    st.sampled_from(["$add", "$edit", "$remove", "$set"]),
                    st.one_of(st.lists(st.one_of(inner, KEYS), max_size=2), values),
                    max_size=2,
                )
            }
        ),
        st.fixed_dictionaries({"customer": st.just(OPEN), "lines": st.lists(inner, max_size=2)}),
    ),
    max_leaves=3,
)
controls: dict[str, st.SearchStrategy[Any]] = {
    "_items": st.one_of(st.lists(st.one_of(rows, KEYS), max_size=3), values),
    "_match": st.one_of(st.sampled_from(["slug", "booking", "id", "reference", ["slug"]]), values),
    "_set": st.one_of(rows, values),
    "filters": st.one_of(st.dictionaries(names, values, max_size=2), values),
    "_max_affected": st.one_of(st.integers(-1, 3), values),
    "_fields": st.one_of(st.sampled_from(["*", "id", "nothing", "lines"]), values),
    "_dry_run": st.one_of(st.booleans(), values),
    "_if_match": st.one_of(st.sampled_from(["*", '"x"', "", "W/x,"]), values),
    "_id": KEYS,
    "id": KEYS,
    "_model": values,
    "_batch": st.one_of(st.lists(rows, max_size=2), values),
    "_atomic": values,
}
belonging: dict[str, list[str]] = {
    "add": ["_items", "_fields", "_dry_run"],
    "edit": ["_items", "_fields", "_dry_run", "_if_match", "_id", "id"],
    "delete": ["_items", "_dry_run", "_if_match", "_id", "id"],
    "upsert": ["_items", "_match", "_fields", "_dry_run"],
    "bulk_edit": ["filters", "_set", "_max_affected", "_fields"],
    "bulk_delete": ["filters", "_max_affected"],
}


@st.composite
def writes(draw: Any) -> dict[str, Any]:
    action = draw(st.sampled_from(list(belonging)))
    known = draw(st.booleans())
    some = {key: controls[key] for key in (belonging[action] if known else controls)}
    spec: dict[str, Any] = {"_action": action, **draw(st.fixed_dictionaries({}, optional=some))}
    if action in {"add", "edit", "upsert"} and not ("_items" in spec and known):
        spec |= draw(rows)
    return spec


OPENED = {
    **expose(booking=FREE, line={"write_fields": ["*", "id"]}),
    "tag": {"anon": granted(write_fields=["*", "slug", "bookings"], ops=EVERY)},
}


@pytest.mark.exhaustive
@settings(max_examples=some(400))
@given(spec=writes(), model=st.sampled_from(["booking", "customer", "tag", "invoice", "node"]))
def test_any_write_is_answered_and_a_refused_one_changes_nothing(configure, before, spec, model):
    configure(OPENED)
    answered(spec, before, model)


@settings(max_examples=some(100))
@given(operations=st.lists(st.one_of(writes(), values), max_size=3), atomic=st.booleans())
def test_any_batch_is_answered_and_a_refused_one_changes_nothing(
    configure, before, operations, atomic
):
    configure(OPENED)
    models_ = ["booking", "customer", "tag"]
    steps = [
        {"_model": models_[n % 3], **one} if isinstance(one, dict) else one
        for n, one in enumerate(operations)
    ]
    before = before if atomic else None  # each operation of the other kind stands for itself
    with transaction.atomic():
        status, body = ask({"_batch": steps, "_atomic": atomic})
        assert status in expected(*steps), body
        assert status == 200 or before is None or snapshot() == before
        transaction.set_rollback(True)
