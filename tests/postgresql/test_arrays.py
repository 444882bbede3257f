"""Arrays of each kind of items: in and out, and in filters, against Python's lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import jsonschema
import pytest

from django_flex.query.operators import operators_for
from tests.doors.fronts import Door, Execute, RestGet
from tests.postgresql.conftest import GRANT, OPEN, Asked


@dataclass(frozen=True)
class Column:
    """A column, and items at the edges of its type: as they are sent, and read where that differs."""

    name: str
    items: Sequence[Any]
    read: Sequence[Any] = ()

    @property
    def shown(self) -> Sequence[Any]:
        return self.read or self.items


COLUMNS = [
    Column("words", ["", "a", "A,b%", "ß\\'\"", "toolo"]),
    Column("notes", ["null", "{}", "a,b", "é" * 300, "NULL"]),
    Column("small", [-(2**15), 0, 2**15 - 1]),
    Column("numbers", [-(2**31), 0, 7, 2**31 - 1]),
    Column("large", [-(2**63) + 1, 0, 2**31, 2**63 - 1]),
    Column("sums", ["-999999.99", 0, "0.01", 5.5], ["-999999.99", "0.00", "0.01", "5.50"]),
    Column("ratios", [-1e60, 0.1, 5e-60, 3.0]),
    Column("flags", [True, False]),
    Column("days", ["0001-01-01", "2024-02-29", "9999-12-31"]),
    Column(
        "moments",
        ["0001-01-01T00:00:00Z", "2024-02-29T12:30:00.000001+05:45", "2999-12-31"],
        ["0001-01-01T00:00:00Z", "2024-02-29T06:45:00.000001Z", "2999-12-31T00:00:00Z"],
    ),
    Column("clocks", ["00:00:00", "23:59:59.999999"]),
    Column("spans", ["-00:00:01", "P1DT2H", "00:00:00"], ["-PT1S", "P1DT7200S", "P0D"]),
    Column(
        "keys",
        ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    ),
    Column("addresses", ["10.0.0.1", "::1"]),
]
columns = pytest.mark.parametrize("column", COLUMNS, ids=lambda one: one.name)
TESTS: dict[str, Callable[[list[int], list[int]], bool]] = {
    "exact": lambda one, other: one == other,
    "contains": lambda one, other: {*other} <= {*one},
    "contained_by": lambda one, other: {*one} <= {*other},
    "overlap": lambda one, other: bool({*one} & {*other}),
}


def lists_of(column: Column) -> dict[str, list[int]]:
    """Return lists of positions of items, by names."""
    positions = range(len(column.items))
    pairs = {f"{n}{m}": [n, m] for n, m in product(positions, positions)}
    return {"empty": [], **{f"{n}": [n] for n in positions}, **pairs, "all": [*positions]}


def of(items: Sequence[Any], positions: list[int]) -> list[Any]:
    return [items[position] for position in positions]


def create(baskets: Asked, column: Column) -> dict[str, list[int]]:
    rows = lists_of(column)
    for name, positions in rows.items():
        sent = of(column.items, positions)
        added = baskets.add(name=name, **{column.name: sent})
        assert of(column.shown, positions) == added[column.name], sent
    if column.name != "words":
        baskets.add(name="none", **{column.name: None})
    return rows


def every(baskets: Asked) -> set[str]:
    return baskets.names({})


@columns
def test_operators_compare_as_sets_do(baskets: Asked, column: Column) -> None:
    rows = create(baskets, column)
    everything = every(baskets)
    for (asked, other), (operator, test) in product(rows.items(), TESTS.items()):
        path, wanted = f"{column.name}.{operator}", of(column.items, other)
        same = {name for name, one in rows.items() if test(one, other)}

        assert same == baskets.names({path: wanted}), (operator, asked)
        assert everything - same == baskets.names({"not": {path: wanted}}), (operator, asked)


@columns
def test_lists_of_arrays_and_null(baskets: Asked, column: Column) -> None:
    rows = create(baskets, column)
    everything, some = every(baskets), ["0", "01", "empty"]
    wanted = [rows[each] for each in some]
    same = {name for name, one in rows.items() if one in wanted}
    lists = [of(column.items, positions) for positions in wanted]

    assert same == baskets.names({f"{column.name}.in": lists})
    assert everything - same == baskets.names({f"{column.name}.nin": lists})
    assert {"0"} == baskets.names({column.name: [column.items[0]]})
    assert everything - {"0"} == baskets.names({f"{column.name}.ne": [column.items[0]]})
    assert everything - rows.keys() == baskets.names({f"{column.name}.isnull": True})
    assert everything - rows.keys() == baskets.names({column.name: None})
    assert set() == baskets.names({f"{column.name}.in": []})


@columns
def test_single_item_is_looked_for(baskets: Asked, column: Column) -> None:
    rows = create(baskets, column)
    for position, item in enumerate(column.items):
        found = {name for name, one in rows.items() if position in one}

        assert found == baskets.names({f"{column.name}.contains": item}), item
        assert found == baskets.names({f"{column.name}.overlap": item}), item


@columns
def test_items_are_found_at_their_index(baskets: Asked, column: Column) -> None:
    rows = create(baskets, column)
    everything = every(baskets)
    for index, (position, item) in product([0, 1, 9], enumerate(column.items)):
        found = {n for n, one in rows.items() if one[index : index + 1] == [position]}
        path = f"{column.name}.{index}"

        assert found == baskets.names({path: item}), (index, item)
        assert everything - found == baskets.names({f"{path}.ne": item}), (index, item)
        assert everything - found == baskets.names({"not": {path: item}}), (index, item)
    longer = {name for name, one in rows.items() if len(one) > 1}
    assert longer == baskets.names({f"{column.name}.1.isnull": False})
    assert everything - longer == baskets.names({f"{column.name}.1": None})
    items = {f"{column.name}.0.in": [column.items[0], column.items[1]]}
    assert {n for n, one in rows.items() if one[:1] in ([0], [1])} == baskets.names(items)


@columns
def test_length(baskets: Asked, column: Column) -> None:
    rows = create(baskets, column)
    for length in range(4):
        same = {name for name, one in rows.items() if len(one) == length}
        longer = {name for name, one in rows.items() if len(one) > length}

        assert same == baskets.names({f"{column.name}.len": length})
        assert longer == baskets.names({f"{column.name}.len.gt": length})
        assert every(baskets) - longer == baskets.names({"not": {f"{column.name}.len.gt": length}})


def test_items_are_compared_as_values_of_their_kind(baskets: Asked) -> None:
    baskets.add(name="a", words=["one", "two"], numbers=[5, 1], days=["2024-02-29"])
    baskets.add(name="b", words=["two"], numbers=[1], days=["2023-12-31", "2024-01-01"])
    baskets.add(name="c")

    assert {"a"} == baskets.names({"words.0.startswith": "o"})
    assert {"a"} == baskets.names({"words.0.icontains": "N"})
    assert {"a", "b"} == baskets.names({"words.0.len": 3})
    assert {"a"} == baskets.names({"numbers.0.gt": 1})
    assert {"b", "c"} == baskets.names({"not": {"numbers.0.gt": 1}})
    assert {"a"} == baskets.names({"numbers.0.range": [2, 9]})
    assert {"a"} == baskets.names({"days.0.year": 2024})
    assert {"b"} == baskets.names({"days.1.month.lte": 1})


def test_arrays_in_arrays(baskets: Asked) -> None:
    values = {"square": [[1, 2], [3, 4]], "row": [[1, 2, 3]], "column": [[1], [2]], "empty": []}
    for name, value in values.items():
        assert value == baskets.add(name=name, grid=value)["grid"]
    baskets.add(name="none")

    assert {"square"} == baskets.names({"grid": [[1, 2], [3, 4]]})
    assert {"square"} == baskets.names({"grid.in": [[[1, 2], [3, 4]], [[9]]]})
    assert {"square", "row", "column"} == baskets.names({"grid.contains": [[1, 2]]})
    assert {"square", "row"} == baskets.names({"grid.overlap": [[3], [7]]})
    assert {"column", "empty"} == baskets.names({"grid.contained_by": [[1, 2]]})
    assert {"square", "column"} == baskets.names({"grid.len": 2})
    assert {"square", "row"} == baskets.names({"grid.0.1": 2})
    assert {"square"} == baskets.names({"grid.1.0.gte": 3})
    assert "'grid.0.1'" in baskets.refusal({"grid.0": [1, 2]})
    assert baskets.refusal({"grid.contains": [1]})
    assert baskets.refusal({"grid.contains": [[1], [2, 3]]})
    assert baskets.refusal({"grid": 1})


def test_null_among_the_items(baskets: Asked) -> None:
    baskets.add(name="a", numbers=[1, None])
    baskets.add(name="b", numbers=[None])
    baskets.add(name="c", numbers=[1])

    assert {"a"} == baskets.names({"numbers": [1, None]})
    assert {"b"} == baskets.names({"numbers": [None]})
    assert {"a", "c"} == baskets.names({"numbers.in": [[1], [1, None]]})
    assert {"a", "c"} == baskets.names({"numbers.contains": [1]})
    assert {"b"} == baskets.names({"numbers.0": None})
    assert "leave it out" in baskets.refusal({"numbers.contains": [None]})
    assert "without null" in baskets.refusal({"small": [None]})


def test_numbers_that_json_lacks_are_null(baskets: Asked) -> None:
    baskets.model.objects.create(name="a", ratios=[float("nan"), float("inf"), 1.5])

    reply = baskets.door.list(
        {"fields": "ratios, first:ratios.0, last:ratios.2"}, expose=OPEN, model=baskets.name
    )

    assert {"ratios": [None, None, 1.5], "first": None, "last": 1.5} == {
        name: value for name, value in reply.first.items() if name != "id"
    }


UNFIT: list[tuple[str, Any]] = [
    ("words", "a"),
    ("words", {"a": 1}),
    ("words", ["toolong"]),
    ("words", ["a\0"]),
    ("words", [1]),
    ("words", [["a"]]),
    ("small", [2**15]),
    ("small", [1.5]),
    ("numbers", [2**31]),
    ("numbers", ["x"]),
    ("numbers", [True]),
    ("numbers", 5),
    ("large", [2**63]),
    ("sums", ["1.005"]),
    ("sums", ["1000000"]),
    ("sums", ["NaN"]),
    ("ratios", ["x"]),
    ("flags", [1]),
    ("days", ["2024-02-30"]),
    ("days", ["2024-02-29T00:00:00Z"]),
    ("moments", ["soon"]),
    ("clocks", ["25:00"]),
    ("spans", ["soon"]),
    ("keys", ["0"]),
    ("addresses", ["10.0.0.256"]),
    ("grid", [1]),
    ("grid", [[1], [2, 3]]),
]


@pytest.mark.parametrize(("name", "value"), UNFIT)
def test_what_does_not_fit_is_refused(baskets: Asked, name: str, value: Any) -> None:
    baskets.refused(name, value)
    assert baskets.refusal({name: value})
    if isinstance(value, list):
        assert baskets.refusal({f"{name}.overlap": value})
        assert baskets.refusal({f"{name}.in": [value]})


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"words.icontains": "a"}, id="text-operator"),
        pytest.param({"numbers.gt": 1}, id="order"),
        pytest.param({"words.adjacent": ["a"]}, id="ranges-only"),
        pytest.param({"words.has_key": "a"}, id="json-only"),
        pytest.param({"words.contains": {"a": 1}}, id="object"),
        pytest.param({"words": {"lower": "a"}}, id="range"),
        pytest.param({"words.contains": None}, id="null"),
        pytest.param({"words": {"$field": "notes"}}, id="other-column"),
        pytest.param({"documents.contains": [{"a": 1}]}, id="of-json"),
    ],
)
def test_filters_that_make_no_sense_are_refused(baskets: Asked, filters: Any) -> None:
    assert baskets.refusal(filters)


@pytest.mark.parametrize(
    "path", ["words.00", "words.-1", "words.x", "words.0_1", "words.0.0", "grid.0.0.0", "name.0"]
)
@pytest.mark.parametrize("clause", ["filters", "fields", "order_by", "group_by"])
def test_paths_that_lead_to_no_item_are_denied(baskets: Asked, path: str, clause: str) -> None:
    value: Any = {path: "a"} if clause == "filters" else path
    ask = baskets.door.aggregate if clause == "group_by" else baskets.door.list
    query = {clause: value, **({"aggregate": "count"} if clause == "group_by" else {})}

    assert 403 == ask(query, expose=OPEN, model=baskets.name).status


@pytest.mark.parametrize("clause", ["order_by", "group_by", "distinct"])
def test_items_are_for_fields_and_filters(baskets: Asked, clause: str) -> None:
    ask = baskets.door.aggregate if clause == "group_by" else baskets.door.list
    query = {clause: "words.0", **({"aggregate": "count"} if clause == "group_by" else {})}

    assert 403 == ask(query, expose=OPEN, model=baskets.name).status


def test_items_are_fields(baskets: Asked) -> None:
    baskets.add(name="a", words=["x", "y"], grid=[[1, 2], [3, 4]])
    baskets.add(name="b", words=[])
    query = {"fields": "words.0, second:words.1, grid.1.0", "order_by": "id", "shape": "list"}

    reply = baskets.door.list(query, expose=OPEN, model=baskets.name)

    rows = [{k: v for k, v in row.items() if k != "id"} for row in reply.body["results"]]
    assert [
        {"words": {"0": "x"}, "second": "y", "grid": {"1": {"0": 3}}},
        {"words": {}, "grid": {}},
    ] == rows


def test_grants_name_items(baskets: Asked) -> None:
    baskets.add(name="a", words=["x", "y"])
    expose = {
        baskets.name: {
            "anon": {**GRANT, "fields": ["name", "words.0"], "filters": ["words.1", "words.0.*"]}
        }
    }

    def status(**query: Any) -> int:
        return baskets.door.list(query, expose=expose, model=baskets.name).status

    assert 200 == status(fields="words.0")
    assert 403 == status(fields="words")
    assert 403 == status(fields="words.1")
    assert 200 == status(fields="name", filters={"words.1": "y"})
    assert 200 == status(fields="name", filters={"words.0.startswith": "x"})
    assert 403 == status(fields="name", filters={"words.1.startswith": "y"})
    assert 403 == status(fields="name", filters={"words.contains": "y"})
    excluded = {baskets.name: {"anon": {**GRANT, "exclude": ["words.0"]}}}
    reply = baskets.door.list({"fields": "*"}, expose=excluded, model=baskets.name)
    assert "words" not in reply.first


@pytest.mark.parametrize("door", [Execute, RestGet], ids=lambda one: one.__name__)
def test_commas_separate_items_in_parameters(settings: Any, db: None, door: type[Door]) -> None:
    baskets = Asked(door(settings), "postgresql.basket")
    baskets.model.objects.create(name="a", words=["x", "y"], numbers=[1, 2])
    baskets.model.objects.create(name="b", words=["x,y"], numbers=[])

    assert {"a"} == baskets.names({"words.contains": ["x", "y"]})
    assert {"a"} == baskets.names({"words.overlap": "y"})
    assert {"a"} == baskets.names({"numbers.contained_by": [1, 2, 3], "numbers.len.gte": 1})
    assert {"b"} == baskets.names({"words.contains": ["x,y"]})
    assert {"a"} == baskets.names({"words": ["x", "y"]})
    assert {"a"} == baskets.names({"words.1": "y"})


def test_items_depend_on_the_time_and_the_caller(baskets: Asked) -> None:
    baskets.add(name="a", days=["2024-02-29"], numbers=[1])

    assert set() == baskets.names({"days.contains": [{"$now": ""}]})
    assert set() == baskets.names({"days.contains": {"$now": ""}})
    assert {"a"} == baskets.names({"days.0.lt": {"$now": ""}})
    assert set() == baskets.names({"numbers.contains": {"$user": "id"}})
    assert {"a"} == baskets.names({"not": {"numbers.contains": [{"$user": "id"}]}})


def test_arrays_sort_group_and_are_counted(baskets: Asked) -> None:
    for name, value in {"b": ["b"], "a": ["a", "z"], "c": ["b"], "none": []}.items():
        baskets.add(name=name, words=value)
    door, model = baskets.door, baskets.name

    query: dict[str, Any] = {"fields": "name", "order_by": "words, name"}
    reply = door.list(query, expose=OPEN, model=model)
    assert ["none", "a", "b", "c"] == [row["name"] for row in reply.results]
    query = {"group_by": "words", "aggregate": "n:count", "order_by": "-n"}
    reply = door.aggregate(query, expose=OPEN, model=model)
    assert {"words": ["b"], "n": 2} == reply.body["results"][0]
    reply = door.aggregate({"aggregate": "words.count_distinct"}, expose=OPEN, model=model)
    assert {"words": {"count_distinct": 3}} == reply.body["results"]
    reply = door.list({"fields": "words", "distinct": True}, expose=OPEN, model=model)
    assert 3 == len(reply.body["results"])
    query = {"order_by": "words", "cursor": True}
    assert "use 'offset'" == door.list(query, expose=OPEN, model=model).body["hint"]


def test_related_rows_are_filtered_by_arrays(baskets: Asked) -> None:
    parent = baskets.add(name="parent", words=["x"])["id"]
    baskets.add(name="child", words=["y"], parent=parent)

    assert {"child"} == baskets.names({"parent.words.contains": "x"})
    assert {"child"} == baskets.names({"parent.words.0": "x"})
    assert {"parent"} == baskets.names({"not": {"parent.words.0": "x"}})
    assert {"parent"} == baskets.names({"children.words.overlap": ["y", "z"]})
    assert {"parent"} == baskets.names({"children.words.0": "y"})


def test_rules_and_presets_have_arrays(baskets: Asked) -> None:
    baskets.add(name="in", words=["x"])
    baskets.add(name="out", words=["y"])
    adding = {"fields": ["*"], "presets": {"numbers": [1, 2]}}
    rule = {"words.overlap": ["x", "z"]}
    expose = {baskets.name: {"anon": {**GRANT, "rows": rule, "add": adding}}}

    reply = baskets.door.list({"fields": "name"}, expose=expose, model=baskets.name)
    assert ["in"] == [row["name"] for row in reply.results]
    values = {"name": "new", "words": ["z"]}
    reply = baskets.door.write("add", None, values, expose=expose, model=baskets.name)
    assert [1, 2] == reply.body["numbers"]
    values = {"name": "new", "words": ["y"]}
    reply = baskets.door.write("add", None, values, expose=expose, model=baskets.name)
    assert 403 == reply.status


def test_arrays_of_json_are_read_and_written(baskets: Asked) -> None:
    value = [{"a": [1, None]}, "x", 5]

    assert value == baskets.add(documents=value)["documents"]


def test_description_types_the_items(settings: Any, baskets: Asked) -> None:
    door = RestGet(settings)
    door.open(baskets.name, OPEN, {})
    described = door.request("OPTIONS", f"/api/{baskets.name}/").json()

    for column in COLUMNS:
        field, sent = described["fields"][column.name], described["inputs"]["add"][column.name]
        assert "array" == field["type"]
        jsonschema.validate([*column.shown], field["schema"])
        jsonschema.validate([*column.items], sent["schema"])
    assert operators_for("array") == described["fields"]["words"]["operators"]
    assert {"type": "string", "maxLength": 5} == described["inputs"]["add"]["words"]["schema"][
        "items"
    ]
    grid = described["fields"]["grid"]["schema"]
    jsonschema.validate([[1, 2]], grid)
    for wrong in ([1], [["a"]], "x"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, grid)
