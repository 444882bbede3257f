"""The aggregate functions, and the parts of values to show, sort and group by, in tables.

The tables are the only source: the parser, the grants, the checks and the reference page read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from django_flex.query.operators import (
    ALL_KINDS,
    ARRAYS,
    DATED,
    EQUATABLE,
    TRANSFORMS,
    Transform,
)

if TYPE_CHECKING:
    pass

NUMBERS = frozenset({"integer", "decimal", "float"})
#: The type of a result: a whole number, a number of the field's kind, a fraction, a value.
Gives: TypeAlias = Literal["count", "sum", "mean", "value", "fraction"]


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """An aggregate function: the ``kinds`` that it applies to, and the type of its result."""

    name: str
    kinds: frozenset[str]
    gives: Gives
    help: str

    @property
    def distinct(self) -> bool:
        """Whether it only uses distinct values."""
        return self.name.endswith("_distinct")


@dataclass(frozen=True, slots=True)
class Truncation:
    """Truncates dates and datetimes to the start of their year, month, day, and so on."""

    name: str
    kinds: frozenset[str]
    help: str

    @property
    def unit(self) -> str:
        """What it truncates to."""
        return self.name.removeprefix("trunc_")


_SUMMABLE = NUMBERS | {"duration"}
_LEAST = _SUMMABLE | {"text", "date", "datetime", "time"}
_FUNCTIONS = (
    AggregateFunction(
        "count", ALL_KINDS, "count", "the number of rows, or of values that are not null"
    ),
    AggregateFunction(
        "count_distinct",
        EQUATABLE - {"json", "file", "hstore", "other", "converted"},
        "count",
        "the number of distinct values that are not null",
    ),
    AggregateFunction("sum", _SUMMABLE, "sum", "the sum; null without values"),
    AggregateFunction("sum_distinct", _SUMMABLE, "sum", "the sum of the distinct values"),
    AggregateFunction("avg", _SUMMABLE, "mean", "the mean; null without values"),
    AggregateFunction("avg_distinct", _SUMMABLE, "mean", "the mean of the distinct values"),
    AggregateFunction("min", _LEAST, "value", "the smallest value"),
    AggregateFunction("max", _LEAST, "value", "the largest value"),
    AggregateFunction("stddev", NUMBERS, "fraction", "the population standard deviation"),
    AggregateFunction("variance", NUMBERS, "fraction", "the population variance"),
)
_TRUNCATIONS = (
    Truncation("trunc_year", DATED, "the start of the year"),
    Truncation("trunc_quarter", DATED, "the start of the quarter"),
    Truncation("trunc_month", DATED, "the start of the month"),
    Truncation("trunc_week", DATED, "the start of the week, a Monday"),
    Truncation("trunc_day", frozenset({"datetime"}), "the start of the day"),
    Truncation("trunc_hour", frozenset({"datetime"}), "the start of the hour"),
)
_TEXT_PARTS = (
    Transform("lower", frozenset({"text"}), "text", "the text in small letters"),
    Transform("upper", frozenset({"text"}), "text", "the text in capital letters"),
    Transform("len", ARRAYS | {"text"}, "part", "the length of a string or an array"),
)

FUNCTIONS = {function.name: function for function in _FUNCTIONS}
TRUNCATIONS = {truncation.name: truncation for truncation in _TRUNCATIONS}
TEXT_PARTS = {part.name: part for part in _TEXT_PARTS}
#: What may follow a path in ``fields``, ``order_by`` and ``group_by``.
PARTS = frozenset({*TRUNCATIONS, *TRANSFORMS, *TEXT_PARTS})
