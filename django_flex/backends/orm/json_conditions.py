"""Comparisons of JSON values, the same on every database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from django_flex.backends.orm.context import NOTHING, path_of
from django_flex.backends.orm.json_functions import JSONKind, JSONLength
from django_flex.exceptions import UnsupportedQueryError
from django_flex.query.operators import PATTERNS

if TYPE_CHECKING:
    from django_flex.backends.orm.context import Context
    from django_flex.permissions.authorized import Column, Test

_TEXTUAL = frozenset(
    {
        "iexact",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "regex",
        "iregex",
    }
)
_ORDERED = frozenset({"lt", "lte", "gt", "gte", "range"})


def json_test(test: Test, column: Column, context: Context) -> Q:
    """Return a comparison of a JSON column, or of what is inside it."""
    operator, value = test.operator, test.value
    if "len" in test.transforms:
        name = context.alias(JSONLength(json_value(column)))
        return Q((f"{name}__isnull", True) if value is None else (f"{name}__{operator}", value))
    if operator == "isnull" or value is None:
        return _json_null(column, context, absent=value is not False)
    if operator in _TEXTUAL:
        name = context.alias(json_text(column))
        spellings = [value] if operator in PATTERNS else json_spellings(value)
        return Q(*((f"{name}__{operator}", text) for text in spellings), _connector=Q.OR)
    if operator == "contained_by":
        _need_containment(context.using)
    name = context.alias(json_value(column)) if column.keys else path_of(column)
    if operator in _ORDERED:
        return _json_order(column, name, operator, value, context)
    if operator in {"exact", "in"}:
        return _json_equal(column, name, operator, value, context)
    return Q((f"{name}__{operator}", value))


def _json_equal(column: Column, name: str, operator: str, value: Any, context: Context) -> Q:
    """MariaDB unquotes before it compares, so there "7" and 7 are told apart by their kind."""
    if operator == "in" and not value:
        return NOTHING
    if not column.keys or connections[context.using].vendor != "mysql":
        return Q((f"{name}__{operator}", value))
    values = value if operator == "in" else [value]
    kind = context.alias(JSONKind(json_value(column)))
    kinds = [_kind_of(value) for value in values]
    each = [
        Q((name, value)) if found is None else Q((name, value), (kind, found))
        for value, found in zip(values, kinds, strict=True)
    ]
    return Q(*each, _connector=Q.OR)


def _kind_of(value: Any) -> str | None:
    if isinstance(value, str):
        return "string"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _json_order(column: Column, name: str, operator: str, value: Any, context: Context) -> Q:
    """Numbers compare with numbers and texts with texts; each database mixes them differently."""
    low, high = value if operator == "range" else (value, value)
    kinds = {"string" if isinstance(bound, str) else "number" for bound in (low, high)}
    if len(kinds) > 1:
        return NOTHING
    same_kind = Q((context.alias(JSONKind(json_value(column))), kinds.pop()))
    if operator == "range":
        return same_kind & Q((f"{name}__gte", low), (f"{name}__lte", high))
    return same_kind & Q((f"{name}__{operator}", value))


def json_spellings(text: str) -> list[str]:
    """Return a text as it may stand in a JSON value: plain, or as part of a list's JSON text.

    Databases that keep JSON as it was written keep Python's escapes of quotes and other letters.
    """
    escaped = (
        json.dumps(text, ensure_ascii=ascii_only)[1:-1]  # noqa: TID251 - a spelling, not a reply
        for ascii_only in (True, False)
    )
    return list(dict.fromkeys((text, *escaped)))


def _json_null(column: Column, context: Context, *, absent: bool) -> Q:
    """A column is NULL or not; a key is "null" when it is absent or holds JSON's null."""
    if not column.keys:
        return Q((f"{path_of(column)}__isnull", absent))
    name = context.alias(json_value(column))
    missing = Q((f"{name}__isnull", True)) | Q((name, None))
    if absent:
        return missing
    present = Case(
        When(missing, then=Value(False)), default=Value(True), output_field=models.BooleanField()
    )
    return Q(present)


def json_value(column: Column) -> Any:
    """Return the expression of the value at the keys of a JSON column."""
    expression: Any = F(path_of(column))
    for key in column.keys:
        expression = KeyTransform(key, expression)
    return expression


def json_text(column: Column) -> Any:
    """Return a JSON value, or the one under its keys, as text."""
    if not column.keys:
        return Cast(F(path_of(column)), TextField())
    *above, last = column.keys
    expression: Any = F(path_of(column))
    for key in above:
        expression = KeyTransform(key, expression)
    return KeyTextTransform(last, expression)


def _need_containment(using: str) -> None:
    if not connections[using].features.supports_json_field_contains:
        raise UnsupportedQueryError(
            "'contained_by' is not supported by this database", hint="use has_keys or the keys"
        )
