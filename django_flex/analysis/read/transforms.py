"""Parts of values: ``created_at.year`` and ``name.lower``, to show, to sort by and to group by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.read.single_values import single_value
from django_flex.binding.values import transformed
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import worded
from django_flex.query.aggregates import PARTS
from django_flex.schema.group_parts import part_result
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.resolved import ComputedValue
    from django_flex.schema.resources import Attribute, Resource


def resolve_part(resource: Resource, path: Path) -> tuple[ResolvedPath, str] | None:
    """Tell a part of a value from a value; a field, and a key in a JSON column, come first.

    Args:
        resource: where the path starts.
        path: its segments, which do not lead to a value as a whole.

    Returns:
        The value and the name of its part, ``None`` if the path has no such meaning.
    """
    if len(path) == 1 or path[-1] not in PARTS:
        return None
    try:
        return resolve(resource, path[:-1]), path[-1]
    except UnknownPathError:
        return None


def part_value(target: ResolvedPath, part: str, access: Access, place: Place) -> ComputedValue:
    """Return a part of a value, whose use is already known to be granted.

    Args:
        target: what the path leads to.
        part: one of ``PARTS``.
        access: the caller's reach, which counts the joins.
        place: where in the query the path is.

    Raises:
        QueryError: values of this kind have no such part, or there is not one value for each row.
    """
    text = ".".join((*target.canonical, part))
    result = result_of_part(target, part, text, place)
    value = single_value(target, access, place, "'{}' has no single value", text)
    return transformed(value, part, result)


def result_of_part(target: ResolvedPath, part: str, text: str, place: Place) -> Attribute:
    """Return what describes a part of a value like a column.

    Raises:
        QueryError: values of this kind have no such part.
    """
    found = None if target.via else part_result(text, target.value.kind, part)
    if found is None:
        raise QueryError(worded("'{}' does not apply to this field", part), path=place)
    return found
