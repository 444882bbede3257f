"""Ranges of each kind: in and out, and in filters, against what they mean in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from math import inf
from typing import Any

import jsonschema
import pytest

from tests.doors.fronts import Door, Execute, RestGet
from tests.postgresql.conftest import GRANT, OPEN, Asked

EMPTY = {"empty": True}


def span(lower: Any, upper: Any, bounds: Any = "[)") -> dict[str, Any]:
    return {"lower": lower, "upper": upper, "bounds": bounds}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@dataclass(frozen=True)
class Column:
    """A column: how its ends are numbers, and whether there are some between two of them."""

    name: str
    number: Callable[[Any], Any]
    low: Any
    middle: Any
    high: Any
    discrete: bool = False

    def pair(self, value: Any) -> tuple[Any, Any] | None:
        """Return where a range begins and ends, ``None`` if it is empty."""
        if value == EMPTY:
            return None
        lower, upper = value["lower"], value["upper"]
        # An end that is left out is a little beyond its number.
        start = (-inf, 0) if lower is None else (self.number(lower), value["bounds"][0] == "(")
        end = (inf, 0) if upper is None else (self.number(upper), -(value["bounds"][1] == ")"))
        if self.discrete:
            start = (start[0] + start[1], 0)
            end = (end[0] + end[1], 0)
        return (start, end) if start <= end else None


INTEGERS = Column("numbers", int, -3, 2, 9, discrete=True)
COLUMNS = [
    INTEGERS,
    Column("large", int, -(2**62), 0, 2**62, discrete=True),
    Column("sums", Decimal, "-0.5", "1.005", "123456789012345678901234567890.12"),
    Column("closed", Decimal, "0.1", "2", "3.00000"),
    Column(
        "days",
        lambda text: date.fromisoformat(text).toordinal(),
        "0001-01-01",
        "2024-02-29",
        "9999-12-30",
        discrete=True,
    ),
    Column(
        "moments", moment, "1901-01-01T00:00:00Z", "2024-02-29T12:30:00+05:45", "2999-12-31T23:59Z"
    ),
]
columns = pytest.mark.parametrize("column", COLUMNS, ids=lambda one: one.name)


def overlap(one: Any, other: Any) -> bool:
    return bool(one and other) and max(one[0], other[0]) <= min(one[1], other[1])


def within(one: Any, other: Any) -> bool:
    return one is None or (other is not None and other[0] <= one[0] and one[1] <= other[1])


def touches(column: Column, end: Any, start: Any) -> bool:
    if column.discrete:
        return bool(end[0] + 1 == start[0])
    return bool(end[0] == start[0] and end[1] + 1 == start[1])


def is_adjacent(column: Column, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    return touches(column, one[1], other[0]) or touches(column, other[1], one[0])


def ranges_of(column: Column) -> dict[str, Any]:
    """Return a range for each pair of ends and bounds, by a name, and what is none."""
    ends = [column.low, column.middle, column.high]
    found: dict[str, Any] = {"null": None, "empty": EMPTY}
    numbered = list(enumerate(ends))
    for (n, lower), (m, upper), bounds in product(numbered, numbered, ["[)", "[]", "(]", "()"]):
        if n <= m:
            found[f"{n}{m}{bounds}"] = span(lower, upper, bounds)
    for n, end in numbered:
        found[f"{n}-"] = span(end, None)
        found[f"-{n}"] = span(None, end, "()")
    return {**found, "all": span(None, None)}


def create(spans: Asked, column: Column) -> dict[str, Any]:
    rows = ranges_of(column)
    for name, value in rows.items():
        spans.add(name=name, **{column.name: value})
    return rows


TESTS: dict[str, Callable[[Column, Any, Any], bool]] = {
    "exact": lambda _column, one, other: bool(one == other),
    "contains": lambda _column, one, other: within(other, one),
    "contained_by": lambda _column, one, other: within(one, other),
    "overlap": lambda _column, one, other: overlap(one, other),
    "adjacent": is_adjacent,
}


@columns
def test_operators_compare_as_sets_do(spans: Asked, column: Column) -> None:
    rows = create(spans, column)
    stored = {name: column.pair(value) for name, value in rows.items() if value is not None}
    for (asked, value), (operator, test) in product(rows.items(), TESTS.items()):
        if value is None:
            continue
        wanted = {name for name, pair in stored.items() if test(column, pair, column.pair(value))}
        path = f"{column.name}.{operator}"
        assert wanted == spans.names({path: value}), (operator, asked)
        assert rows.keys() - wanted == spans.names({"not": {path: value}}), (operator, asked)


@columns
def test_value_is_in_a_range(spans: Asked, column: Column) -> None:
    rows = create(spans, column)
    for value in (column.low, column.middle, column.high):
        at = (column.number(value), 0)
        pairs = {name: column.pair(one) for name, one in rows.items() if one is not None}
        wanted = {name for name, pair in pairs.items() if pair and pair[0] <= at <= pair[1]}

        assert wanted == spans.names({f"{column.name}.contains": value}), value
        assert rows.keys() - wanted == spans.names({"not": {f"{column.name}.contains": value}})


@columns
def test_lists_and_nulls(spans: Asked, column: Column) -> None:
    rows = create(spans, column)
    some = ["01[)", "0-", "empty"]
    same = {
        name
        for name, value in rows.items()
        if value is not None and column.pair(value) in [column.pair(rows[one]) for one in some]
    }

    assert same == spans.names({f"{column.name}.in": [rows[one] for one in some]})
    assert rows.keys() - same == spans.names({f"{column.name}.nin": [rows[one] for one in some]})
    assert set() == spans.names({f"{column.name}.in": []})
    assert {"null"} == spans.names({f"{column.name}.isnull": True})
    assert {"null"} == spans.names({column.name: None})
    assert rows.keys() - {"null"} == spans.names({f"{column.name}.isnull": False})
    exact = {name for name in same if column.pair(rows[name]) == column.pair(rows["01[)"])}
    assert exact == spans.names({column.name: rows["01[)"]})
    assert rows.keys() - exact == spans.names({f"{column.name}.ne": rows["01[)"]})


@columns
def test_what_is_read_can_be_sent_back(spans: Asked, column: Column) -> None:
    for value in ranges_of(column).values():
        first = spans.add(**{column.name: value})
        again = spans.add(**{column.name: first[column.name]})

        assert first[column.name] == again[column.name]
        if value is not None:
            assert column.pair(value) == column.pair(first[column.name]), value


READ: list[tuple[str, Any, Any]] = [
    ("numbers", span(1, 5, "[]"), span(1, 6)),
    ("numbers", span(1, 5, "()"), span(2, 5)),
    ("numbers", span(5, 5), EMPTY),
    ("numbers", [1, 5], span(1, 5)),
    ("numbers", [None, None], span(None, None, "()")),
    ("numbers", {"lower": 1}, span(1, None)),
    ("numbers", {"upper": "5"}, span(None, 5, "()")),
    ("numbers", span(-(2**31), 2**31 - 1), span(-(2**31), 2**31 - 1)),
    ("large", span(-(2**63) + 1, 2**63 - 1), span(-(2**63) + 1, 2**63 - 1)),
    ("sums", [1, "2.50"], span("1", "2.5")),
    ("sums", ["0.0000001", 1.5], span("0.0000001", "1.5")),
    ("closed", [1, 2], span("1", "2", "[]")),
    ("closed", {"lower": 1, "upper": 2}, span("1", "2")),
    ("days", ["2024-02-28", "2024-02-29"], span("2024-02-28", "2024-02-29")),
    ("days", span("2024-02-28", "2024-02-29", "[]"), span("2024-02-28", "2024-03-01")),
    (
        "moments",
        ["2024-02-28", "2024-02-29T12:00:00+02:00"],
        span("2024-02-28T00:00:00Z", "2024-02-29T10:00:00Z"),
    ),
    ("moments", EMPTY, EMPTY),
]


@pytest.mark.parametrize(("name", "sent", "read"), READ)
def test_ranges_are_stored_as_the_database_has_them(
    spans: Asked, name: str, sent: Any, read: Any
) -> None:
    assert read == spans.add(**{name: sent})[name]


NO_RANGES: list[tuple[str, Any]] = [
    ("numbers", [1.5, 5]),
    ("numbers", ["a", 5]),
    ("numbers", [True, 5]),
    ("numbers", [1]),
    ("numbers", [1, 2, 3]),
    ("numbers", []),
    ("numbers", {}),
    ("numbers", 5),
    ("numbers", "[1,5)"),
    ("numbers", "1,5"),
    ("numbers", True),
    ("numbers", [5, 1]),
    ("numbers", span(1, 5, "[[")),
    ("numbers", span(1, 5, [])),
    ("numbers", {"lower": 1, "uper": 5}),
    ("numbers", {"lower": {"$now": ""}, "upper": None}),
    ("numbers", {"empty": False}),
    ("numbers", {"empty": True, "lower": 1}),
    ("numbers", [0, 2**31]),
    ("numbers", [-(2**31) - 1, 0]),
    ("numbers", span(0, 2**31 - 1, "[]")),
    ("numbers", span(2**31 - 1, None, "(]")),
    ("large", [0, 2**63]),
    ("large", span(0, 2**63 - 1, "[]")),
    ("sums", ["x", 1]),
    ("sums", [2, "1.99"]),
    ("sums", ["NaN", 1]),
    ("days", ["2024-02-30", None]),
    ("days", ["2024-02-28T00:00:00Z", None]),
    ("days", [20240228, None]),
    ("days", span("2024-01-01", "9999-12-31", "[]")),
    ("days", ["2024-02-29", "2024-02-28"]),
    ("moments", ["soon", None]),
    ("moments", ["2024-02-29T12:00:00+02:00", "2024-02-29T11:00:00+02:00"]),
    ("moments", ["2024-02-29 25:00", None]),
]


@pytest.mark.parametrize(("name", "value"), NO_RANGES)
def test_what_is_no_range_is_refused_with_what_would_be_one(
    spans: Asked, name: str, value: Any
) -> None:
    assert spans.refused(name, value).startswith("This has to be ")
    if value != "1,5":
        assert spans.refusal({f"{name}.overlap": value if value != [] else [1]})


def test_reversed_ends_are_named(spans: Asked) -> None:
    assert "not beyond the upper one" in spans.refused("numbers", [5, 1])
    assert "not beyond the upper one" in spans.refusal({"numbers": [5, 1]})


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"numbers.gt": 1}, id="no-order"),
        pytest.param({"numbers.range": [[1, 2], [3, 4]]}, id="between"),
        pytest.param({"numbers.icontains": "1"}, id="text"),
        pytest.param({"numbers.len": 1}, id="length"),
        pytest.param({"name.overlap": [1, 2]}, id="text-has-none"),
        pytest.param({"name.adjacent": {"lower": 1}}, id="neither"),
        pytest.param({"name": {"lower": 1}}, id="object-under-a-text"),
        pytest.param({"name.contains": {"lower": 1}}, id="text-contains-none"),
        pytest.param({"id": {"lower": 1, "upper": 2}}, id="object-under-a-key"),
        pytest.param({"numbers.contains": "x"}, id="no-number"),
        pytest.param({"numbers.contains": 1.5}, id="no-whole-number"),
        pytest.param({"numbers.contains": None}, id="null"),
        pytest.param({"numbers.overlap": None}, id="null-range"),
        pytest.param({"numbers.in": "1,5,6"}, id="three-ends"),
        pytest.param({"numbers.in": [1]}, id="list-of-values"),
        pytest.param({"numbers": {"$field": "large"}}, id="other-column"),
        pytest.param({"numbers": {"lower": {"$field": "id"}}}, id="column-at-an-end"),
        pytest.param({"days.contains": "2024-02-30"}, id="no-day"),
        pytest.param({"numbers": {"lower": 1, "name": 2}}, id="unknown-key"),
    ],
)
def test_filters_that_make_no_sense_are_refused(spans: Asked, filters: Any) -> None:
    assert spans.refusal(filters)


def test_ends_may_depend_on_the_time_and_on_the_caller(spans: Asked) -> None:
    spans.add(name="open", moments=["2000-01-01", None], numbers=[0, None])
    spans.add(name="over", moments=["2000-01-01", "2001-01-01"], numbers=[0, 2])
    spans.add(name="none")
    week = {"lower": {"$now": "-7d"}, "upper": {"$now": "7d"}}

    assert {"open"} == spans.names({"moments.overlap": week})
    assert {"open"} == spans.names({"moments.contains": {"$now": ""}})
    assert {"open", "over"} == spans.names({"numbers.contains": {"$value": 1}})
    assert set() == spans.names({"numbers.overlap": {"lower": {"$user": "id"}}})
    nobody = spans.names({"not": {"numbers.overlap": {"lower": {"$user": "id"}}}})
    assert {"open", "over", "none"} == nobody


@pytest.mark.parametrize("door", [Execute, RestGet], ids=lambda one: one.__name__)
def test_text_has_the_ends_with_a_comma(settings: Any, db: None, door: type[Door]) -> None:
    spans = Asked(door(settings), "postgresql.span")
    spans.model.objects.create(name="a", days=("2024-01-01", "2024-02-01"), numbers=(1, 5))
    spans.model.objects.create(name="b", days=("2024-02-01", None), numbers=(5, 9))

    assert {"a"} == spans.names({"days.contains": "2024-01-31"})
    assert {"b"} == spans.names({"days.overlap": "2024-02-01,"})
    assert {"a"} == spans.names({"days.overlap": ",2024-02-01"})
    assert {"a", "b"} == spans.names({"days.overlap": ","})
    assert {"b"} == spans.names({"numbers.contained_by": "2, 9"})
    assert {"a"} == spans.names({"numbers": "1,5"})
    assert {"a"} == spans.names({"numbers.in": "1, 5"})
    assert {"a", "b"} == spans.names({"numbers.in": [[1, 5], "5,9"]})


def test_list_has_the_bounds_of_the_column(spans: Asked) -> None:
    spans.add(name="a", closed=["2", "2"], sums=["2", "2"])

    assert {"a"} == spans.names({"closed": [2, 2]})
    assert {"a"} == spans.names({"closed.contains": 2})
    assert set() == spans.names({"sums.contains": 2})
    assert {"a"} == spans.names({"sums": EMPTY})


def test_related_rows_are_filtered_by_ranges(spans: Asked) -> None:
    parent = spans.add(name="parent", numbers=[1, 5])["id"]
    spans.add(name="child", numbers=[2, 3], parent=parent)
    spans.add(name="other", numbers=[7, 9])

    assert {"child"} == spans.names({"parent.numbers.contains": 4})
    assert {"parent"} == spans.names({"children.numbers.contained_by": [1, 9]})
    assert {"parent", "other"} == spans.names({"not": {"parent.numbers.overlap": [1, 2]}})


def test_ranges_sort_group_and_are_counted(spans: Asked) -> None:
    for name, value in {"b": [2, 3], "a": [1, 9], "c": [2, 3], "none": None}.items():
        spans.add(name=name, numbers=value)
    door = spans.door

    query: dict[str, Any] = {"fields": "name", "order_by": "numbers.nulls_first, name"}
    reply = door.list(query, expose=OPEN, model="postgresql.span")
    assert ["none", "a", "b", "c"] == [row["name"] for row in reply.results]
    query = {"group_by": "numbers", "aggregate": "count, n:name.count_distinct", "order_by": "n"}
    reply = door.aggregate(query, expose=OPEN, model="postgresql.span")
    assert [1, 1, 2] == [group["n"] for group in reply.body["results"]]
    assert {"lower": 2, "upper": 3, "bounds": "[)"} == reply.body["results"][-1]["numbers"]
    query = {"aggregate": "numbers.count, numbers.count_distinct"}
    reply = door.aggregate(query, expose=OPEN, model="postgresql.span")
    assert {"count": 3, "count_distinct": 2} == reply.body["results"]["numbers"]
    reply = door.list({"fields": "numbers", "distinct": True}, expose=OPEN, model="postgresql.span")
    assert 3 == len(reply.body["results"])


def test_pages_by_an_order_of_ranges(spans: Asked) -> None:
    spans.add(name="a", numbers=[1, 2])
    spans.add(name="b", numbers=[2, 3])
    query = {"fields": "name", "order_by": "numbers", "limit": 1, "cursor": True}

    reply = spans.door.list(query, expose=OPEN, model="postgresql.span")

    assert (400, "use 'offset'") == (reply.status, reply.body["hint"])


def test_edit_changes_a_range(spans: Asked) -> None:
    pk = spans.add(name="a", numbers=[1, 5])["id"]

    reply = spans.door.write(
        "edit", pk, {"numbers": span(2, 6, "[]")}, expose=OPEN, model="postgresql.span"
    )

    assert (200, span(2, 7)) == (reply.status, reply.body["numbers"])


def test_rules_and_presets_have_ranges(spans: Asked) -> None:
    spans.add(name="in", numbers=[1, 5])
    spans.add(name="out", numbers=[7, 9])
    rule = {"numbers.overlap": {"lower": 0, "upper": 6}}
    presets = {"days": {"lower": "2024-01-01", "upper": None}, "sums": [1, 2]}
    expose = {
        "span": {"anon": {**GRANT, "rows": rule, "add": {"fields": ["*"], "presets": presets}}}
    }

    reply = spans.door.list({"fields": "name"}, expose=expose, model="postgresql.span")
    assert ["in"] == [row["name"] for row in reply.results]
    values = {"name": "new", "numbers": [5, 6], "_fields": "days, sums"}
    reply = spans.door.write("add", None, values, expose=expose, model="postgresql.span")
    assert {"days": span("2024-01-01", None), "sums": span("1", "2")} == {
        name: reply.body[name] for name in ("days", "sums")
    }
    values = {"name": "new", "numbers": [6, 7]}
    reply = spans.door.write("add", None, values, expose=expose, model="postgresql.span")
    assert 403 == reply.status


def test_next_page_is_the_same_query(spans: Asked) -> None:
    for number in range(3):
        spans.add(name=f"{number}", numbers=[number, 9])
    filters = {"numbers": {"lower": 7, "upper": None}, "numbers.overlap": {"lower": 0, "upper": 9}}
    query: dict[str, Any] = {"fields": "name", "filters": {"or": filters}, "limit": 2}

    reply = spans.door.list(query, expose=OPEN, model="postgresql.span")
    following = spans.door.list(
        reply.body["pagination"]["next"], expose=OPEN, model="postgresql.span"
    )

    assert ["2"] == [row["name"] for row in following.results]


def test_description_has_the_schema_of_what_is_read_and_sent(settings: Any, spans: Asked) -> None:
    door = RestGet(settings)
    door.open("postgresql.span", OPEN, {})
    described = door.request("OPTIONS", "/api/postgresql.span/").json()
    inputs = described["inputs"]["add"]

    for name, sent, read in READ:
        assert "range" == described["fields"][name]["type"]
        jsonschema.validate(read, described["fields"][name]["schema"])
        jsonschema.validate(None, described["fields"][name]["schema"])
        if (name, sent) != ("numbers", {"upper": "5"}):  # numbers in texts are taken, too
            jsonschema.validate(sent, inputs[name]["schema"])
    assert [*OPERATORS] == described["fields"]["numbers"]["operators"]
    for wrong in (span("a", 1), span(1, 2, "x"), [1], [1, "b"], 5):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, inputs["numbers"]["schema"])


#: What a range can be filtered by.
OPERATORS = [
    *("exact", "ne", "in", "nin", "isnull"),
    *("contains", "contained_by", "overlap", "adjacent"),
]
