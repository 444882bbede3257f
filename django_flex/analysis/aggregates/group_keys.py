"""The values to group by: columns, to-one columns, JSON keys, parts of dates."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.analysis.read.single_values import single_value
from django_flex.analysis.read.transforms import resolve_part, result_of_part
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.aggregates import PARTS
from django_flex.resolved import GroupKey
from django_flex.schema.group_parts import json_word_result, part_result
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.resources import Attribute, Resource

_UNGROUPED = frozenset({"binary", "composite", "encrypted", "file", "geometry"})


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
        target, part = _resolved(access.resource, term.path)
    except UnknownPathError:
        raise field_denied(text, access, Part.GROUP_BY) from None
    if not access.readable(target):
        raise field_denied(text, access, Part.GROUP_BY)
    value = single_value(
        target, access, Part.GROUP_BY, "'{}' has no single value to group by", text
    )
    return GroupKey(alias, value, part, _result(target, part, text))


def _resolved(resource: Resource, path: Path) -> tuple[ResolvedPath, str | None]:
    try:
        return resolve(resource, path), None
    except UnknownPathError:
        found = resolve_part(resource, path)
        if found is None:
            raise
        return found


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
        return result_of_part(target, part, text, Part.GROUP_BY)
    if target.keys:
        return json_word_result(text)
    if kind == "json":
        raise QueryError(
            worded("Cannot group by a whole JSON value such as '{}'", text),
            path=Part.GROUP_BY,
            hint=worded("name a key in it: '{}.key'", text),
        )
    if kind in _UNGROUPED:
        raise QueryError(
            worded("Cannot group by '{}'", text), path=Part.GROUP_BY, hint="name other fields"
        )
    return target.attribute
