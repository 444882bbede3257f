"""Random grants, random writes: what changed in the tables is covered by the grant, read naively.

The rules are held against the rows themselves, before and after, by a few lines of Python that
share nothing with the package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_search import some
from tests.security.writes.writing import EVERY, HIDDEN, MISSING, OPEN, OTHER, ask, stored

BOOKING, LINE, TAGS = "testapp.Booking", "testapp.Line", "testapp.Booking_tags"
COLUMNS = {
    "booking": ["status", "seats", "price", "customer", "urgent", "tags"],
    "line": ["product", "quantity", "note", "booking"],
}
Row = dict[str, Any]
#: Rules as the settings say them, and as a person reads them.
RULES: dict[str, list[tuple[Any, Callable[[Row], bool]]]] = {
    "booking": [
        ("*", lambda row: True),
        ({"status.ne": "hidden"}, lambda row: row["status"] != "hidden"),
        ({"customer": OPEN}, lambda row: row["customer_id"] == OPEN),
        ({"seats.gte": OPEN}, lambda row: (row["seats"] or 0) >= OPEN),
        ({}, lambda row: False),
    ],
    "line": [
        ("*", lambda row: True),
        ({"quantity.gte": 0}, lambda row: row["quantity"] >= 0),
        ({"product": "mop"}, lambda row: row["product"] == "mop"),
    ],
}
PRESETS: dict[str, list[dict[str, Any]]] = {
    "booking": [{}, {"status": "preset"}, {"seats": 1500, "urgent": True}],
    "line": [{}, {"note": "preset"}],
}


@dataclass(frozen=True)
class Grant:
    """What one role may do on one model, in plain terms; rules are numbers in ``RULES``."""

    model: str
    ops: list[str]
    columns: dict[str, list[str]]
    rows: int
    edit_rows: int
    delete_rows: int
    check: int
    presets: dict[str, Any] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """Return it as settings."""
        rules = [written for written, _ in RULES[self.model]]
        return {
            "rows": rules[self.rows],
            "fields": ["id", *COLUMNS[self.model]],
            "filters": "*",
            "ops": self.ops,
            "check": rules[self.check],
            "presets": self.presets,
            "add": {"fields": self.columns["add"]},
            "edit": {"fields": self.columns["edit"], "rows": rules[self.edit_rows]},
            "delete": {"rows": rules[self.delete_rows]},
        }

    def holds(self, row: Row, *rules: int) -> bool:
        return all(RULES[self.model][number][1](row) for number in rules)


def without(names: list[str]) -> Any:
    """Return most of some names: a write that is granted nothing proves little."""
    dropped: Any = st.one_of(st.just([]), st.lists(st.sampled_from(names), max_size=2))
    return dropped.map(lambda gone: [name for name in names if name not in gone])


@st.composite
def grants(draw: Any, model: str) -> Grant:
    rule = st.sampled_from([0, 0, 0, 0, *range(len(RULES[model]))])
    some = without(COLUMNS[model])
    return Grant(
        model=model,
        ops=draw(without(EVERY)),
        columns={"add": draw(some), "edit": draw(some)},
        rows=draw(rule),
        edit_rows=draw(rule),
        delete_rows=draw(rule),
        check=draw(rule),
        presets=draw(st.sampled_from(PRESETS[model])),
    )


keys = st.sampled_from([OPEN, OPEN, OTHER, OTHER, HIDDEN, MISSING])
tag_lists = st.lists(st.sampled_from(["red", "blue", "h-a", "h-b"]), max_size=2, unique=True)
line_values = st.fixed_dictionaries(
    {},
    optional={
        "product": st.sampled_from(["mop", "broom"]),
        "quantity": st.sampled_from([1, 2, -1]),
        "note": st.just("mine"),
    },
)
new_lines = line_values.map(lambda found: {"product": "mop", **found})
line_keys = st.sampled_from([OPEN, OPEN, OPEN, HIDDEN, OTHER, 1004])
lines = st.one_of(
    st.fixed_dictionaries({"$add": st.lists(new_lines, min_size=1, max_size=2)}),
    st.fixed_dictionaries(
        {
            "$edit": st.lists(
                st.builds(lambda k, v: {**v, "id": k}, line_keys, line_values), max_size=1
            )
        }
    ),
    st.fixed_dictionaries({"$remove": st.lists(line_keys, max_size=2, unique=True)}),
    st.fixed_dictionaries({"$set": st.lists(new_lines, max_size=1)}),
)
booking_values = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["open", "hidden", "done"]),
        "seats": st.sampled_from([1, 2000]),
        "price": st.just("1.50"),
        "customer": st.sampled_from([OPEN, OPEN, OTHER, HIDDEN]),
        "urgent": st.booleans(),
        "tags": st.one_of(
            tag_lists,
            st.fixed_dictionaries({}, optional={"$add": tag_lists, "$remove": tag_lists}).filter(
                bool
            ),
        ),
    },
).map(lambda found: dict([*found.items()][:2]))  # the more is sent, the surer a refusal
nested = st.one_of(
    st.builds(
        lambda key, found: {"_model": "booking", "_action": "edit", "id": key, "lines": found},
        st.sampled_from([OPEN, OPEN, OTHER, HIDDEN]),
        lines,
    ),
    st.lists(new_lines, min_size=1, max_size=2).map(
        lambda found: {"_model": "booking", "_action": "add", "customer": OPEN, "lines": found}
    ),
)


def with_key(values: Any) -> Any:
    return st.builds(lambda key, found: {**found, "id": key}, keys, values)


def operations(model: str, values: Any) -> Any:
    filters = st.sampled_from([{}, {}, {"id": OPEN}, {"id.gte": OTHER}])
    needed = {"customer": OPEN} if model == "booking" else {"booking": OPEN, "product": "mop"}
    full = values.map(lambda found: {**needed, **found})
    return st.one_of(
        full.map(lambda found: {"_action": "add", **found}),
        st.lists(full, min_size=1, max_size=2).map(lambda all_: {"_action": "add", "_items": all_}),
        with_key(values).map(lambda found: {"_action": "edit", **found}),
        st.lists(with_key(values), min_size=1, max_size=2).map(
            lambda all_: {"_action": "edit", "_items": all_}
        ),
        keys.map(lambda key: {"_action": "delete", "id": key}),
        st.lists(keys, min_size=1, max_size=2).map(
            lambda all_: {"_action": "delete", "_items": all_}
        ),
        st.builds(
            lambda where, found: {"_action": "bulk_edit", "filters": where, "_set": found},
            filters,
            values.filter(bool),
        ),
        filters.map(lambda where: {"_action": "bulk_delete", "filters": where}),
    ).map(lambda spec: {"_model": model, **spec})


one_operation = st.one_of(
    operations("booking", booking_values), operations("line", line_values), nested, nested
)
requests = st.one_of(one_operation, one_operation, st.lists(one_operation, min_size=2, max_size=3))


def assert_covered(grant: Grant, before: Any, after: Any, table: str, cascaded: set[int]) -> None:
    """Hold each row that is different now against the grant."""
    old, new = before[table], after[table]
    for key in old.keys() - new.keys() - cascaded:
        assert grant.holds(old[key], grant.rows, grant.delete_rows), ("deleted", old[key])
        assert {"delete", "bulk_delete"} & {*grant.ops}
    for key in new.keys() - old.keys():
        assert grant.holds(new[key], grant.rows, grant.check), ("added", new[key])
        assert "add" in grant.ops
        names = {"product"} | {
            name for name, value in DEFAULTS[table].items() if new[key][name] != value
        }
        assert_columns(grant, "add", names & set(DEFAULTS[table]), new[key], table)
    for key in old.keys() & new.keys():
        names = {name for name in old[key] if old[key][name] != new[key][name]}
        if names:
            assert grant.holds(old[key], grant.rows, grant.edit_rows), ("was", old[key])
            assert grant.holds(new[key], grant.rows, grant.check), ("is", new[key])
            assert {"edit", "bulk_edit"} & {*grant.ops}
            assert_columns(grant, "edit", names, new[key], table)


DEFAULTS: dict[str, Row] = {
    BOOKING: {
        "status": "pending",
        "seats": None,
        "price": None,
        "urgent": False,
        "customer_id": None,
    },
    LINE: {"product": "", "quantity": 1, "note": None, "booking_id": None},
}


def assert_columns(grant: Grant, operation: str, names: set[str], row: Row, table: str) -> None:
    granted = {f"{name}_id" if f"{name}_id" in row else name for name in grant.columns[operation]}
    assert names <= granted | set(grant.presets), (names, granted)
    for name, value in grant.presets.items():
        assert row[name] == value


def assert_links(grant: Grant, before: Any, after: Any, seen: set[str]) -> None:
    """Hold each link that came or went against the grant; those of deleted rows went with them."""
    pairs = [
        {(r["booking_id"], r["tag_id"]) for r in found[TAGS].values()} for found in (before, after)
    ]
    for booking, tag in pairs[0] ^ pairs[1]:
        if booking not in after[BOOKING]:
            continue
        operation = "edit" if booking in before[BOOKING] else "add"
        assert "tags" in grant.columns[operation]
        assert tag in seen
        if operation == "edit":
            assert grant.holds(before[BOOKING][booking], grant.rows, grant.edit_rows)


@pytest.fixture
def world(attacked: None) -> Any:
    return stored()


@pytest.mark.exhaustive
@settings(max_examples=some(500))
@given(booking=grants("booking"), line=grants("line"), asked=requests)
def test_every_change_is_covered_by_the_grant(configure, world, booking, line, asked):
    configure(
        {
            "booking": {"anon": booking.written()},
            "line": {"anon": line.written()},
            "customer": {"anon": {"rows": {"vip": True}, "fields": "*", "ops": "get"}},
            "tag": {"anon": {"rows": {"slug.in": ["red", "blue"]}, "fields": "*", "ops": "get"}},
        }
    )
    several = isinstance(asked, list)
    with transaction.atomic():
        model = "booking" if several else asked["_model"]
        status, body = ask({"_batch": asked} if several else asked, model)
        after = stored()
        transaction.set_rollback(True)
    assert status < 500, body
    if status >= 300:
        assert after == world
        return None
    if several:
        return assert_tables(world, after)
    gone = world[BOOKING].keys() - after[BOOKING].keys()
    cascaded = {key for key, row in world[LINE].items() if row["booking_id"] in gone}
    assert_covered(booking, world, after, BOOKING, set())
    assert_covered(line, world, after, LINE, cascaded)
    assert_links(booking, world, after, {"red", "blue"})
    assert_tables(world, after)
    assert_references(booking, world, after)
    return None


def assert_references(grant: Grant, before: Any, after: Any) -> None:
    """Hold each foreign key that is different now against the rows that the caller may see."""
    for key, row in after[BOOKING].items():
        was = before[BOOKING].get(key, {}).get("customer_id")
        assert row["customer_id"] in {was, OPEN, OTHER}
    for key, row in after[LINE].items():
        if row["booking_id"] != before[LINE].get(key, {}).get("booking_id"):
            pointed = after[BOOKING][row["booking_id"]]
            assert grant.holds(before[BOOKING].get(row["booking_id"], pointed), grant.rows)


def assert_tables(before: Any, after: Any) -> None:
    """Hold the tables that nobody was granted against what they were."""
    followers = {BOOKING, LINE, TAGS, "testapp.Invoice"}
    for table in before.keys() - followers:
        assert after[table] == before[table]
    invoices = before["testapp.Invoice"], after["testapp.Invoice"]
    assert invoices[1].items() <= invoices[0].items()
    assert all(
        r["booking_id"] not in after[BOOKING]
        for k, r in invoices[0].items()
        if k not in invoices[1]
    )


def test_the_naive_evaluation_finds_changes_that_are_not_covered(world):
    """The property above is no property if it cannot fail."""
    narrow = Grant("booking", ["edit"], {"add": [], "edit": ["seats"]}, 1, 0, 0, 0)
    row = world[BOOKING][OPEN]
    for changed in (
        {**row, "status": "x"},
        {**row, "seats": 1, "price": Decimal(1)},
        {**row, "status": "hidden"},
    ):
        after = {**world, BOOKING: {**world[BOOKING], OPEN: changed}}
        with pytest.raises(AssertionError):
            assert_covered(narrow, world, after, BOOKING, set())
    after = {**world, BOOKING: {OPEN: row}}
    with pytest.raises(AssertionError):
        assert_covered(narrow, world, after, BOOKING, set())
    hidden = {**world[BOOKING][HIDDEN], "seats": 1}
    with pytest.raises(AssertionError):
        assert_covered(
            narrow, world, {**world, BOOKING: {**world[BOOKING], HIDDEN: hidden}}, BOOKING, set()
        )
