"""What a resolved path becomes in a statement: a column, or an expression of an entry."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from django_flex.resolved import (
    Column,
    ComputedField,
    ComputedValue,
    TransformedValue,
    key_of,
)
from django_flex.schema.paths import ways_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.binding.caller import Reach
    from django_flex.query.ast import Path
    from django_flex.resolved import Value, VisibleHop
    from django_flex.schema.resources import Attribute, Relation, Resource


def value_of(
    hops: tuple[Relation, ...],
    attribute: Attribute,
    access: Reach | None,
    resource: Resource,
    *,
    keys: Path = (),
    masks: tuple[VisibleHop, ...] = (),
) -> Value:
    """Return the value behind to-one hops.

    Args:
        hops: the way from the row of the statement.
        attribute: the value at its end.
        access: the caller's reach, ``None`` for a rule of the operator.
        resource: the model of the row of the statement.
        keys: keys inside a JSON column.
        masks: related rows on the way that have to be visible.
    """
    computed = attribute.computed
    if computed is None:
        plain = not (hops or keys or masks)
        return _own(attribute) if plain else Column(hops, attribute, keys, masks)
    ways = ways_of(attribute, hops, resource)
    if access is not None:
        # An expression reads related rows, too; where the caller may not see them it is null.
        masks = _distinct((*masks, *(mask for way in ways for mask in access.masks(way))))
    return ComputedValue(
        source=ComputedField(hops, computed.expression),
        attribute=attribute,
        key=("computed", *(hop.lookup for hop in hops), attribute.name),
        masks=masks,
        hops=tuple(dict.fromkeys((*hops, *(hop for way in ways for hop in way)))),
    )


def transformed(value: Value, transform: str, result: Attribute) -> ComputedValue:
    """Return a part of a value of a row, null where the value is or is hidden.

    Args:
        value: what it is a part of.
        transform: one of ``PARTS``.
        result: describes the part like a column.
    """
    key = value.key if isinstance(value, ComputedValue) else map(str, key_of(value))
    return ComputedValue(
        source=TransformedValue(replace(value, masks=()), transform),
        attribute=result,
        key=("transform", transform, *key),
        masks=value.masks,
        hops=value.hops,
    )


@lru_cache(maxsize=4_096)
def _own(attribute: Attribute) -> Column:
    """Return a column of the row itself: the same object for all requests."""
    return Column((), attribute)


def _distinct(masks: Iterable[VisibleHop]) -> tuple[VisibleHop, ...]:
    return tuple({tuple(hop.lookup for hop in g.hops): g for g in masks}.values())
