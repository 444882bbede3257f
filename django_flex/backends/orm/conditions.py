"""Resolved conditions into Django's ``Q``; row rules into querysets.

Names of columns come from the schema, names of aliases are numbers of ours, and every value is a
bound parameter: a client's text never becomes part of a lookup or of SQL.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, assert_never

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import connections, models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Length

from django_flex.backends.orm.context import (
    EVERYTHING,
    NOTHING,
    Context,
    hop_lookups,
    path_of,
)
from django_flex.backends.orm.functions import Kept, aggregate, of_at_least
from django_flex.backends.orm.json_conditions import json_test, json_value
from django_flex.backends.orm.search import Match, Reader, match
from django_flex.backends.orm.slots import with_slots
from django_flex.exceptions import AccessDeniedError
from django_flex.permissions import authorized
from django_flex.permissions.authorized import (
    AllOf,
    AnyOf,
    Column,
    Complement,
    Derived,
    Gathered,
    Test,
)
from django_flex.schema.aggregates import scaled

if TYPE_CHECKING:
    from django_flex.permissions import authorized as resolved
    from django_flex.permissions.authorized import Rows, Visible, Where
    from django_flex.schema.introspection import Relation

logger = logging.getLogger("django_flex.security")

# What Django's related lookups can compare a foreign key by; the rest goes to the key's own field.
_RELATED = frozenset({"exact", "in", "gt", "gte", "lt", "lte", "isnull"})


def visible_rows(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the queryset of the rows that a caller may see of one model.

    Raises:
        AccessDeniedError: the rule cannot be applied to the model; it is logged.
    """
    model = rows.resource.model
    if rows.queryset is None:
        # The database is chosen here, where it costs nothing: later it would copy a whole query.
        everything = model._default_manager.db_manager(using).all()
        return _ruled(with_slots(everything), rows, using)
    return _ruled(rows.queryset, rows, using)


