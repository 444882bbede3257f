"""Ranges of resources that no Django model describes, as they are sent and shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from django_flex.schema.conversions.ranges import Range, as_object
from django_flex.schema.resources import Attribute
from django_flex.schema.values import UnfitValueError, coerce

EMPTY = {"empty": True}


def column(kind: str, **facts: Any) -> Attribute:
    items = Attribute("x", "x", kind, **facts)
    return Attribute("x", "x", "range", null=True, items=items)


NUMBERS, DAYS = column("integer"), column("date")
SUMS = column("decimal", digits=5, scale=2)


@pytest.mark.parametrize(
    ("attribute", "sent", "expected"),
    [
        (NUMBERS, [1, 5], Range(1, 5)),
        (NUMBERS, ("1", None), Range(1, None)),
        (NUMBERS, {"lower": 1, "upper": 1, "bounds": "[]"}, Range(1, 1, "[]")),
        (NUMBERS, {"upper": 5, "bounds": "(]"}, Range(None, 5, "(]")),
        (NUMBERS, EMPTY, Range(empty=True)),
        (NUMBERS, Range(1, 5, "()"), Range(1, 5, "()")),
        (NUMBERS, Range(empty=True), Range(empty=True)),
        (DAYS, ["2026-01-31", "2026-02-01"], Range(date(2026, 1, 31), date(2026, 2, 1))),
        (SUMS, ["1.50", 2], Range(Decimal("1.5"), Decimal(2))),
    ],
)
def test_ranges_are_typed_by_their_ends(attribute: Attribute, sent: Any, expected: Range) -> None:
    assert expected == coerce(sent, "range", attribute)


@pytest.mark.parametrize(
    ("attribute", "sent"),
    [
        (NUMBERS, None),
        (NUMBERS, 1),
        (NUMBERS, "1,5"),
        (NUMBERS, True),
        (NUMBERS, []),
        (NUMBERS, [1]),
        (NUMBERS, [1, 2, 3]),
        (NUMBERS, {}),
        (NUMBERS, [1.5, 2]),
        (NUMBERS, [True, 2]),
        (NUMBERS, [5, 1]),
        (NUMBERS, [0, 2**63]),
        (NUMBERS, {"lower": 1, "bounds": "[["}),
        (NUMBERS, {"lower": 1, "step": 2}),
        (NUMBERS, {"empty": False}),
        (NUMBERS, {"empty": 1}),
        (NUMBERS, {"empty": True, "bounds": "[)"}),
        (DAYS, ["2026-02-30", None]),
        (DAYS, {"lower": None, "upper": "9999-12-31", "bounds": "[]"}),
        (SUMS, ["1.005", None]),
        (SUMS, [None, 1000]),
    ],
)
def test_what_is_no_range_is_refused(attribute: Attribute, sent: Any) -> None:
    with pytest.raises(UnfitValueError):
        coerce(sent, "range", attribute)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Range(1, 5), {"lower": 1, "upper": 5, "bounds": "[)"}),
        (Range(1, 5, "(]"), {"lower": 1, "upper": 5, "bounds": "(]"}),
        (Range(None, 5, "[]"), {"lower": None, "upper": 5, "bounds": "(]"}),
        (Range(), {"lower": None, "upper": None, "bounds": "()"}),
        (Range(1, 5, empty=True), EMPTY),
    ],
)
def test_an_end_without_a_bound_does_not_belong_to_the_range(value: Range, shown: Any) -> None:
    assert shown == as_object(value)
