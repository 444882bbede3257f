"""What a cursor holds comes out as it went in."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from django_flex.analysis.read.cursors import MAX_TEXT, read_cursor, write_cursor
from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.resolved import Position, TooLong

CONTEXT = b"context"
VALUES: list[Any] = [
    None,
    True,
    0,
    -(2**63),
    2**63 - 1,
    1.5,
    1e-300,
    math.inf,
    Decimal("0.10"),
    Decimal("-12345678901234567890.123"),
    "",
    "text",
    "ß\0\U0001f600",
    b"\0\xff",
    date(2026, 1, 31),
    datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC),
    datetime(2026, 1, 31, 12),  # noqa: DTZ001 - of a project without time zones
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    time(23, 59, 59, 999999),
    timedelta(days=-3, seconds=5, microseconds=7),
    UUID(int=5),
]


def written(*values: Any, hidden: bool = False, **others: Any) -> str:
    return write_cursor(Position(values, **others), context=CONTEXT, hidden=hidden)


def through(*values: Any, **others: Any) -> Position:
    return read_cursor(written(*values, 1, **others), CONTEXT)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_value_comes_out_as_it_went_in(value: Any) -> None:
    first, key = through(value).values

    assert (type(value), value, 1) == (type(first), first, key)


def test_not_a_number_stays_one() -> None:
    assert math.isnan(through(math.nan).values[0])


def test_memory_of_a_driver_is_bytes() -> None:
    assert b"x" == through(memoryview(b"x")).values[0]


@pytest.mark.parametrize(
    "text", ["x" * (MAX_TEXT + 1), b"x" * (MAX_TEXT + 1)], ids=["text", "bytes"]
)
def test_long_values_are_left_out_and_keys_are_not(text: Any) -> None:
    assert isinstance(through(text).values[0], TooLong)
    assert text == read_cursor(written(text), CONTEXT).values[0]


@pytest.mark.parametrize("backward", [True, False])
@pytest.mark.parametrize("inclusive", [True, False])
def test_a_cursor_holds_its_direction(backward: bool, inclusive: bool) -> None:
    position = through(backward=backward, inclusive=inclusive)

    assert (backward, inclusive) == (position.backward, position.inclusive)


def test_value_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnsupportedQueryError):
        through(object())


def test_hidden_values_make_a_new_cursor_of_one_length_each_time() -> None:
    cursors = [written("x" * n, 1, hidden=True) for n in range(MAX_TEXT)]

    assert (1, MAX_TEXT) == (len({len(c) for c in cursors}), len(set(cursors)))
    assert cursors[3] != written("xxx", 1, hidden=True)
    assert ("xxx", 1) == read_cursor(cursors[3], CONTEXT).values


def test_cursor_of_another_context_is_refused() -> None:
    with pytest.raises(CursorError):
        read_cursor(written(1), b"other")
