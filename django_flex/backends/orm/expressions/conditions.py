"""Resolved conditions into Django's ``Q``; row rules into querysets.

Names of columns come from the schema, names of aliases are numbers of ours, and every value is a
bound parameter: a client's text never becomes part of a lookup or of SQL.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, assert_never

from django.core.exceptions import FieldError, ValidationError
from django.db import connections, models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Random
from django.db.models.lookups import IsNull

from django_flex import resolved as authorized
from django_flex.backends.orm.django_internals.keys import are_keys, is_among, is_outer_row
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.models import is_automatic
from django_flex.backends.orm.django_internals.queries import (
    count_of_aliases,
    ungrouped,
)
from django_flex.backends.orm.expressions.aggregate_functions import (
    NullableSubquery,
    aggregate,
    of_at_least,
)
from django_flex.backends.orm.expressions.compared_names import compared_name
from django_flex.backends.orm.expressions.computed_fields import computed_value
from django_flex.backends.orm.expressions.context import (
    MATCH_ALL,
    MATCH_NONE,
    StatementContext,
    near_path,
    path_of,
    path_over,
)
from django_flex.backends.orm.expressions.evaluation_order import may_fail, only_among
from django_flex.backends.orm.expressions.geometry_conditions import geometry_test
from django_flex.backends.orm.expressions.json_conditions import json_test, json_value
from django_flex.backends.orm.expressions.lookups import lookup_path
from django_flex.backends.orm.expressions.null_logic import may_be_unknown
from django_flex.backends.orm.expressions.parts import TextLength, part_of
from django_flex.backends.orm.expressions.project_querysets import (
    each_once,
    managed_rows,
    plain_rows,
)
from django_flex.backends.orm.expressions.related_rows import (
    link_to,
    linked,
    through_of,
    without_joins,
)
from django_flex.backends.orm.expressions.search import RelatedRowsReader, SearchMatch, match
from django_flex.backends.orm.schema import model_of
from django_flex.exceptions import RowRuleError, UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.query.aggregates import FUNCTIONS
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedValue,
    Predicate,
    RandomNumber,
    TransformedValue,
)
from django_flex.schema.output_fields import output_field_of, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex import resolved
    from django_flex.resolved import Rows, VisibleHop, Where
    from django_flex.schema.resources import Relation

logger = logging.getLogger("django_flex.security")


def visible_rows(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the queryset of the rows that a caller may see of one model.

    Raises:
        RowRuleError: the rule cannot be applied to the model; it is logged.
    """
    model = model_of(rows.resource)
    if rows.queryset is not None:
        return _ruled(plain_rows(rows.queryset), rows, using)
    everything = managed_rows(model._default_manager, using)
    if rows.among is not None:
        those = is_among(visible_rows(rows.among, using).order_by())
        return _ruled(everything.filter(those), rows, using)
    return _ruled(bindable(everything), rows, using)


def visible_links(rows: Rows, using: str) -> QuerySet[Any] | None:
    """Return the links to rows that a caller may see, ``None`` where all of them count."""
    return None if rows.links is None else visible_rows(rows.links, using)


