"""Values that a statement computes from expressions of an entry, or refers to by an alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, Subquery

from django_flex.backends.orm.django_internals.raw_sql import OwnRawValue, RawValue, has_raw_sql
from django_flex.backends.orm.expressions.context import near_path
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
    hops = [hop for hop in source.hops if not hop.same_row]
    is_raw = has_raw_sql(source.expression)
    if not hops:
        return OwnRawValue(source.expression) if is_raw else source.expression
    *way, last = hops
    near, everything = near_path(way, last), model_of(last.target)._base_manager.using(using)
    if is_raw:
        return RawValue(everything.all(), last.far, F(near), source.expression)
    rows = everything.filter(Q((last.far, OuterRef(near)))).order_by()
    return Subquery(rows.annotate(**{_ALIAS: source.expression}).values(_ALIAS)[:1])
