"""The statements that read lists of related objects: one for each relation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Count, F, Field, ForeignKey, Q, Subquery, Window
from django.db.models.functions import DenseRank, RowNumber

from django_flex.backends.orm.django_internals.joins import (
    conditions_added,
    joined_column,
    joined_key,
    links_among,
)
from django_flex.backends.orm.django_internals.keys import is_among
from django_flex.backends.orm.django_internals.models import key_field
from django_flex.backends.orm.expressions.columns import UniqueExpression, select, unique
from django_flex.backends.orm.expressions.conditions import (
    filtered,
    seen,
    visible_links,
    visible_rows,
)
from django_flex.backends.orm.expressions.ordering import sort_keys
from django_flex.backends.orm.expressions.related_rows import (
    far_field,
    linked,
    links_between,
    links_repeat,
    of_type,
    through_of,
)
from django_flex.backends.orm.reading.distinct import order_of_cells, value_of_cell
from django_flex.backends.orm.reading.keyset import (
    from_position,
    in_reading_order,
    named,
    others_of,
    parts_of,
)
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from django_flex.backends.orm.bind_parameters import KeyArgument
    from django_flex.plan.nodes import ChildPlan
    from django_flex.resolved import Keyset
    from django_flex.schema.resources import Relation

RANK, COUNT, FIRST, LINK = "flex_rank", "flex_count", "flex_first", "flex_link"
#: Where the number of rows stands, right before the rank.
COUNT_AT = -2


class Rank(RowNumber):
    """The rank of a row among those of its outer row: a number, which needs no conversion."""

    output_field: ClassVar[Any] = Field()


class SharedRank(DenseRank):
    """The same, where a row may come once for each of its links: all of them have one rank."""

    output_field: ClassVar[Any] = Field()


def build_lists(child: ChildPlan, keys: KeyArgument, using: str) -> QuerySet[Any]:
    """Return the queryset of the lists of some outer rows.

    A tuple has the columns and flags of a row, its sort values that are not among them if there are
    cursors, and the key of the outer row; where rows are ranked, then how many there are, if they
    are counted, and the rank.
    """
    rows = visible_rows(child.rows, using).using(using)
    links = Q((f"{_compared(child.relation)}__in", keys.value), *of_type(child.relation))
    queryset = linked(rows, links, visible_links(child.rows, using))
    if child.where is not None:
        within = (conditions_added(queryset, rows), child.rows)
        queryset = filtered(queryset, child.where, using, within)
    if child.distinct_on:
        queryset = _first_rows(child, queryset, rows, using)
    ranked = is_ranked(child, keys.number)
    if child.cells:
        return _combinations(child, queryset, using, ranked=ranked)
    if child.keyset is not None:
        return _keyset_page(child, child.keyset, queryset, rows, using, ranked=ranked)
    far, order = child.relation.far, _order(child, queryset, rows, using)
    columns, flags = child.output.columns, child.output.flags
    if not ranked:
        selected = select(queryset.order_by(*order), columns, flags, using, far)
        return _sliced(child, selected)
    queryset, last = _with_ranks(child, queryset, order)
    selected = select(queryset.order_by(), columns, flags, using, far, last=last, windowed=True)
    return _each_once(child, selected)


def is_ranked(child: ChildPlan, outer_rows: int) -> bool:
    """Whether the database ranks the rows of each list; of one outer row it takes a page."""
    return outer_rows > 1 or child.counted or may_repeat(child)


def may_repeat(child: ChildPlan) -> bool:
    """Whether a row may have several links to one outer row; the list has it once all the same."""
    if child.distinct_on or child.cells:
        return False
    return child.relation.linked and links_repeat(child.relation)


def key_of_outer(relation: Relation) -> object:
    """Return the column of the outer model that the related rows point to."""
    far: object = far_field(relation)
    return far if relation.far_type is not None else key_field(far)


def _compared(relation: Relation) -> str:
    """Return what is compared with the keys, as it is called before a lookup."""
    far = far_field(relation)
    if isinstance(far, ForeignKey) or relation.far_type is not None:
        way, between, _ = relation.far.rpartition("__")
        return f"{way}{between}{compared_as(far)}"
    return f"{relation.far}__{compared_as(key_field(far))}"


def _sliced(child: ChildPlan, queryset: QuerySet[Any]) -> QuerySet[Any]:
    page: QuerySet[Any] = queryset[child.offset : _last(child)]
    return page


def _last(child: ChildPlan) -> int:
    return child.offset + child.limit + child.paged


def _with_ranks(
    child: ChildPlan, queryset: QuerySet[Any], order: Sequence[Any]
) -> tuple[QuerySet[Any], tuple[str, ...]]:
    """Rank the rows of each list, keep those of its page, and return the names of what was added."""
    far, shared = child.relation.far, bool(child.cells) or may_repeat(child)
    rank = Window(SharedRank() if shared else Rank(), partition_by=[F(far)], order_by=order)
    queryset = queryset.annotate(**{RANK: rank}).filter(Q((f"{RANK}__lte", _last(child))))
    if child.offset:
        # The first row of each list tells how many there are, on whichever page.
        first = Q((RANK, 1)) if child.counted else Q()
        queryset = queryset.filter(Q((f"{RANK}__gt", child.offset)) | first)
    if not child.counted:
        return queryset, (RANK,)
    return queryset.annotate(**{COUNT: _count(child)}), (COUNT, RANK)


def _count(child: ChildPlan) -> Any:
    """Return how many rows a list has; one with several links counts once."""
    far, names = child.relation.far, _names_of_cells(child)
    if not (names or may_repeat(child)):
        return Window(Count("*"), partition_by=[F(far)])
    key = [column.lookup for column in child.relation.target.key_columns]
    counted = [F(name) for name in names or key]
    up, down = (
        Window(DenseRank(), partition_by=[F(far)], order_by=order)
        for order in ([one.asc() for one in counted], [one.desc() for one in counted])
    )
    return up + down - 1


def _each_once(child: ChildPlan, queryset: QuerySet[Any]) -> QuerySet[Any]:
    # Not each type of a project's own fields can be compared; Python finds those that are left.
    custom = any(one.attribute.custom for one in child.output.columns)
    return queryset.distinct() if may_repeat(child) and not custom else queryset


def _order(
    child: ChildPlan, queryset: QuerySet[Any], before: QuerySet[Any], using: str
) -> list[Any]:
    """Sort as asked, then as the links do, the primary key last."""
    order = [key for ordering in child.order_by for key in sort_keys(ordering, using)]
    order += _order_of_links(child, queryset, before)
    return [*order, *(column.lookup for column in child.relation.target.key_columns)]


def _keyset_page(
    child: ChildPlan,
    keyset: Keyset,
    queryset: QuerySet[Any],
    before: QuerySet[Any],
    using: str,
    *,
    ranked: bool,
) -> QuerySet[Any]:
    """Return the rows of each list behind a position."""
    parts = in_reading_order(parts_of(keyset, using), keyset)
    within = (conditions_added(queryset, before), child.rows)
    queryset = from_position(named(queryset, parts), parts, keyset, using, within)
    columns, flags, far = child.output.columns, child.output.flags, child.relation.far
    others = {
        f"flex_s{number}": UniqueExpression(F(name)) if ranked else F(name)
        for number, name in enumerate(others_of(columns, parts))
    }
    order: list[Any] = [part.term() for part in parts]
    if not ranked:
        queryset = queryset.order_by(*order).annotate(**others)
        return _sliced(child, select(queryset, columns, flags, using, *others, far))
    queryset, last = _with_ranks(child, queryset, order)
    queryset = queryset.order_by().annotate(**others)
    selected = select(queryset, columns, flags, using, *others, far, last=last, windowed=True)
    return _each_once(child, selected)


def _first_rows(
    child: ChildPlan, queryset: QuerySet[Any], before: QuerySet[Any], using: str
) -> QuerySet[Any]:
    """Keep of each combination of ``distinct_on`` the row that comes first in each list.

    Of a many-to-many relation these are links: one row may be the first in one list alone.
    """
    groups = [seen(column, using) for column in child.distinct_on]
    order = _order(child, queryset, before, using)
    rank = Window(RowNumber(), partition_by=[F(child.relation.far), *groups], order_by=order)
    first = queryset.order_by().annotate(**{FIRST: rank}).filter(Q((FIRST, 1)))
    through = through_of(child.relation)
    if through is None:
        rows: QuerySet[Any] = queryset.filter(is_among(first))
        return rows
    key = joined_key(queryset, before, through)
    columns = {f"{LINK}{number}": column for number, column in enumerate(key)}
    links: QuerySet[Any] = queryset.filter(
        links_among(key, first.annotate(**columns).values(*columns))
    )
    return links


def _combinations(
    child: ChildPlan, queryset: QuerySet[Any], using: str, *, ranked: bool
) -> QuerySet[Any]:
    """Return each combination of values of each list once, in a total order."""
    far, names = child.relation.far, _names_of_cells(child)
    # Under names of ours: the key of the outer row may be one of them.
    cells = {
        name: unique(value_of_cell(cell, using), None if cell.presence else cell.column)
        for name, cell in zip(names, child.cells, strict=True)
    }
    queryset = queryset.annotate(**cells)
    order = order_of_cells(child.order_by, child.cells, names)
    if not ranked:
        found = queryset.order_by(*order).values_list(*names, far).distinct()
        return _sliced(child, found)
    queryset, last = _with_ranks(child, queryset, order)
    return queryset.order_by().values_list(*names, far, *last).distinct()


def _names_of_cells(child: ChildPlan) -> list[str]:
    return [f"flex_d{number}" for number in range(len(child.cells))]


def _order_of_links(
    child: ChildPlan, queryset: QuerySet[Any], before: QuerySet[Any]
) -> list[object]:
    """Return what the links of a relation keep the order of its rows in."""
    name, through = child.relation.sorted_by, through_of(child.relation)
    if name is None or through is None:
        return []
    if may_repeat(child):  # then a row is where the first link to it is
        first = links_between(child.relation).order_by(name).values(name)[:1]
        return [Subquery(first)]
    return [joined_column(queryset, before, through, name)]
