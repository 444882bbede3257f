"""Values of DynamoDB: exact, checked and compared as DynamoDB does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import Comparison, Not, Operator, Or
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.core.expressions import Placeholders, TooComplexError, condition_text


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -5,
        10**37,
        Decimal("0.12345678901234567890123"),
        "",
        "ü",
        b"\x00",
        {"a": [1, {"b": None}]},
        {"x", "y"},
        {1, 2},
        {b"x"},
        [],
    ],
    ids=range(14),  # members of a set have no order
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    found = values.decode(values.check(values.encode(value)))

    assert value == found
    assert isinstance(found, type(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1" * 39, "38 digits"),
        (Decimal("1e126"), "38 digits"),
        (Decimal("1e-131"), "38 digits"),
        (Decimal("NaN"), "finite"),
        (float("inf"), "finite"),
        ("abc", "number is expected"),
        (True, "not bool"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused(value: Any, message: str) -> None:
    with pytest.raises(values.BadValueError, match=message):
        values.number(value)


@pytest.mark.parametrize(
    "value",
    [0, -7, 10**37, 10**38, -(10**38), "0", "00", "007", "0" * 40 + "7", "9" * 38],
    ids=repr,
)
def test_whole_numbers_are_written_as_decimals_are(value: int | str) -> None:
    assert str(Decimal(value)) == values.number(value)


def test_zeros_are_no_digits() -> None:
    assert "1" + "0" * 60 == values.number(10**60)


@pytest.mark.parametrize("value", [set(), {"a", 1}, object()], ids=["empty", "mixed", "object"])
def test_what_has_no_type_is_refused(value: Any) -> None:
    with pytest.raises(values.BadValueError):
        values.encode(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [({"S": ""}, "S"), ({"S": "x" * 2049}, "S"), ({"N": "1"}, "S"), ({"N": "x"}, "N")],
)
def test_bad_keys_are_refused(value: Any, kind: str) -> None:
    with pytest.raises(values.BadValueError):
        values.check_key(value, kind, is_hash=True)


def test_items_have_at_most_400_kb() -> None:
    values.check_item({"a": {"S": "x" * (400 * 1024 - 1)}})
    with pytest.raises(values.BadValueError, match="400 KB"):
        values.check_item({"a": {"S": "x" * 400 * 1024}})


def test_texts_are_sorted_by_their_bytes() -> None:
    assert -1 == values.compare({"S": "\uffff"}, {"S": "\U00010000"})
    assert 1 == values.compare({"N": "10"}, {"N": "9"})
    assert values.compare({"S": "1"}, {"N": "1"}) is None


ITEM: dict[str, Any] = {
    "a": {"N": "5"},
    "t": {"S": "hello"},
    "l": {"L": [{"N": "1"}]},
    "s": {"SS": ["x"]},
}


def on(name: str, operator: Operator, *given: Any, **more: Any) -> Comparison:
    encoded = tuple(values.encode(one) for one in given)
    return Comparison(path=(name,), operator=operator, values=encoded, **more)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (on("a", Operator.EQ, Decimal("5.0")), True),
        (on("a", Operator.LT, "x"), False),
        (on("a", Operator.BETWEEN, 1, 5), True),
        (on("a", Operator.IN, 1, 5), True),
        (on("a", Operator.TYPE, "N"), True),
        (on("b", Operator.NE, 1), True),
        (on("b", Operator.LT, 1), False),
        (Not(on("b", Operator.LT, 1)), True),
        (on("b", Operator.MISSING), True),
        (on("a", Operator.EXISTS), True),
        (on("t", Operator.STARTS_WITH, "he"), True),
        (on("t", Operator.CONTAINS, "ll"), True),
        (on("l", Operator.CONTAINS, 1), True),
        (on("s", Operator.CONTAINS, "x"), True),
        (on("s", Operator.STARTS_WITH, "x"), False),
        (on("t", Operator.GT, 4, of_size=True), True),
        (on("a", Operator.GT, 4, of_size=True), False),
        (Comparison(path=("l", 0), operator=Operator.EQ, values=({"N": "1"},)), True),
        (Comparison(path=("l", 7), operator=Operator.EXISTS), False),
        (Comparison(path=("t", "x"), operator=Operator.EXISTS), False),
        (Or(()), False),
        (None, True),
    ],
    ids=str,
)
def test_conditions_are_evaluated_as_dynamodb_does(condition: Any, expected: Any) -> None:
    assert expected == matches(condition, ITEM)


def test_long_conditions_are_refused() -> None:
    with pytest.raises(TooComplexError, match="100"):
        condition_text(on("a", Operator.IN, *range(101)), Placeholders())
    many = Or(tuple(on("a", Operator.EQ, one) for one in range(152)))
    with pytest.raises(TooComplexError, match="operators"):
        condition_text(many, Placeholders())
    with pytest.raises(TooComplexError, match="4 KB"):
        condition_text(Or(tuple([on("a", Operator.EQ, 1)] * 500)), Placeholders())


def test_texts_are_placeholders_only() -> None:
    used = Placeholders()

    text = condition_text(
        Comparison(path=("size", "a.b", 0), operator=Operator.EQ, values=({"S": "' OR 1"},)), used
    )
    assert "#n0.#n1[0] = :v0" == text
    assert {"#n0": "size", "#n1": "a.b"} == used.parameters()["ExpressionAttributeNames"]
