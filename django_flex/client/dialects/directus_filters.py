"""Conditions as filters of Directus, which has no ``_not``: complements are written out.

NULL is neither equal nor unequal to a value there, as in SQL: ``~F(status="paid")`` leaves rows
without a status out, where a server of this package has them in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_flex.client.exceptions import BuildError, UnknownOperator
from django_flex.client.queries.filters import (
    OPERATORS,
    Comparison,
    Condition,
    Group,
    Negation,
    Operator,
    Quantified,
)
from django_flex.client.values.encoding import key_of

_WORDS = {
    "eq": "_eq", "ne": "_neq", "lt": "_lt", "lte": "_lte", "gt": "_gt", "gte": "_gte",
    "in": "_in", "nin": "_nin", "range": "_between", "nrange": "_nbetween", "isnull": "_null",
    "notnull": "_nnull", "empty": "_empty", "nempty": "_nempty", "json": "_json",
    "intersects": "_intersects", "nintersects": "_nintersects",
    "intersects_bbox": "_intersects_bbox", "nintersects_bbox": "_nintersects_bbox",
} | {
    f"{prefix}{name}": f"_{prefix}{word}"
    for prefix in ("", "i", "n", "ni")
    for name, word in (
        ("contains", "contains"), ("startswith", "starts_with"), ("endswith", "ends_with")
    )
}  # fmt: skip


def filter_object(condition: Condition, *, negated: bool = False) -> dict[str, Any]:
    """Return the condition, or its complement, as a filter object.

    Raises:
        UnknownOperator: Directus has no such operator, or not its complement.
    """
    match condition:
        case Comparison():
            return _comparison(condition, negated=negated)
        case Group(joined, parts):
            word = "_and" if (joined == "and") is not negated else "_or"
            return {word: [filter_object(part, negated=negated) for part in parts]}
        case Negation(inner):
            return filter_object(inner, negated=not negated)
        case Quantified(path, "every", inner):
            word = "_some" if negated else "_none"
            return _nested(path, {word: filter_object(inner, negated=True)})
        case Quantified(path, quantifier, inner):
            word = "_some" if (quantifier == "some") is not negated else "_none"
            return _nested(path, {word: filter_object(inner)})


def _comparison(test: Comparison, *, negated: bool) -> dict[str, Any]:
    operator, value = test.operator, test.value
    if value is None:
        operator, value = OPERATORS["isnull" if operator.name == "eq" else "notnull"], True
    if negated:
        operator = _complement(test, operator)
    if operator.name not in _WORDS:
        raise UnknownOperator(f"Directus has no operator {operator.name!r}, on {_text(test)}")
    if operator.takes == "list" and not value:
        return _empty_list(test.path, inside=operator.name == "in")
    if value == "":
        raise BuildError(f"Directus refuses an empty text, on {_text(test)}; ask empty=True")
    encoded = [key_of(item) for item in value] if isinstance(value, list) else key_of(value)
    return _nested(test.path, {_WORDS[operator.name]: encoded})


def _complement(test: Comparison, operator: Operator) -> Operator:
    if not operator.complement:
        raise UnknownOperator(f"Directus has no complement of {operator.name!r}, on {_text(test)}")
    return OPERATORS[operator.complement]


def _empty_list(path: Sequence[str], *, inside: bool) -> dict[str, Any]:
    """Return what no row matches, or each one: Directus refuses an empty list."""
    word = "_and" if inside else "_or"
    return {word: [_nested(path, {"_null": True}), _nested(path, {"_nnull": True})]}


def _nested(path: Sequence[str], inner: dict[str, Any]) -> dict[str, Any]:
    for segment in reversed(path):
        inner = {segment: inner}
    return inner


def _text(test: Comparison) -> str:
    return repr(".".join(test.path))
