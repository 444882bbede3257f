"""What a resolved path stands for in a statement: a column, or an expression of an entry."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Q, Subquery

from django_flex.permissions.authorized import Column, Derived
from django_flex.schema.paths import resolve_hops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Value, Visible
    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Attribute, Computed, Relation, Resource

_ALIAS = "flex_computed"


def value_of(
    hops: tuple[Relation, ...],
    attribute: Attribute,
    access: Access | None,
    resource: Resource,
    *,
    keys: Path = (),
    guards: tuple[Visible, ...] = (),
) -> Value:
    """Return the value behind to-one hops.

    Args:
        hops: the way from the row of the statement.
        attribute: what stands at its end.
        access: the caller's reach, ``None`` for a rule of the operator.
        resource: the model of the row of the statement.
        keys: keys inside a JSON column.
        guards: related rows on the way that have to be visible.
    """
    computed = attribute.computed
    if computed is None:
        plain = not (hops or keys or guards)
        return _own(attribute) if plain else Column(hops, attribute, keys, guards)
    there = hops[-1].target if hops else resource
    ways = [(*hops, *resolve_hops(there, way)) for way in computed.ways]
    if access is not None:
        # An expression reads related rows, too; where the caller may not see them it is null.
        guards = _distinct((*guards, *(guard for way in ways for guard in access.guards(way))))
    return Derived(
        build=_builder(hops, computed),
        attribute=attribute,
        key=("computed", *(hop.lookup for hop in hops), attribute.name),
        guards=guards,
        hops=tuple(dict.fromkeys((*hops, *(hop for way in ways for hop in way)))),
    )


@lru_cache(maxsize=4_096)
def _own(attribute: Attribute) -> Column:
    """Return a column of the row itself: one for all requests, so what is known of it is kept."""
    return Column((), attribute)


def _distinct(guards: Iterable[Visible]) -> tuple[Visible, ...]:
    return tuple({tuple(hop.lookup for hop in g.hops): g for g in guards}.values())


def _builder(hops: tuple[Relation, ...], computed: Computed) -> Callable[[str], Any]:
    def here(_using: str) -> Any:
        return computed.expression

    def there(using: str) -> Any:
        """Compute it where its names mean something: in a subquery for the related row."""
        *way, last = hops
        near = OuterRef("__".join((*(hop.lookup for hop in way), last.near)))
        rows = last.model._base_manager.using(using).filter(Q((last.far, near))).order_by()
        return Subquery(rows.annotate(**{_ALIAS: computed.expression}).values(_ALIAS)[:1])

    return there if hops else here
