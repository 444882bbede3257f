"""Every operator and transform of the filter language, in one table.

The table is the only source: the parser, the checks, the description of a model and the reference
page read it. A *kind* is the type family of a value (``integer``, ``text``, …).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from django_flex.query.kinds import check_total

Takes: TypeAlias = Literal["value", "list", "pair", "boolean", "pattern", "keys", "document"]

SCALARS = frozenset({"integer", "decimal", "float", "boolean", "text", "uuid"})
MOMENTS = frozenset({"date", "datetime", "time", "duration"})
ORDERED = (SCALARS | MOMENTS | {"json", "other"}) - {"boolean"}
EQUATABLE = SCALARS | MOMENTS | {"json", "file", "other"}
ALL_KINDS = EQUATABLE | {"binary"}
TEXTUAL = frozenset({"text", "file", "json"})
DATED = frozenset({"date", "datetime"})
TIMED = frozenset({"time", "datetime"})
check_total("operators", ALL_KINDS)


@dataclass(frozen=True, slots=True)
class Operator:
    """A test at the end of a filter path: its ``kinds``, and the value that it ``takes``.

    ``comparison`` is the test that a backend implements, by default that of the same name. With
    ``negates`` the operator matches the rows that do not pass it.
    """

    name: str
    kinds: frozenset[str]
    takes: Takes
    help: str
    comparison: str = ""
    negates: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "comparison", self.comparison or self.name)


@dataclass(frozen=True, slots=True)
class Transform:
    """A step between path and operator (``created_at.year.gte``): ``result`` is a kind."""

    name: str
    kinds: frozenset[str]
    result: str
    help: str


_OPERATORS = (
    Operator("exact", EQUATABLE, "value", "equal; the same as no operator"),
    Operator("iexact", TEXTUAL, "value", "equal, ignoring case"),
    Operator("ne", EQUATABLE, "value", "not equal, or NULL", "exact", negates=True),
    Operator("lt", ORDERED, "value", "less than"),
    Operator("lte", ORDERED, "value", "less than or equal"),
    Operator("gt", ORDERED, "value", "greater than"),
    Operator("gte", ORDERED, "value", "greater than or equal"),
    Operator(
        "in", EQUATABLE, "list", "equal to a value of the list; an empty list matches nothing"
    ),
    Operator(
        "nin",
        EQUATABLE,
        "list",
        "not equal to any value of the list, or NULL",
        "in",
        negates=True,
    ),
    Operator("range", ORDERED, "pair", "between two values, inclusive"),
    Operator("isnull", ALL_KINDS, "boolean", "NULL (`true`) or not (`false`)"),
    Operator("contains", TEXTUAL, "value", "contains the text"),
    Operator("icontains", TEXTUAL, "value", "contains the text, ignoring case"),
    Operator("startswith", TEXTUAL, "value", "starts with the text"),
    Operator("istartswith", TEXTUAL, "value", "starts with the text, ignoring case"),
    Operator("endswith", TEXTUAL, "value", "ends with the text"),
    Operator("iendswith", TEXTUAL, "value", "ends with the text, ignoring case"),
    Operator("regex", TEXTUAL, "pattern", "matches the regular expression"),
    Operator("iregex", TEXTUAL, "pattern", "matches the regular expression, ignoring case"),
    Operator("has_key", frozenset({"json"}), "value", "the JSON object has this key"),
    Operator("has_keys", frozenset({"json"}), "keys", "the JSON object has all these keys"),
    Operator("has_any_keys", frozenset({"json"}), "keys", "the JSON object has one of these keys"),
    Operator(
        "contained_by",
        frozenset({"json"}),
        "document",
        "the JSON value is part of this one (PostgreSQL, MariaDB, MySQL)",
    ),
)

_TRANSFORMS = (
    Transform("date", frozenset({"datetime"}), "date", "the date of a datetime"),
    Transform("time", frozenset({"datetime"}), "time", "the time of a datetime"),
    Transform("year", DATED, "year", "the year"),
    Transform("iso_year", DATED, "year", "the ISO 8601 year, to which the week belongs"),
    Transform("quarter", DATED, "part", "the quarter, 1 to 4"),
    Transform("month", DATED, "part", "the month, 1 to 12"),
    Transform("week", DATED, "part", "the ISO 8601 week, 1 to 53"),
    Transform("day", DATED, "part", "the day of the month"),
    Transform("week_day", DATED, "part", "the day of the week, 1 (Sunday) to 7"),
    Transform("iso_week_day", DATED, "part", "the day of the week, 1 (Monday) to 7"),
    Transform("hour", TIMED, "part", "the hour"),
    Transform("minute", TIMED, "part", "the minute"),
    Transform("second", TIMED, "part", "the second"),
    Transform("len", frozenset({"text", "json"}), "part", "the length of a string or JSON list"),
)

OPERATORS = {operator.name: operator for operator in _OPERATORS}
TRANSFORMS = {transform.name: transform for transform in _TRANSFORMS}
#: The tests; a backend implements each of them.
COMPARISONS = frozenset(operator.comparison for operator in _OPERATORS)
PATTERNS = frozenset({"regex", "iregex"})

# The result of a transform is compared like an integer; `year` and `part` have other bounds.
DERIVED_KINDS = {"year": "integer", "part": "integer"}


def operators_for(kind: str) -> list[str]:
    """Return the names of the operators and transforms that apply to a kind, in table order."""
    kind = DERIVED_KINDS.get(kind, kind)
    return [row.name for row in (*_OPERATORS, *_TRANSFORMS) if kind in row.kinds]
