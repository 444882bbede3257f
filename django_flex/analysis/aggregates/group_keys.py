"""The values to group by: columns, to-one columns, JSON keys, parts of dates."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.analysis.read.single_values import single_value
from django_flex.exceptions import QueryError
from django_flex.query.aggregates import PARTS
from django_flex.resolved import GroupKey
from django_flex.schema.group_parts import json_word_result, part_result
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.resources import Attribute, Resource

GROUP_BY = "group_by"
_UNGROUPED = frozenset({"binary", "file"})


def group_key(term: FieldTerm, access: Access, alias: str) -> GroupKey:
    """Authorize one value to group by.

    Args:
        term: what was asked.
        access: the caller's reach.
        alias: what the statement is to call it.

    Raises:
        FieldDeniedError: a path that is not readable, or does not exist.
        QueryError: a readable one that nothing can be grouped by.
    """
    text = ".".join(term.path)
    try:
        target, part = _resolve(access.resource, term.path)
    except UnknownPathError:
        raise field_denied(text, access, GROUP_BY) from None
    if not access.readable(target):
        raise field_denied(text, access, GROUP_BY)
    value = single_value(target, access, GROUP_BY, f"'{text}' has no single value to group by")
    return GroupKey(alias, value, part, _result(target, part, text))


def _resolve(resource: Resource, path: Path) -> tuple[ResolvedPath, str | None]:
    """Tell a column from a part of one; a field, and a key in a JSON column, come first."""
    try:
        return resolve(resource, path), None
    except UnknownPathError:
        if len(path) == 1 or path[-1] not in PARTS:
            raise
        return resolve(resource, path[:-1]), path[-1]


def parts_of(target: ResolvedPath) -> tuple[str, ...]:
    """Return what values can be grouped by, if they may be read: ``""`` is a value as a whole."""
    kind = target.attribute.kind
    if target.keys:
        return ("",)
    whole = () if kind == "json" or kind in _UNGROUPED else ("",)
    return (*whole, *_parts_of_kind(kind))


@cache
def _parts_of_kind(kind: str) -> tuple[str, ...]:
    return tuple(name for name in sorted(PARTS) if part_result("", kind, name) is not None)


def _result(target: ResolvedPath, part: str | None, text: str) -> Attribute:
    kind = target.attribute.kind
    if part is not None:
        found = part_result(text, kind, part)
        if found is None:
            raise QueryError(f"'{part}' does not apply to this field", path=GROUP_BY)
        return found
    if target.keys:
        return json_word_result(text)
    if kind == "json":
        raise QueryError(
            f"Cannot group by a whole JSON value such as '{text}'",
            path=GROUP_BY,
            hint=f"name a key in it: '{text}.key'",
        )
    if kind in _UNGROUPED:
        raise QueryError(f"Cannot group by '{text}'", path=GROUP_BY)
    return target.attribute
