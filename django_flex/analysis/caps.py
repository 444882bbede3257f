"""What a request may ask at most: checked here for every dialect, before anything is authorized.

A dialect only limits what its parser reads. The page and the number of rows to write are reduced to
the caps; everything else that is beyond one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import Part, counted, inside, worded
from django_flex.query.ast import And, Comparison, Constant, Not, Or, Quantified
from django_flex.query.filters import check_conditions
from django_flex.query.operations import BY_FILTER
from django_flex.query.search import words_of
from django_flex.query.terms import ALIAS
from django_flex.query.values import check_storable

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place, Text
    from django_flex.query.ast import (
        ActionCall,
        Condition,
        FieldTerm,
        Mutation,
        PageRequest,
        Query,
        Related,
    )
    from django_flex.query.limits import Limits

#: Entries of ``related`` in one query, at all levels together.
MAX_RELATED = 20
_ABSENT = (None, None, None, None)


def query_within(query: Query, limits: Limits) -> Query:
    """Return a query with its pages reduced to the caps; that of a stream is another matter.

    Raises:
        LimitExceededError: it is beyond a cap.
        QueryError: it makes no sense, whatever the model is.
    """
    page = query.page
    if len(query.fields) > limits.max_fields:
        check_count(query.fields, limits.max_fields, Part.FIELDS)
    if query.filters is not None:
        check_condition(query.filters, limits, Part.FILTERS)
    if query.order_by:
        check_count(query.order_by, limits.max_orders, Part.ORDER_BY)
    if page.offset:
        _check_start(page, limits)
    if query.search is not None:
        _check_search(query.search, limits, Part.SEARCH)
    if query.related:
        query = replace(query, related=_related_within(query.related, limits))
    if (query.distinct, query.aggregate, query.group_by, query.having) != _ABSENT:
        _check_groups(query, limits)
    if page.limit > limits.max_limit and query.stream is None:
        return replace(query, page=replace(page, limit=limits.max_limit))
    return query


def mutation_within(mutation: Mutation, limits: Limits) -> Mutation:
    """Return a write with the rows that it may change by filter reduced to the cap.

    Raises:
        LimitExceededError: it is beyond a cap.
        QueryError: it makes no sense, whatever the model is.
    """
    if len(mutation.changes) > limits.max_items:
        raise LimitExceededError(
            worded("Too many items: {}", len(mutation.changes)),
            path=Part.ITEMS,
            hint=worded("at most {}", limits.max_items),
        )
    if mutation.filters is not None:
        check_condition(mutation.filters, limits, Part.FILTERS)
    if mutation.returning is not None:
        check_count(mutation.returning, limits.max_fields, Part.RETURNING)
    if mutation.if_match is not None and mutation.many:
        raise QueryError("A precondition needs a single row", path=Part.IF_MATCH)
    if mutation.operation == "upsert" and not mutation.match:
        raise InvalidValueError(
            "The unique fields that identify a row are needed",
            path=Part.MATCH,
            hint=worded('"{}": "sku"', Part.MATCH),
        )
    if mutation.operation not in BY_FILTER:
        return mutation
    most = mutation.max_affected
    most = limits.max_items if most is None else min(most, limits.max_items)
    return replace(mutation, max_affected=most)


def check_call(call: ActionCall, limits: Limits, most: int) -> None:
    """Check a call of a model action, which names at most ``most`` rows.

    Raises:
        LimitExceededError: it is beyond a cap.
        InvalidValueError: it names no rows, or something that cannot be a key.
    """
    if call.keys is not None:
        if not call.keys:
            raise InvalidValueError("A list of keys is needed", path=Part.KEYS, hint="[1, 2]")
        if len(call.keys) > most:
            raise LimitExceededError(
                "Too many keys", path=Part.KEYS, hint=worded("at most {}", most)
            )
        if not all(isinstance(key, str | int) and not isinstance(key, bool) for key in call.keys):
            raise InvalidValueError(
                "A key has to be a number or a string", path=Part.KEYS, hint="[1, 2]"
            )
    if call.filters is not None:
        check_condition(call.filters, limits, Part.CHOSEN_BY)
    if call.returning is not None:
        check_count(call.returning, limits.max_fields, Part.RETURNING)
    if call.condition is not None:
        check_condition(call.condition, limits, Part.CONDITION)


def check_condition(condition: Condition, limits: Limits, place: Place) -> None:
    """Check the number of comparisons, their nesting and their values.

    Raises:
        LimitExceededError: there are too many, too deep, or a value is too large.
        InvalidValueError: a text that no database can store.
    """
    _check_nesting(condition, limits.max_nesting, 1, place)
    for comparison in check_conditions(condition, limits, place):
        _check_value(comparison.value, comparison.place, limits, limits.max_json_depth)


def check_count(terms: Sequence[object], most: int, place: Place) -> None:
    """Refuse a list with more than ``most`` items."""
    if len(terms) > most:
        raise LimitExceededError(
            worded("Too many items: {}", len(terms)), path=place, hint=worded("at most {}", most)
        )


def _check_start(page: PageRequest, limits: Limits) -> None:
    """Check where a page that skips rows starts."""
    hint = worded('at most {}; beyond it page with "{}": true', str(limits.max_offset), Part.CURSOR)
    _check_offset(page.offset, limits, Part.OFFSET, hint)
    _check_no_cursor(page.cursor, Part.OFFSET)


def _check_no_cursor(cursor: str | None, place: Place) -> None:
    if cursor is not None:
        raise QueryError(
            "A cursor determines where the page starts",
            path=place,
            hint=worded("leave '{}' out", Part.OFFSET),
        )


def _check_groups(query: Query, limits: Limits) -> None:
    """Check what is distinct, and the clauses of an aggregate."""
    if query.distinct is not None and query.distinct is not True:
        check_count(query.distinct, limits.max_fields, Part.DISTINCT)
    if query.aggregate is not None:
        _check_paths(query.aggregate, limits, Part.AGGREGATE)
    if query.group_by is not None:
        _check_paths(query.group_by, limits, Part.GROUP_BY)
    if query.having is not None:
        check_condition(query.having, limits, Part.HAVING)


def _check_nesting(condition: Condition, left: int, plain: int, place: Place) -> None:
    """Refuse more levels of and, or, not and quantifiers than are ``left``.

    An ``And`` which only holds the conditions of one object is no level of its own. ``plain`` says how
    many such may follow: one in each level, two below ``not``, where a list of objects is one, too.
    """
    match condition:
        case Comparison():
            return
        case And(children=children):
            left, plain = (left, plain - 1) if plain else (left - 1, 1)
        case Or(children=children):
            left, plain = left - 1, 1
        case Not(child=child):
            children, left, plain = (child,), left - 1, 2
        case Quantified(condition=child):
            children, left, plain = (child,), left - 1, 1
        case _:
            assert_never(condition)
    if left < 0:
        raise LimitExceededError(
            "The filters are nested too deeply", path=place, hint="flatten the conditions"
        )
    for child in children:
        if not isinstance(child, Comparison):
            _check_nesting(child, left, plain, place)


def _check_value(value: object, place: Place, limits: Limits, depth: int) -> None:
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, dict):
        value = (*value.keys(), *value.values())
    if isinstance(value, tuple | list):
        if len(value) > limits.max_in_items:
            raise LimitExceededError(
                worded("Too many values: {}", len(value)),
                path=place,
                hint=worded("at most {}", limits.max_in_items),
            )
        if depth < 1:
            raise LimitExceededError(
                "The value is nested too deeply",
                path=place,
                hint=counted(limits.max_json_depth, "at most {} level", "at most {} levels"),
            )
        for part in value:
            _check_value(part, place, limits, depth - 1)
    elif isinstance(value, str):
        _check_text(value, place, limits)


def _check_text(value: str, place: Place, limits: Limits) -> None:
    if len(value) > limits.max_text_length:
        raise LimitExceededError(
            "The text is too long",
            path=place,
            hint=counted(limits.max_text_length, "at most {} character", "at most {} characters"),
        )
    check_storable(value, place)


def _check_search(text: str, limits: Limits, place: Place) -> None:
    """Check a text to search for.

    Raises:
        InvalidValueError: it has no words.
        LimitExceededError: it is too long, or has too many words.
    """
    _check_text(text, place, limits)
    words = len(words_of(text))
    if not words:
        raise InvalidValueError("The search has no words", path=place, hint="leave it out")
    for found, most, one, many in (
        (len(text), limits.max_search_length, "at most {} character", "at most {} characters"),
        (words, limits.max_search_words, "at most {} word", "at most {} words"),
    ):
        if found > most:
            raise LimitExceededError(
                "The text to search for is too long",
                path=place,
                hint=counted(most, one, many),
            )


def _check_offset(offset: int, limits: Limits, place: Place, hint: Text | None = None) -> None:
    if offset > limits.max_offset:
        raise LimitExceededError(
            "The offset is too large",
            path=place,
            hint=hint or worded("at most {}", limits.max_offset),
        )


def _check_paths(terms: Sequence[FieldTerm], limits: Limits, place: Place) -> None:
    """Check terms of which each has to be a path."""
    check_count(terms, limits.max_fields, place)
    for term in terms:
        if term.excluded or term.is_wildcard:
            raise QueryError(worded("'{}' is not a path", term), path=place, hint="name each one")


def _related_within(entries: tuple[Related, ...], limits: Limits) -> tuple[Related, ...]:
    """Return queries for related rows with their pages reduced to the caps."""
    _check_entries(entries)
    return tuple(_entry_within(entry, limits) for entry in entries)


def _check_entries(entries: tuple[Related, ...]) -> None:
    """Count the entries; without recursion, since only afterwards they are known to be few."""
    total = 0
    levels: list[tuple[Place, tuple[Related, ...]]] = [(Part.RELATED, entries)]
    while levels:
        place, level = levels.pop()
        _check_number(len(level), place)
        total += len(level)
        levels += [(inside(one.place, Part.RELATED), one.related) for one in level if one.related]
    _check_number(total, Part.RELATED)


def _check_number(found: int, place: Place) -> None:
    if found > MAX_RELATED:
        raise LimitExceededError(
            "Too many related queries", path=place, hint=worded("at most {}", MAX_RELATED)
        )


def _entry_within(entry: Related, limits: Limits) -> Related:
    place = entry.place
    if entry.name != entry.source and (len(entry.name) > 1 or not ALIAS.fullmatch(entry.name[0])):
        raise QueryError("A new name consists of letters, digits and _", path=place)
    if entry.aggregate is not None:
        _check_paths(entry.aggregate, limits, inside(place, Part.AGGREGATE))
        if len(entry.name) > 1:
            raise QueryError(
                "Aggregates need a name",
                path=place,
                hint=worded('{{"paid": {{"from": "lines", "{}": …}}}}', Part.AGGREGATE),
            )
    if entry.filters is not None:
        check_condition(entry.filters, limits, inside(place, Part.FILTERS))
    if entry.fields is not None:
        check_count(entry.fields, limits.max_fields, inside(place, Part.FIELDS))
    check_count(entry.order_by, limits.max_orders, inside(place, Part.ORDER_BY))
    if entry.offset:
        _check_offset(entry.offset, limits, inside(place, Part.OFFSET))
        _check_no_cursor(entry.cursor, inside(place, Part.OFFSET))
    if entry.distinct is not None and entry.distinct is not True:
        check_count(entry.distinct, limits.max_fields, inside(place, Part.DISTINCT))
    if entry.search is not None:
        _check_search(entry.search, limits, inside(place, Part.SEARCH))
    inner = tuple(_entry_within(one, limits) for one in entry.related)
    return replace(entry, limit=min(entry.limit, limits.max_limit), related=inner)
