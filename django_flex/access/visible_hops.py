"""Which related rows have to be visible for a caller to follow a way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.resolved import VisibleHop
from django_flex.schema.generic_relations import type_relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.binding.caller import Reach
    from django_flex.schema.resources import Relation, Resource


def visible_hops(
    hops: tuple[Relation, ...], access: Reach, find: Callable[[str], Resource]
) -> Iterator[VisibleHop]:
    """Yield the checks that a way over to-one relations has to pass.

    Where rows of one type are behind a generic foreign key, their type has to be visible as well:
    anyone who follows the key learns it.

    Args:
        hops: the way.
        access: the caller's reach.
        find: returns the resource of a label.
    """
    for end, hop in enumerate(hops):
        types = type_relation(hop, find)
        if types is not None and (rows := access.type_rows(hop)) is not None:
            # The hop before is the generic foreign key, which leads to no other row.
            yield VisibleHop((*hops[: end - 1], types), rows)
        rows = access.related_rows(hop.target)
        if rows is not None:
            yield VisibleHop(hops[: end + 1], rows)
