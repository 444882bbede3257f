"""Paths that have to lead to one value of each row: to sort by, to group by, to be distinct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.values import value_of
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.resolved import Value
    from django_flex.schema.paths import ResolvedPath


def single_value(
    target: ResolvedPath, access: Access, place: Place, message: str, text: str
) -> Value:
    """Return the value that a path leads to, whose use is already known to be granted.

    Args:
        target: what the path leads to.
        access: the caller's reach, which counts the joins.
        place: where in the query the path is.
        message: what an error says about ``text``, in place of its ``{}``.
        text: the path as it was sent.

    Raises:
        QueryError: a relation on the way is to-many.
    """
    access.count_joins(target.hops, place)
    if any(hop.cardinality == "many" for hop in target.hops):
        raise QueryError(worded(message, text), path=place)
    if target.is_pointer:
        name = ".".join(target.hop_names)
        raise QueryError(worded(message, text), path=place, hint=f"'{name}.type', '{name}.id'")
    return value_of(
        target.hops,
        target.attribute,
        access,
        access.resource,
        keys=target.keys,
        masks=access.masks(target.hops),
    )
