"""Which key serves a query."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Not, Operator, Or
from django_flex.dynamodb.core.planner import NoPlanError, Plan, Wanted, plan_query
from django_flex.dynamodb.core.schema import IndexSchema, KeySchema, TableSchema

TABLE = TableSchema(
    name="t",
    key=KeySchema(hash="h", range="r"),
    key_types={"h": "S", "r": "N", "g": "S", "s": "N", "l": "S", "k": "S"},
    indexes=(
        IndexSchema(name="by_g", key=KeySchema(hash="g", range="s"), is_global=True),
        IndexSchema(
            name="by_l", key=KeySchema(hash="h", range="l"), is_global=False, projected=frozenset()
        ),
        IndexSchema(name="by_k", key=KeySchema(hash="k"), is_global=True, projected=frozenset("a")),
    ),
)


def text(name: str, value: str, operator: Operator = Operator.EQ) -> Comparison:
    return Comparison(path=(name,), operator=operator, values=({"S": value},))


def number(name: str, operator: Operator, *given: int) -> Comparison:
    return Comparison(
        path=(name,), operator=operator, values=tuple({"N": str(one)} for one in given)
    )


H, G, K = text("h", "x"), text("g", "x"), text("k", "x")
R1 = number("r", Operator.EQ, 1)


def plan(*conditions: Condition, **wanted: Any) -> Plan:
    return plan_query(TABLE, Wanted(condition=And(conditions), **wanted))


@pytest.mark.parametrize(
    ("conditions", "wanted", "kind", "index"),
    [
        pytest.param([H, R1], {}, "get", None, id="whole-key"),
        pytest.param([H, R1, G], {}, "get", None, id="whole-key-before-index"),
        pytest.param([H], {}, "query", None, id="hash"),
        pytest.param([H, G], {}, "query", None, id="table-before-index"),
        pytest.param([G], {}, "query", "by_g", id="global-index"),
        pytest.param([H, text("l", "a")], {}, "query", "by_l", id="local-index-by-its-range"),
        pytest.param([H, G, number("s", Operator.GT, 1)], {}, "query", "by_g", id="range-used"),
        pytest.param([H], {"order_by": "l"}, "query", "by_l", id="order-steers"),
        pytest.param([H, R1], {"order_by": "l"}, "get", None, id="one-item-has-any-order"),
        pytest.param([H, G], {"index": "by_g"}, "query", "by_g", id="pinned"),
        pytest.param([H, G], {"consistent": True}, "query", None, id="consistent"),
        pytest.param([text("a", "x")], {"scan": True}, "scan", None, id="scan"),
        pytest.param([H, text("h", "y")], {}, "none", None, id="two-hashes"),
        pytest.param([H, Or(())], {}, "none", None, id="never"),
    ],
)
def test_the_best_key_is_chosen(
    conditions: list[Condition], wanted: dict[str, Any], kind: str, index: str | None
) -> None:
    found = plan(*conditions, **wanted)

    assert (kind, index) == (found.kind, found.index and found.index.name)


@pytest.mark.parametrize(
    ("conditions", "wanted", "message"),
    [
        pytest.param([], {}, r"exact value of h or g \(index by_g\)", id="nothing"),
        pytest.param([text("h", "x", Operator.GT)], {}, "exact value of h", id="no-equality"),
        pytest.param([Or((H, R1))], {}, "exact value", id="either"),
        pytest.param([Not(H)], {}, "exact value", id="not"),
        pytest.param([H], {"order_by": "a"}, r"r or l \(index by_l\) can be sorted by", id="order"),
        pytest.param([G], {"consistent": True}, "exact value of h or h", id="consistent-index"),
        pytest.param([H], {"index": "by_g"}, r"exact value of g \(index by_g\)$", id="pinned"),
        pytest.param([], {"scan": True, "order_by": "r"}, "a scan has no order", id="scan-order"),
    ],
)
def test_a_refusal_says_what_would_do(
    conditions: list[Condition], wanted: dict[str, Any], message: str
) -> None:
    with pytest.raises(NoPlanError, match=message):
        plan(*conditions, **wanted)


GT, GTE, LT, LTE = Operator.GT, Operator.GTE, Operator.LT, Operator.LTE


@pytest.mark.parametrize(
    ("conditions", "key", "post"),
    [
        ([number("r", GTE, 1), number("r", LTE, 5)], ("BETWEEN", 1, 5), []),
        ([number("r", GT, 1), number("r", LTE, 5)], ("BETWEEN", 1, 5), [GT]),
        ([number("r", GT, 1), number("r", GTE, 3)], (">=", 3), [GT]),
        ([number("r", GTE, 3), number("r", GT, 3)], (">", 3), [GTE]),
        ([number("r", LT, 1)], ("<", 1), []),
        ([number("r", Operator.BETWEEN, 1, 9), number("r", LTE, 5)], ("BETWEEN", 1, 5), []),
    ],
)
def test_conditions_on_the_range_become_one(
    conditions: list[Condition], key: tuple[Any, ...], post: list[Operator]
) -> None:
    found = plan(H, *conditions)

    ranged = found.key[1]
    assert key == (ranged.operator, *(int(one["N"]) for one in ranged.values))
    left = [] if found.post is None else [found.post]
    left = [*left[0].conditions] if left and isinstance(left[0], And) else left
    assert post == [one.operator for one in left if isinstance(one, Comparison)]


def test_a_reversed_range_is_nothing() -> None:
    assert "none" == plan(H, number("r", GT, 5), number("r", LT, 1)).kind


def test_what_dynamodb_cannot_filter_is_checked_here() -> None:
    not_one = number("r", Operator.NE, 1)
    found = plan(H, not_one, text("a", "x"))

    assert (not_one, text("a", "x")) == (found.post, found.filter)
    assert text("a", "x") == plan(H, R1, text("a", "x")).post


def test_an_index_that_lacks_attributes_is_completed_from_the_table() -> None:
    whole, covered = plan(K, text("b", "x")), plan(K, attributes=frozenset("a"))

    assert (True, text("b", "x"), None) == (whole.hydrate, whole.post, whole.filter)
    assert (False, ("a", "h", "k", "r")) == (covered.hydrate, covered.projection)
    assert plan(K, text("b", "x"), attributes=frozenset("a")).hydrate
    assert plan(H, text("l", "a")).hydrate


def test_the_attributes_that_are_wanted_do_not_decide_which_items_are_found() -> None:
    """An index with a range key lacks items; which index is read may not depend on the fields."""
    sparse = TableSchema(
        name="t",
        key=KeySchema(hash="h"),
        indexes=tuple(
            IndexSchema(
                name=name, key=KeySchema(hash="g", range=sorts), is_global=True, projected=projected
            )
            for name, sorts, projected in (
                ("first", "r", frozenset({"a"})),
                ("second", "s", None),
            )
        ),
    )
    found = [
        plan_query(sparse, Wanted(condition=G, attributes=names)).index
        for names in (None, frozenset("a"), frozenset("b"))
    ]

    assert ["first"] * 3 == [one.name for one in found if one]