def rows_under(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the rows that satisfy a rule, whether or not the model's own manager shows them.

    Raises:
        RowRuleError: the rule cannot be applied to the model; it is logged.
    """
    if rows.among is not None:
        return visible_rows(rows, using)
    everything = bindable(model_of(rows.resource)._base_manager.all())
    own = rows.queryset
    return _ruled(everything if own is None else plain_rows(own), rows, using)


def _ruled(queryset: QuerySet[Any], rows: Rows, using: str) -> QuerySet[Any]:
    if rows.nothing:
        return queryset.none()
    model = model_of(rows.resource)
    try:
        if rows.q is not None:
            queryset = queryset.filter(without_joins(rows.q, model, using))
        if rows.condition is not None:
            queryset = filtered(queryset, rows.condition, using)
    except (FieldError, UnsupportedQueryError, TypeError, ValueError, ValidationError) as error:
        logger.exception("The rows rule of '%s' cannot be applied; denied", rows.resource.label)
        raise RowRuleError from error
    return queryset


def filtered(
    queryset: QuerySet[Any], where: Where, using: str, within: Sequence[Rows | Q] = ()
) -> QuerySet[Any]:
    """Filter a queryset by a resolved condition.

    Args:
        queryset: what to filter.
        where: the condition.
        using: the database.
        within: the rows, and conditions on them, that the queryset is restricted to: a part of the
            condition in which the database may fail is not evaluated for others.
    """
    context = StatementContext(using, first=count_of_aliases(queryset))
    rows = among(within, using) if may_fail(where, using) else None
    condition = to_q(where, context) if rows is None else _only_among(rows, where, context)
    if context.aliases:
        queryset = queryset.alias(**context.aliases)
    try:
        return queryset.filter(condition)
    except (FieldError, NotImplementedError) as error:
        # A negation also asks a field for `isnull`, which only Django knows before.
        logger.warning("A field of '%s' refused a filter", queryset.model._meta, exc_info=error)
        message = "A field does not take this filter"
        raise UnsupportedQueryError(message, path=Part.FILTERS) from error


def among(within: Sequence[Rows | Q], using: str) -> Q | None:
    """Return the condition that a row is one of all the given rows, ``None`` if every row is."""
    parts = [
        part
        if isinstance(part, Q)
        else Q(Exists(visible_rows(part, using).filter(is_outer_row(model_of(part.resource)))))
        for part in within
        if isinstance(part, Q) or not part.plain
    ]
    return Q(*parts) if parts else None


def _only_among(rows: Q, where: Where, context: StatementContext) -> Q:
    if isinstance(where, AllOf):
        return Q(*(_only_among(rows, child, context) for child in where.children))
    condition = to_q(where, context)
    return only_among(rows, condition) if may_fail(where, context.using) else condition


def to_q(where: Where, context: StatementContext) -> Q:
    """Return a resolved condition as ``Q``; its aliases are left in ``context``."""
    match where:
        case Predicate():
            return _test(where, context)
        case AllOf(children=children):
            return Q(*(to_q(child, context) for child in children)) if children else MATCH_ALL
        case AnyOf(children=children):
            parts = [to_q(child, context) for child in children]
            return Q(*parts, _connector=Q.OR) if parts else MATCH_NONE
        case Complement(child=child):
            return _complement(child, context)
        case authorized.Exists():
            return _exists(where, context)
        case authorized.Search():
            return _search(where, context)
    assert_never(where)


def _complement(child: Where, context: StatementContext) -> Q:
    condition = to_q(child, context)
    if not may_be_unknown(child):
        # Django completes a negated comparison of a nullable column with IS NOT NULL itself.
        return ~condition
    no_match = Case(
        When(condition, then=Value(False)),
        default=Value(True),
        output_field=models.BooleanField(),
    )
    return Q(no_match)


def _test(test: Predicate, context: StatementContext) -> Q:
    condition = _bare_test(test, context)
    masks = [*test.column.masks]
    if isinstance(test.value, Column | ComputedValue):
        masks += test.value.masks
    if not masks:
        return condition
    visible = Q(*(Q(visibility(mask, context.using)) for mask in masks))
    if may_fail(test, context.using):
        condition = only_among(visible, condition)
    asks_null = (test.operator == "isnull" and test.value is True) or test.value is None
    return condition | ~visible if asks_null else visible & condition


def _bare_test(test: Predicate, context: StatementContext) -> Q:
    """Return a comparison as if every related row were visible."""
    if isinstance(test.column, ComputedValue):
        return _computed_test(test, test.column, context)
    if test.column.attribute.kind == "json":
        return json_test(test, test.column, context)
    if test.column.attribute.parts:
        parts = test.column.attribute.parts
        names = [path_over(test.column.hops, part.lookup) for part in parts]
        return are_keys(names, test.value)
    value = _comparand(test.value, context)
    name = compared_name(test, test.column, context)
    if _compares_geometries(test):
        return geometry_test(test, name, context)
    if value is None:
        return Q((f"{name}__isnull", True))
    return Q((lookup_path(name, test.transforms, test.operator), value))


def _compares_geometries(test: Predicate) -> bool:
    return test.column.attribute.kind == "geometry" and test.operator != "isnull"


def _comparand(value: object, context: StatementContext) -> object:
    """Return what a value is compared with: a constant, or another value of the same row."""
    if isinstance(value, ComputedValue):
        return F(context.alias(expression_of(value, context.using)))
    return F(path_of(value)) if isinstance(value, Column) else value


def _computed_test(test: Predicate, column: ComputedValue, context: StatementContext) -> Q:
    value = _comparand(test.value, context)
    expression = expression_of(column, context.using)
    if "len" in test.transforms:
        expression = TextLength(expression)
    # A name that the statement has already needs no alias.
    named: Any = expression
    name = named.name if isinstance(expression, F) else context.alias(expression)
    if _compares_geometries(test):
        return geometry_test(test, name, context)
    if value is None:
        return Q((f"{name}__isnull", True))
    return Q((lookup_path(name, test.transforms, test.operator), value))


def _exists(node: authorized.Exists, context: StatementContext) -> Q:
    if node.rows.nothing:
        return MATCH_NONE
    inner = _related(node.hops, node.relation, node.rows, context.using)
    if node.where is not None:
        within = (_link(node, context.using), node.rows)
        inner = filtered(inner, node.where, context.using, within)
    conditions = [Q(visibility(mask, context.using)) for mask in node.masks]
    return Q(*conditions, Q(Exists(inner)))


def _link(node: authorized.Exists, using: str) -> Q:
    """Return the condition that a row is linked to the outer one, by a link that is visible."""
    links = visible_links(node.rows, using)
    if links is None:
        return link_to(node.relation, node.hops)
    everything = bindable(model_of(node.rows.resource)._base_manager.all())
    there = link_to(node.relation, node.hops, _outer_of_outer)
    return is_among(linked(everything, there, links))


def _search(search: authorized.Search, context: StatementContext) -> Q:
    found = match(search, context.using, RELATED_ROWS)
    words = Q(*(to_q(word, context) for word in search.words)) if _wants_words(found) else None
    if found is None:
        return words or MATCH_ALL
    matches = Q((f"{context.alias(found.value)}__{found.lookup}", found.wanted))
    return matches if words is None else matches | words


def _wants_words(found: SearchMatch | None) -> bool:
    return found is None or found.beside


def rank_keys(search: authorized.Search, using: str) -> list[object]:
    """Return what puts the best rows of a search first; nothing where none is better."""
    found = match(search, using, RELATED_ROWS)
    return [] if found is None else [found.rank.desc()]


def _all_visible(masks: tuple[VisibleHop, ...], using: str) -> Q:
    return Q(*(Q(visibility(mask, using)) for mask in masks))


def _related_of(node: authorized.Exists, using: str) -> QuerySet[Any]:
    return _related(node.hops, node.relation, node.rows, using)


RELATED_ROWS = RelatedRowsReader(related=_related_of, seen=_all_visible)


def visibility(mask: VisibleHop, using: str) -> object:
    """Return a boolean expression: is there a related row, and may the caller see it."""
    if mask.rows.nothing:
        return Value(False, output_field=models.BooleanField())
    *way, last = mask.hops
    return Exists(_related(tuple(way), last, mask.rows, using))


def _related(
    way: tuple[Relation, ...], relation: Relation, rows: Rows, using: str
) -> QuerySet[Any]:
    """Return the visible rows at the other end of a relation of the outer row."""
    return linked(visible_rows(rows, using), link_to(relation, way), visible_links(rows, using))


def _outer_of_outer(name: str) -> OuterRef:
    return OuterRef(OuterRef(name))


def expression_of(value: resolved.Value, using: str) -> object:
    """Return a value of a row as an expression, as if every related row were visible."""
    if isinstance(value, Column):
        return json_value(value)
    match value.source:
        case AggregateSubquery() as source:
            return _aggregate_subquery(source, using)
        case RandomNumber():
            return Random()
        case TransformedValue(value=whole, transform=part):
            return part_of(expression_of(whole, using), part, whole.attribute)
        case source:
            return computed_value(source, using)


def seen(value: resolved.Value, using: str) -> Any:
    """Return a value of a row as an expression, null where the caller may not see its row."""
    expression = expression_of(value, using)
    if not value.masks:
        return expression
    visible = Q(*(Q(visibility(mask, using)) for mask in value.masks))
    is_decimal = value.attribute.kind == "decimal"
    output = scaled(output_field_of(value.attribute)) if is_decimal else None
    return Case(When(visible, then=expression), default=None, output_field=output)


def _aggregate_subquery(source: AggregateSubquery, using: str) -> object:
    """Return a subquery with the one value that an aggregate has for a row.

    The value has no alias in the outer statement, so the rows of that are never multiplied.
    """
    rows, field = _linked(source, using), output_field_of(source.result)
    if source.where is not None:
        rows = filtered(rows, source.where, using, (source.rows,))
    of = "*" if source.value is None else seen(source.value, using)
    found = aggregate(source.function, of, field, connections[using].vendor)
    total = of_at_least(source.least, found, field)
    value = Subquery(ungrouped(rows.query, {"flex_a": total}), output_field=field)
    if source.least > 1 or FUNCTIONS[source.function].gives != "count":
        return NullableSubquery(value, output_field=field)
    count = Coalesce(value, 0, output_field=field)
    if not source.way:
        return count
    there = near_path(source.way, source.relation)
    shown = IsNull(F(there), False)
    return Case(When(shown, then=count), output_field=field)


def _linked(source: AggregateSubquery, using: str) -> QuerySet[Any]:
    """Return the visible rows at the other end, once each even where two links lead to one."""
    rows = each_once(visible_rows(source.rows, using))
    relation, links = source.relation, visible_links(source.rows, using)
    through = through_of(relation) if relation.linked else None
    if through is None or is_automatic(through):
        return linked(rows, link_to(relation, source.way), links)
    everything = bindable(rows.model._base_manager.all())
    there = linked(everything, link_to(relation, source.way, _outer_of_outer), links)
    return rows.filter(is_among(there))
