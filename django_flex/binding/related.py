"""Which rows behind a relation count for a caller, and which links to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.resolved import Rows

if TYPE_CHECKING:
    from django_flex.binding.caller import Reach
    from django_flex.schema.resources import Relation


def rows_behind(relation: Relation, access: Reach | None) -> Rows:
    """Return the rows at the other end of a relation that the caller may see.

    Args:
        relation: the relation; of a many-to-many one the links count as rows, too.
        access: the caller's reach, ``None`` for a rule of the operator, which sees everything.
    """
    if access is None:
        return Rows(relation.target, plain=True)
    rows = access.related_rows(relation.target) or Rows(relation.target, plain=True)
    links = access.link_rows(relation)
    return rows if links is None else replace(rows, links=links, plain=False)


def hides_rows(relation: Relation, access: Reach) -> bool:
    """Whether some rows behind a relation, links to them, or their types may be hidden."""
    return (
        access.related_rows(relation.target) is not None
        or access.link_rows(relation) is not None
        or access.type_rows(relation) is not None
    )
