"""Values that a statement computes from expressions of an entry, or refers to by an alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, Subquery

from django_flex.backends.orm.schema import model_of
from django_flex.resolved import GroupAlias

if TYPE_CHECKING:
    from django_flex.resolved import ComputedField

_ALIAS = "flex_computed"


def computed_value(source: ComputedField | GroupAlias, using: str) -> object:
    """Return a value as an expression, valid in a queryset of the model that the row is of.

    An expression of a related row is computed where its names mean something: in a subquery for
    that row.
    """
    if isinstance(source, GroupAlias):
        return F(source.alias)
    if not source.hops:
        return source.expression
    *way, last = source.hops
    near = OuterRef("__".join((*(hop.lookup for hop in way), last.near)))
    rows = model_of(last.target)._base_manager.using(using).filter(Q((last.far, near))).order_by()
    return Subquery(rows.annotate(**{_ALIAS: source.expression}).values(_ALIAS)[:1])
