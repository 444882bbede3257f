"""A query as nested lists of strings, which are equal for equal queries, however they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from django_flex.query.ast import (
    And,
    Comparison,
    Condition,
    Constant,
    FieldValue,
    Not,
    Now,
    Or,
    ParameterText,
    Quantified,
    UserValue,
)
from django_flex.query.values import json_scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.query.ast import Distinct, FieldTerm, Query, Related

_WORDS = {None: "null", True: "true", False: "false"}


def canonical(query: Query, json_places: frozenset[str]) -> list[object]:
    """Return what a query asks for, apart from its page and shape.

    Args:
        query: the query.
        json_places: the positions of comparisons on JSON paths, where the string of a parameter
            is read as JSON.
    """
    return [
        _terms(query.fields),
        _condition(query.filters, json_places),
        _terms(query.order_by),
        query.search,
        _distinct(query.distinct),
        _terms(query.aggregate or ()),
        [_related(entry, json_places) for entry in query.related],
    ]


def _terms(terms: Iterable[object]) -> list[str]:
    return [str(term) for term in terms]


def _distinct(distinct: Distinct | None) -> object:
    return distinct is True or [".".join(path) for path in distinct or ()]


def canonical_list(
    entry: Related, fields: Iterable[FieldTerm], json_places: frozenset[str]
) -> list[object]:
    """Return what an entry of ``related`` asks for, apart from its name, its page and its shape.

    Args:
        entry: the entry.
        fields: the fields of its rows, wherever they were named.
        json_places: as for ``canonical``.
    """
    return [
        _terms(fields),
        _condition(entry.filters, json_places),
        _terms(entry.order_by),
        entry.search,
        _distinct(entry.distinct),
        [_related(inner, json_places) for inner in entry.related],
    ]


def _related(entry: Related, json_places: frozenset[str]) -> list[object]:
    return [
        entry.name,
        entry.source,
        None if entry.fields is None else _terms(entry.fields),
        _condition(entry.filters, json_places),
        _terms(entry.order_by),
        entry.limit,
        entry.offset,
        entry.search,
        entry.paged,
        entry.counted,
        entry.cursor is not None,
        _distinct(entry.distinct),
        None if entry.aggregate is None else _terms(entry.aggregate),
        [_related(inner, json_places) for inner in entry.related],
    ]


def _condition(condition: Condition | None, json_places: frozenset[str]) -> list[object]:
    match condition:
        case None:
            return []
        case Comparison(path=path, value=value, place=place):
            return ["is", ".".join(path), _value(value, read_json=place in json_places)]
        case Quantified(path=path, quantifier=quantifier, condition=inner):
            return [quantifier, ".".join(path), _condition(inner, json_places)]
        case Not(child=child):
            return ["not", _condition(child, json_places)]
        case And(children=children):
            return ["and", *(_condition(child, json_places) for child in children)]
        case Or(children=children):
            return ["or", *(_condition(child, json_places) for child in children)]
    assert_never(condition)


def _value(value: object, *, read_json: bool) -> object:
    if read_json and isinstance(value, ParameterText):
        value = json_scalar(value)
    match value:
        case tuple():
            return ",".join(str(_value(part, read_json=read_json)) for part in value)
        case Constant(value=inner):
            return ["$value", _text(inner)]
        case Now(text=text):
            return ["$now", text]
        case UserValue(path=path):
            return ["$user", ".".join(path)]
        case FieldValue(path=path):
            return ["$field", ".".join(path)]
        case _:
            return _text(value)


def _text(value: object) -> object:
    """Return a JSON value as it would be in a URL, where every value is a string."""
    match value:
        case dict():
            return {str(key): _text(part) for key, part in value.items()}
        case list() | tuple():
            return ",".join(str(_text(part)) for part in value)
        case None | bool():
            return _WORDS[value]
        case _:
            return str(value)
