"""A page whose rows are chosen first; values that are only shown are joined and computed afterwards.

A database joins all matching rows, and computes the selected values of each, before it sorts them
and discards all but one page. Here a subquery of the same statement finds the keys of the page (a
"deferred join"), so that a page costs no more than its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db.models import F, QuerySet

from django_flex.backends.orm.django_internals.availability import is_available
from django_flex.backends.orm.django_internals.keys import key_lookups
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.page_table import KEY, join_keys
from django_flex.backends.orm.django_internals.queries import limit, sort
from django_flex.backends.orm.schema import model_of
from django_flex.resolved import ComputedValue

if TYPE_CHECKING:
    from django_flex.plan.nodes import ReadPlan, SelectOutput
    from django_flex.schema.resources import Relation

#: Of larger pages most rows are joined anyway, and looking up each by its key costs more.
LARGEST = 200


def defers_joins(plan: ReadPlan) -> bool:
    """Whether the rows of a page are better chosen before the rest is joined to them."""
    if plan.limit > LARGEST or _is_special(plan) or not is_available("deferred joins"):
        return False
    needs = _needs_of(plan.output)
    if not needs.safe:
        return False
    needed: set[int] = set()
    for ordering in plan.order_by:
        if isinstance(ordering.column, ComputedValue):
            return False
        needed.update(map(id, ordering.column.hops))
    return needs.computed or not needs.hops <= needed


def _is_special(plan: ReadPlan) -> bool:
    """Whether a plan reads one row, no row or combinations, or sorts in a special order."""
    ordered_otherwise = plan.keyset is not None or plan.ranking is not None
    rows = plan.rows
    given = rows.nothing or rows.queryset is not None or rows.among is not None
    return plan.pk is not None or bool(plan.cells or plan.distinct_on) or ordered_otherwise or given


@dataclass(frozen=True, slots=True, eq=False)
class OutputNeeds:
    """What an output takes beside the row: relations, by identity, and whether computed values.

    It is ``safe`` if no joined row can be missing where the model says that there is one. Such a
    row is not in a list. A page that was chosen before would then have too few rows.
    """

    hops: frozenset[int]
    computed: bool
    safe: bool


# Cached selections come again, so what they need is cached with them.
_needs_cache: WeakKeyDictionary[SelectOutput, OutputNeeds] = WeakKeyDictionary()


def _needs_of(output: SelectOutput) -> OutputNeeds:
    found = _needs_cache.get(output)
    if found is None:
        hops = [hop for column in output.columns for hop in column.hops]
        found = OutputNeeds(
            hops=frozenset(map(id, hops)),
            computed=any(isinstance(column, ComputedValue) for column in output.columns),
            safe=all(map(_is_there, hops)),
        )
        _needs_cache[output] = found
    return found


def _is_there(hop: Relation) -> bool:
    return hop.null or hop.constrained


def deferred(plan: ReadPlan, matching: QuerySet[Any], order: list[object]) -> QuerySet[Any]:
    """Return a queryset of all rows of one page, without a selection and in no order yet.

    Args:
        plan: of a list for which ``defers_joins``.
        matching: all rows of the list.
        order: the sort keys.
    """
    named = {f"{KEY}{n}": F(name) for n, name in enumerate(key_lookups(matching.model))}
    keys = matching.annotate(**named).values_list(*named).query
    sort(keys, order)
    limit(keys, plan.offset, plan.offset + plan.limit + 1)
    rows = bindable(QuerySet(model_of(plan.resource), using=matching.db))
    join_keys(rows, keys)
    return rows
