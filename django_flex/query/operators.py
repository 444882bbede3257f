"""Every operator and transform of the filter language, in one table.

The table is the only source: the parser, the checks, the description of a model and the reference
page read it. A *kind* is the type family of a value (``integer``, ``text``, …).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from django_flex.query.kinds import WITH_ITEMS, check_total

Takes: TypeAlias = Literal[
    "value", "list", "pair", "boolean", "pattern", "keys", "part", "document", "box", "distance"
]

SCALARS = frozenset({"integer", "decimal", "float", "boolean", "text", "uuid"})
TEMPORAL = frozenset({"date", "datetime", "time", "duration"})
ORDERED = (SCALARS | TEMPORAL | {"json", "other"}) - {"boolean"}
EQUATABLE = SCALARS | TEMPORAL | {"json", "file", "hstore", "other", "converted"} | WITH_ITEMS
#: What may be compared with single values and with lists of them.
IDENTIFIED = EQUATABLE | {"composite"}
ALL_KINDS = IDENTIFIED | {"binary", "encrypted", "geometry"}
TEXTUAL = frozenset({"text", "file", "json"})
DATED = frozenset({"date", "datetime"})
ARRAYS = frozenset({"array"})
RANGES = frozenset({"range"})
GEOMETRIES = frozenset({"geometry"})
WITH_KEYS = frozenset({"json", "hstore"})
TIMED = frozenset({"time", "datetime"})
check_total("operators", ALL_KINDS)


@dataclass(frozen=True, slots=True)
class Operator:
    """A test at the end of a filter path: its ``kinds``, and the value that it ``takes``.

    A ``part`` is what may be in a value, a ``document`` a whole value; either may be an object. A
    ``box`` is four numbers, a ``distance`` a geometry and metres.

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
    Operator("exact", IDENTIFIED, "value", "equal; the same as no operator"),
    Operator("iexact", TEXTUAL, "value", "equal, ignoring case"),
    Operator("ne", IDENTIFIED, "value", "not equal, or NULL", "exact", negates=True),
    Operator("lt", ORDERED, "value", "less than"),
    Operator("lte", ORDERED, "value", "less than or equal"),
    Operator("gt", ORDERED, "value", "greater than"),
    Operator("gte", ORDERED, "value", "greater than or equal"),
    Operator(
        "in", IDENTIFIED, "list", "equal to a value of the list; an empty list matches nothing"
    ),
    Operator(
        "nin",
        IDENTIFIED,
        "list",
        "not equal to any value of the list, or NULL",
        "in",
        negates=True,
    ),
    Operator("range", ORDERED, "pair", "between two values, inclusive"),
    Operator("isnull", ALL_KINDS, "boolean", "NULL (`true`) or not (`false`)"),
    Operator(
        "contains",
        TEXTUAL | ARRAYS | RANGES | GEOMETRIES | {"hstore"},
        "part",
        "contains the text; of JSON, also the object or the list (PostgreSQL, MariaDB, MySQL); of "
        "an array, all the values; of a range, the value or all of the range; of texts by key, these; of a geometry, all of the geometry",
    ),
    Operator("icontains", TEXTUAL, "value", "contains the text, ignoring case"),
    Operator("startswith", TEXTUAL, "value", "starts with the text"),
    Operator("istartswith", TEXTUAL, "value", "starts with the text, ignoring case"),
    Operator("endswith", TEXTUAL, "value", "ends with the text"),
    Operator("iendswith", TEXTUAL, "value", "ends with the text, ignoring case"),
    Operator("regex", TEXTUAL, "pattern", "matches the regular expression"),
    Operator("iregex", TEXTUAL, "pattern", "matches the regular expression, ignoring case"),
    Operator("has_key", WITH_KEYS, "value", "the object has this key"),
    Operator("has_keys", WITH_KEYS, "keys", "the object has all these keys"),
    Operator("has_any_keys", WITH_KEYS, "keys", "the object has one of these keys"),
    Operator(
        "contained_by",
        ARRAYS | RANGES | WITH_KEYS,
        "document",
        "the JSON value is part of this one (PostgreSQL, MariaDB, MySQL); all values of the array, or "
        "all of the range, are in this one",
    ),
    Operator(
        "overlap", ARRAYS | RANGES, "document", "has something in common with the array or range"
    ),
    Operator(
        "adjacent", RANGES, "document", "ends where the range begins, or begins where it ends"
    ),
    Operator("within", GEOMETRIES, "document", "all of it is in the geometry"),
    Operator("intersects", GEOMETRIES, "document", "has a place in common with the geometry"),
    Operator("bbox", GEOMETRIES, "box", "has a place in common with the box"),
    Operator(
        "distance_lte", GEOMETRIES, "distance", "is at most so many metres away from the geometry"
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
    Transform(
        "len",
        ARRAYS | {"text", "json"},
        "part",
        "the length of a string, an array or a JSON list",
    ),
)

OPERATORS = {operator.name: operator for operator in _OPERATORS}
TRANSFORMS = {transform.name: transform for transform in _TRANSFORMS}
#: The operators that no key of a JSON value is taken for, since they do not apply to one.
OF_GEOMETRIES = frozenset(one.name for one in _OPERATORS if one.kinds == GEOMETRIES)
#: The tests; a backend implements each of them.
COMPARISONS = frozenset(operator.comparison for operator in _OPERATORS)
PATTERNS = frozenset({"regex", "iregex"})

# The result of a transform is compared like an integer; `year` and `part` have other bounds.
DERIVED_KINDS = {"year": "integer", "part": "integer"}


def operators_for(kind: str) -> list[str]:
    """Return the names of the operators and transforms that apply to a kind, in table order."""
    kind = DERIVED_KINDS.get(kind, kind)
    return [row.name for row in (*_OPERATORS, *_TRANSFORMS) if kind in row.kinds]


@cache
def compared(kind: str, text: str) -> tuple[str, str]:
    """Return what is compared by an operator after transforms (``year.gte``): the kind, the operator."""
    *transforms, operator = text.split(".")
    for name in transforms:
        kind = TRANSFORMS[name].result
    return DERIVED_KINDS.get(kind, kind), operator
