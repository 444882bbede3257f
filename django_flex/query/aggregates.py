"""The aggregate functions and the parts of dates to group by, in two tables; their clauses.

The tables are the only source: the parser, the grants, the checks and the reference page read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.exceptions import QueryError
from django_flex.query.filters import parse_filters
from django_flex.query.operators import DATED, EQUATABLE, EVERYTHING, TRANSFORMS
from django_flex.query.serializer import condition_to_json
from django_flex.query.terms import parse_fields
from django_flex.query.values import check_condition_values

if TYPE_CHECKING:
    from django_flex.query.ast import Condition, FieldTerm, Query
    from django_flex.query.limits import Limits

NUMBERS = frozenset({"integer", "decimal", "float"})
#: What an aggregate gives: a whole number, a number of the field's kind, a fraction, a value.
Gives: TypeAlias = Literal["count", "sum", "mean", "value", "fraction"]


@dataclass(frozen=True, slots=True)
class Function:
    """An aggregate function: the ``kinds`` it applies to, and what it gives."""

    name: str
    kinds: frozenset[str]
    gives: Gives
    help: str

    @property
    def distinct(self) -> bool:
        """Whether it looks at different values only."""
        return self.name.endswith("_distinct")


@dataclass(frozen=True, slots=True)
class Truncation:
    """A way to make moments of one month, day, … the same value to group by."""

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
    Function("count", EVERYTHING, "count", "how many rows, or how many values that are not null"),
    Function(
        "count_distinct",
        EQUATABLE - {"json", "file", "other"},
        "count",
        "how many different values that are not null",
    ),
    Function("sum", _SUMMABLE, "sum", "the sum; of no values null"),
    Function("sum_distinct", _SUMMABLE, "sum", "the sum of the different values"),
    Function("avg", _SUMMABLE, "mean", "the mean; of no values null"),
    Function("avg_distinct", _SUMMABLE, "mean", "the mean of the different values"),
    Function("min", _LEAST, "value", "the least value"),
    Function("max", _LEAST, "value", "the greatest value"),
    Function("stddev", NUMBERS, "fraction", "the standard deviation of the population"),
    Function("variance", NUMBERS, "fraction", "the variance of the population"),
)
_TRUNCATIONS = (
    Truncation("trunc_year", DATED, "the first moment of the year"),
    Truncation("trunc_quarter", DATED, "the first moment of the quarter"),
    Truncation("trunc_month", DATED, "the first moment of the month"),
    Truncation("trunc_week", DATED, "the first moment of the week, a Monday"),
    Truncation("trunc_day", frozenset({"datetime"}), "the first moment of the day"),
    Truncation("trunc_hour", frozenset({"datetime"}), "the first moment of the hour"),
)

FUNCTIONS = {function.name: function for function in _FUNCTIONS}
TRUNCATIONS = {truncation.name: truncation for truncation in _TRUNCATIONS}
#: What may stand behind a path in ``group_by``.
PARTS = frozenset({*TRUNCATIONS, *TRANSFORMS} - {"len"})


def parse_aggregate(payload: Mapping[str, Any], limits: Limits) -> tuple[FieldTerm, ...] | None:
    """Read ``aggregate``: paths that end in a function, each perhaps under an alias.

    Raises:
        QueryError: it is no list of such paths.
    """
    return _terms(payload, "aggregate", limits)


def parse_group_by(payload: Mapping[str, Any], limits: Limits) -> tuple[FieldTerm, ...] | None:
    """Read ``group_by``: paths, each perhaps with a part of a date, perhaps under an alias.

    Raises:
        QueryError: it is no list of such paths.
    """
    return _terms(payload, "group_by", limits)


def parse_having(payload: Mapping[str, Any], limits: Limits) -> Condition | None:
    """Read ``having``, which is written as ``filters`` are."""
    if payload.get("having") is None:
        return None
    having = parse_filters(payload["having"], limits, "having")
    check_condition_values(having, limits)
    return having


def _terms(payload: Mapping[str, Any], key: str, limits: Limits) -> tuple[FieldTerm, ...] | None:
    value = payload.get(key)
    if value is None:
        return None
    terms = parse_fields(value, limits.max_fields, key)
    for term in terms:
        if term.excluded or term.is_wildcard:
            raise QueryError(f"'{term}' is not a path", path=key, hint="name each one")
    return terms


def aggregate_to_json(query: Query, json_places: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return an aggregate as the object that parses to it again."""
    body: dict[str, Any] = {"_action": "aggregate"}
    for key in ("group_by", "aggregate"):
        terms = getattr(query, key)
        if terms is not None:
            body[key] = ", ".join(map(str, terms))
    if query.search is not None:
        body["search"] = query.search
    for key in ("filters", "having"):
        condition = getattr(query, key)
        if condition is not None:
            body[key] = condition_to_json(condition, json_places)
    if query.order_by:
        body["order_by"] = ", ".join(map(str, query.order_by))
    return {**body, "limit": query.page.limit, "offset": query.page.offset}
