"""Comparisons of JSON values, the same on every database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Cast

from django_flex.backends.orm.django_internals.json_keys import at_keys, text_at
from django_flex.backends.orm.django_internals.text_lookups import PREFIX, letter_cases
from django_flex.backends.orm.expressions.context import MATCH_NONE, path_of
from django_flex.backends.orm.expressions.json_functions import (
    JSONKind,
    JSONKindBelow,
    JSONLength,
    JSONWithLists,
)
from django_flex.backends.orm.expressions.lookups import LOOKUPS
from django_flex.query.operators import PATTERNS

if TYPE_CHECKING:
    from django_flex.backends.orm.expressions.context import StatementContext
    from django_flex.query.ast import Path
    from django_flex.resolved import Column, Predicate


def json_test(test: Predicate, column: Column, context: StatementContext) -> Q:
    """Return a comparison of a JSON column, or of what is inside it."""
    operator, value = test.operator, test.value
    comparison, lookup = LOOKUPS[operator].json, LOOKUPS[operator].lookup
    if "len" in test.transforms:
        name = context.alias(JSONLength(json_value(column)))
        return Q((f"{name}__isnull", True) if value is None else (f"{name}__{lookup}", value))
    if comparison == "null" or value is None:
        return _json_null(column, context, absent=value is not False)
    if test.is_containment:
        return _json_containment(test, column, context)
    if comparison == "text":
        name = context.alias(json_text(column))
        spellings = [value] if operator in PATTERNS else _spellings(value, operator)
        return Q(*((f"{name}__{lookup}", text) for text in spellings), _connector=Q.OR)
    name = context.alias(json_value(column)) if column.keys else path_of(column)
    compare = {"order": _json_order, "equality": _json_equal}.get(str(comparison))
    if compare is not None:
        return compare(column, name, operator, value, context)
    return Q((f"{name}__{lookup}", value))


def _json_containment(test: Predicate, column: Column, context: StatementContext) -> Q:
    """MariaDB takes a list for each of its items, wherever a single value is looked for."""
    value, lookup = test.value, LOOKUPS[test.operator].lookup
    name = context.alias(json_value(column)) if column.keys else path_of(column)
    inside = Q((f"{name}__{lookup}", value))
    if connections[context.using].vendor != "mysql":
        return inside
    of_kind = _kinds_in if test.operator == "contains" else _lists_around
    guards = []
    for keys, kinds in of_kind(value, ()):
        kind = context.alias(JSONKindBelow(json_value(column), keys))
        missing = Q((f"{kind}__isnull", True)) if None in kinds else MATCH_NONE
        guards.append(missing | Q((f"{kind}__in", [one for one in kinds if one is not None])))
    return Q(*guards) & inside


def _kinds_in(value: object, keys: Path) -> Iterator[tuple[Path, tuple[str | None, ...]]]:
    """Yield the keys that lead to each value in objects, and the type that it has to have there."""
    yield keys, (_kind_of(value),)
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _kinds_in(part, (*keys, str(key)))


def _lists_around(value: object, keys: Path) -> Iterator[tuple[Path, tuple[str | None, ...]]]:
    """Yield the keys that lead to each list in objects, and what may be in it in its place."""
    if isinstance(value, list | tuple):
        single = () if keys else ("string", "number", "boolean", "null")
        yield keys, ("array", None, *single)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _lists_around(part, (*keys, str(key)))


def _json_equal(
    column: Column, name: str, operator: str, value: Any, context: StatementContext
) -> Q:
    """SQLite and MariaDB compare without quotes: there the type tells "7" from 7."""
    if operator == "in" and not value:
        return MATCH_NONE
    vendor = connections[context.using].vendor
    if vendor == "postgresql" or (vendor == "sqlite" and not column.keys):
        return Q((f"{name}__{operator}", value))
    kind = context.alias(JSONKind(json_value(column)))
    if operator != "in":
        return Q((name, value), (kind, _kind_of(value)))
    if vendor == "sqlite":
        # It limits how deep an expression is, so a long list cannot be a chain of OR.
        by_kind: dict[str, list[Any]] = {}
        for wanted in value:
            by_kind.setdefault(_kind_of(wanted), []).append(wanted)
        same = [Q((kind, found), (f"{name}__in", some)) for found, some in by_kind.items()]
    else:
        same = [Q((name, wanted), (kind, _kind_of(wanted))) for wanted in value]
    return Q(*same, _connector=Q.OR)


def _kind_of(value: object) -> str:
    """Return the type of a JSON value, as ``JSONKind`` names it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | tuple):
        return "array"
    return "object" if isinstance(value, Mapping) else "number"


def _json_order(
    column: Column, name: str, operator: str, value: Any, context: StatementContext
) -> Q:
    """Numbers compare with numbers and texts with texts; each database mixes them differently."""
    low, high = value if operator == "range" else (value, value)
    kinds = {"string" if isinstance(bound, str) else "number" for bound in (low, high)}
    if len(kinds) > 1:
        return MATCH_NONE
    same_kind = Q((context.alias(JSONKind(json_value(column))), kinds.pop()))
    if operator == "range":
        return same_kind & Q((f"{name}__gte", low), (f"{name}__lte", high))
    return same_kind & Q((f"{name}__{operator}", value))


def _spellings(text: str, operator: str) -> list[str]:
    """Return the forms of a text, also those in which its letters may be escaped."""
    if not LOOKUPS[operator].lookup.startswith(PREFIX):
        return json_spellings(text)
    forms = (form for case in letter_cases(text) for form in json_spellings(case))
    return list(dict.fromkeys(forms))


def json_spellings(text: str) -> list[str]:
    """Return the forms of a text in a JSON value: plain, or escaped as in the text of a list.

    Databases that keep JSON as it was written keep Python's escapes of quotes and other letters.
    """
    escaped = (
        json.dumps(text, ensure_ascii=ascii_only)[1:-1]  # noqa: TID251 - a spelling, not a reply
        for ascii_only in (True, False)
    )
    return list(dict.fromkeys((text, *escaped)))


def _json_null(column: Column, context: StatementContext, *, absent: bool) -> Q:
    """A column is NULL or not; a key is "null" when it is absent or holds JSON's null."""
    if not column.keys:
        return Q((f"{path_of(column)}__isnull", absent))
    kind = context.alias(JSONKind(json_value(column)))
    missing = Q((f"{kind}__isnull", True)) | Q((kind, "null"))
    if absent:
        return missing
    present = Case(
        When(missing, then=Value(False)), default=Value(True), output_field=models.BooleanField()
    )
    return Q(present)


def json_value(column: Column) -> object:
    """Return the expression of the value at the keys of a JSON column."""
    return at_keys(_document(column), column.keys)


def _document(column: Column) -> object:
    """Return the JSON column that keys are looked up in."""
    document = F(path_of(column))
    lists = [column.keys[:end] for end, key in enumerate(column.keys) if key.isdecimal()]
    return JSONWithLists(document, *lists) if lists else document


def json_text(column: Column) -> object:
    """Return a JSON value, or the one under its keys, as text."""
    if not column.keys:
        return Cast(F(path_of(column)), TextField())
    *above, last = column.keys
    return text_at(at_keys(_document(column), above), last)