def rows_under(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the rows that satisfy a rule, whether or not the model's own manager shows them.

    Raises:
        AccessDeniedError: the rule cannot be applied to the model; it is logged.
    """
    everything = with_slots(rows.resource.model._base_manager.all())
    return _ruled(everything if rows.queryset is None else rows.queryset, rows, using)


def _ruled(queryset: QuerySet[Any], rows: Rows, using: str) -> QuerySet[Any]:
    if rows.nothing:
        return queryset.none()
    model = rows.resource.model
    try:
        if rows.q is not None:
            queryset = queryset.filter(_without_joins(rows.q, model, using))
        if rows.condition is not None:
            queryset = filtered(queryset, rows.condition, using)
    except (FieldError, TypeError, ValueError, ValidationError) as error:
        logger.exception("The rows rule of '%s' cannot be applied; denied", rows.resource.label)
        raise AccessDeniedError("Access denied") from error
    return queryset


def filtered(queryset: QuerySet[Any], where: Where, using: str) -> QuerySet[Any]:
    """Filter a queryset by a resolved condition."""
    context = Context(using, first=len(queryset.query.annotations))
    condition = to_q(where, context)
    if context.aliases:
        queryset = queryset.alias(**context.aliases)
    return queryset.filter(condition)


def to_q(where: Where, context: Context) -> Q:
    """Return a resolved condition as ``Q``; its aliases are left in ``context``."""
    match where:
        case Test():
            return _test(where, context)
        case AllOf(children=children):
            return Q(*(to_q(child, context) for child in children)) if children else EVERYTHING
        case AnyOf(children=children):
            parts = [to_q(child, context) for child in children]
            return Q(*parts, _connector=Q.OR) if parts else NOTHING
        case Complement(child=child):
            return _complement(child, context)
        case authorized.Exists():
            return _exists(where, context)
        case authorized.Search():
            return _search(where, context)
    assert_never(where)


def _complement(child: Where, context: Context) -> Q:
    condition = to_q(child, context)
    if not _may_be_unknown(child):
        # Django completes a negated comparison of a nullable column with IS NOT NULL itself.
        return ~condition
    no_match = Case(
        When(condition, then=Value(False)),
        default=Value(True),
        output_field=models.BooleanField(),
    )
    return Q(no_match)


def _may_be_unknown(where: Where) -> bool:
    """Whether Django adds no IS NOT NULL to some test, or forgets it.

    It adds none to expressions. Of a related row that may be missing it forgets it where a test
    beside the complement needs that row, as in ``x = 1 OR NOT x = 1``.
    """
    match where:
        case Test(column=column, transforms=transforms, value=value):
            json = column.attribute.kind == "json"
            expression = json or "len" in transforms or isinstance(column, Derived)
            missing = any(hop.null for hop in column.hops)
            return expression or missing or isinstance(value, Column | Derived)
        case Complement(child=child):
            return _may_be_unknown(child)
        case AllOf(children=children) | AnyOf(children=children):
            return any(_may_be_unknown(child) for child in children)
        case authorized.Exists():
            return False
        case authorized.Search():
            return True
    assert_never(where)


def _test(test: Test, context: Context) -> Q:
    condition = _bare_test(test, context)
    guards = [*test.column.guards]
    if isinstance(test.value, Column | Derived):
        guards += test.value.guards
    if not guards:
        return condition
    visible = Q(*(Q(visibility(guard, context.using)) for guard in guards))
    asks_null = (test.operator == "isnull" and test.value is True) or test.value is None
    return condition | ~visible if asks_null else visible & condition


def _bare_test(test: Test, context: Context) -> Q:
    """Return a comparison as if every related row were visible."""
    if isinstance(test.column, Derived):
        return _derived_test(test, test.column, context)
    if test.column.attribute.kind == "json":
        return json_test(test, test.column, context)
    value = _comparand(test.value, context)
    name = path_of(test.column)
    attribute = test.column.attribute
    plain_key = not test.transforms and test.operator in _RELATED
    if isinstance(attribute.model_field, models.ForeignKey) and not plain_key:
        name = "__".join((*hop_lookups(test.column), attribute.name, attribute.value_field.attname))
    transforms = [*test.transforms]
    if "len" in transforms:
        name = context.alias(Length(F(name)))
        transforms.remove("len")
    if value is None:
        return Q((f"{name}__isnull", True))
    return Q(("__".join((name, *transforms, test.operator)), value))


def _comparand(value: Any, context: Context) -> Any:
    """Return what a value is compared with: a constant, or another value of the same row."""
    if isinstance(value, Derived):
        return F(context.alias(expression_of(value, context.using)))
    return F(path_of(value)) if isinstance(value, Column) else value


def _derived_test(test: Test, column: Derived, context: Context) -> Q:
    value = _comparand(test.value, context)
    expression = expression_of(column, context.using)
    transforms = [*test.transforms]
    if "len" in transforms:
        expression = Length(expression)
        transforms.remove("len")
    # A name that the statement has already needs no alias.
    named: Any = expression
    name = named.name if isinstance(expression, F) else context.alias(expression)
    if value is None:
        return Q((f"{name}__isnull", True))
    return Q(("__".join((name, *transforms, test.operator)), value))


def _exists(node: authorized.Exists, context: Context) -> Q:
    if node.rows.nothing:
        return NOTHING
    inner = _related(node.hops, node.relation, node.rows, context.using)
    if node.where is not None:
        inner = filtered(inner, node.where, context.using)
    conditions = [Q(visibility(guard, context.using)) for guard in node.guards]
    return Q(*conditions, Q(Exists(inner)))


def _search(search: authorized.Search, context: Context) -> Q:
    found = match(search, context.using, READER)
    words = Q(*(to_q(word, context) for word in search.words)) if _wants_words(found) else None
    if found is None:
        return words or EVERYTHING
    matches = Q((f"{context.alias(found.value)}__{found.lookup}", found.wanted))
    return matches if words is None else matches | words


def _wants_words(found: Match | None) -> bool:
    return found is None or found.beside


def rank_keys(search: authorized.Search, using: str) -> list[Any]:
    """Return what puts the best rows of a search first; nothing where none is better."""
    found = match(search, using, READER)
    return [] if found is None else [found.rank.desc()]


def _all_visible(guards: tuple[Visible, ...], using: str) -> Q:
    return Q(*(Q(visibility(guard, using)) for guard in guards))


def _related_of(node: authorized.Exists, using: str) -> QuerySet[Any]:
    return _related(node.hops, node.relation, node.rows, using)


READER = Reader(related=_related_of, seen=_all_visible)


def visibility(guard: Visible, using: str) -> Any:
    """Return a boolean expression: is there a related row, and may the caller see it."""
    if guard.rows.nothing:
        return Value(False, output_field=models.BooleanField())
    *way, last = guard.hops
    return Exists(_related(tuple(way), last, guard.rows, using))


def _related(
    way: tuple[Relation, ...], relation: Relation, rows: Rows, using: str
) -> QuerySet[Any]:
    """Return the visible rows at the other end of a relation of the outer row."""
    near = OuterRef("__".join((*(hop.lookup for hop in way), relation.near)))
    return visible_rows(rows, using).filter(Q((relation.far, near)))


def expression_of(value: resolved.Value, using: str) -> Any:
    """Return a value of a row as an expression, as if every related row were visible."""
    if isinstance(value, Column):
        return json_value(value)
    if isinstance(value.build, Gathered):
        return _gathered(value.build, using)
    return value.build(using)


def seen(value: resolved.Value, using: str) -> Any:
    """Return a value of a row as an expression, null where the caller may not see its row."""
    expression = expression_of(value, using)
    if not value.guards:
        return expression
    visible = Q(*(Q(visibility(guard, using)) for guard in value.guards))
    is_decimal = value.attribute.kind == "decimal"
    output = scaled(value.attribute.value_field) if is_decimal else None
    return Case(When(visible, then=expression), default=None, output_field=output)


def _gathered(gathered: Gathered, using: str) -> Any:
    """Return a subquery with the one value that an aggregate has for a row.

    The value has no alias in the outer statement, so the rows of that are never multiplied.
    """
    rows = _linked(gathered, using)
    source = "*" if gathered.value is None else seen(gathered.value, using)
    found = aggregate(gathered.function, source, gathered.output, connections[using].vendor)
    inner = rows.order_by().query.clone()
    inner.add_annotation(of_at_least(gathered.least, found, gathered.output), "flex_a")
    # Without GROUP BY: of no rows there is a result, too.
    inner.group_by = None
    inner.set_values(["flex_a"])
    value = Subquery(inner, output_field=gathered.output)
    if gathered.least > 1 or not gathered.function.startswith("count"):
        return Kept(value, output_field=gathered.output)
    count = Coalesce(value, 0, output_field=gathered.output)
    if not gathered.way:
        return count
    there = "__".join((*(hop.lookup for hop in gathered.way), gathered.relation.near))
    return Case(When(Q((f"{there}__isnull", False)), then=count), output_field=gathered.output)


def _linked(gathered: Gathered, using: str) -> QuerySet[Any]:
    """Return the visible rows at the other end, once each even where two links lead to one."""
    rows = each_once(visible_rows(gathered.rows, using))
    near = "__".join((*(hop.lookup for hop in gathered.way), gathered.relation.near))
    far = gathered.relation.far
    field: Any = rows.model._meta.get_field(far)
    through = getattr(field, "through", None) or getattr(field.remote_field, "through", None)
    if through is None or through._meta.auto_created:
        return rows.filter(Q((far, OuterRef(near))))
    linked = with_slots(rows.model._base_manager.all()).filter(Q((far, OuterRef(OuterRef(near)))))
    return rows.filter(pk__in=linked.values("pk"))


def each_once(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows, none of them twice and none of them grouped."""
    query = queryset.query
    multiplied = any(_is_many(join) for join in query.alias_map.values())
    if not (multiplied or query.distinct or query.combinator or query.group_by is not None):
        return queryset
    keys = queryset.order_by().values("pk")
    return with_slots(queryset.model._base_manager.all()).filter(pk__in=keys)


def _is_many(join: Any) -> bool:
    field = getattr(join, "join_field", None)
    return field is not None and bool(field.one_to_many or field.many_to_many)


def _without_joins(condition: Q, model: type[models.Model], using: str) -> Q:
    """Put a rule that crosses a to-many relation under EXISTS, so that no row comes twice."""
    if not _crosses_many(condition, model):
        return condition
    matching = with_slots(model._base_manager.using(using)).filter(condition)
    return Q(Exists(matching.filter(pk=OuterRef("pk"))))


def _crosses_many(condition: Any, model: type[models.Model]) -> bool:
    if isinstance(condition, Q):
        return any(_crosses_many(child, model) for child in condition.children)
    if isinstance(condition, tuple):
        lookup, value = condition
        return _path_crosses_many(lookup, model) or isinstance(value, F)
    return not isinstance(condition, Exists)


def _path_crosses_many(lookup: str, model: type[models.Model]) -> bool:
    """Walk a lookup's relations; stop at the first part that is none."""
    for name in lookup.split("__"):
        try:
            found = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return False  # a transform, or a name that filter() will refuse itself
        if not found.is_relation:
            return False
        related: Any = found.related_model
        if found.one_to_many or found.many_to_many or related is None:
            return True
        model = related
    return False
