"""Resolved conditions into Django's ``Q``; row rules into querysets.

Names of columns come from the schema, names of aliases are numbers of ours, and every value is a
bound parameter: a client's text never becomes part of a lookup or of SQL.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import connections, models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Length

from django_flex.backends.orm.json_functions import JSONKind, JSONLength
from django_flex.exceptions import AccessDeniedError, UnsupportedQueryError
from django_flex.permissions import authorized
from django_flex.permissions.authorized import AllOf, AnyOf, Column, Complement, Test
from django_flex.query.operators import PATTERNS

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Rows, Visible, Where
    from django_flex.schema.introspection import Relation

logger = logging.getLogger("django_flex.security")

# Django drops an empty Q from any combination, so "nothing" and "everything" are said explicitly.
NOTHING = Q(pk__in=[])
EVERYTHING = ~Q(pk__in=[])
_TEXTUAL = frozenset(
    {
        "iexact",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "regex",
        "iregex",
    }
)
_ORDERED = frozenset({"lt", "lte", "gt", "gte", "range"})
# What Django's related lookups can compare a foreign key by; the rest goes to the key's own field.
_RELATED = frozenset({"exact", "in", "gt", "gte", "lt", "lte", "isnull"})


@dataclass(slots=True)
class Context:
    """One statement or subquery being built: where its rows come from, and its aliases."""

    using: str
    first: int = 0
    aliases: dict[str, Any] = field(default_factory=dict)

    def alias(self, expression: Any) -> str:
        """Name an expression, to be compared like a column."""
        name = f"flex_{self.first + len(self.aliases)}"
        self.aliases[name] = expression
        return name


def visible_rows(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the queryset of the rows that a caller may see of one model.

    Raises:
        AccessDeniedError: the rule cannot be applied to the model; it is logged.
    """
    model = rows.resource.model
    if rows.queryset is None:
        # The database is chosen here, where it costs nothing: later it would copy a whole query.
        return _ruled(model._default_manager.db_manager(using).all(), rows, using)
    return _ruled(rows.queryset, rows, using)


def rows_under(rows: Rows, using: str) -> QuerySet[Any]:
    """Return the rows that satisfy a rule, whether or not the model's own manager shows them.

    Raises:
        AccessDeniedError: the rule cannot be applied to the model; it is logged.
    """
    everything = rows.resource.model._base_manager.all()
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
    """Whether some test compares an expression, for which Django adds no IS NOT NULL."""
    match where:
        case Test(column=column, transforms=transforms, value=value):
            json = column.attribute.kind == "json"
            return json or "len" in transforms or isinstance(value, Column)
        case Complement(child=child):
            return _may_be_unknown(child)
        case AllOf(children=children) | AnyOf(children=children):
            return any(_may_be_unknown(child) for child in children)
        case authorized.Exists():
            return False
    assert_never(where)


def _test(test: Test, context: Context) -> Q:
    condition = _bare_test(test, context)
    guards = [*test.column.guards]
    if isinstance(test.value, Column):
        guards += test.value.guards
    if not guards:
        return condition
    visible = Q(*(Q(visibility(guard, context.using)) for guard in guards))
    asks_null = (test.operator == "isnull" and test.value is True) or test.value is None
    return condition | ~visible if asks_null else visible & condition


def _bare_test(test: Test, context: Context) -> Q:
    """Return a comparison as if every related row were visible."""
    if test.column.attribute.kind == "json":
        return _json_test(test, context)
    value = F(path_of(test.value)) if isinstance(test.value, Column) else test.value
    name = path_of(test.column)
    attribute = test.column.attribute
    plain_key = not test.transforms and test.operator in _RELATED
    if isinstance(attribute.model_field, models.ForeignKey) and not plain_key:
        name = "__".join((*_hops(test.column), attribute.name, attribute.value_field.attname))
    transforms = [*test.transforms]
    if "len" in transforms:
        name = context.alias(Length(F(name)))
        transforms.remove("len")
    if value is None:
        return Q((f"{name}__isnull", True))
    return Q(("__".join((name, *transforms, test.operator)), value))


def _json_test(test: Test, context: Context) -> Q:
    column, operator, value = test.column, test.operator, test.value
    if "len" in test.transforms:
        name = context.alias(JSONLength(json_value(column)))
        return Q((f"{name}__isnull", True) if value is None else (f"{name}__{operator}", value))
    if operator == "isnull" or value is None:
        return _json_null(column, context, absent=value is not False)
    if operator in _TEXTUAL:
        name = context.alias(_json_text(column))
        spellings = [value] if operator in PATTERNS else json_spellings(value)
        return Q(*((f"{name}__{operator}", text) for text in spellings), _connector=Q.OR)
    if operator == "contained_by":
        _need_containment(context.using)
    name = context.alias(json_value(column)) if column.keys else path_of(column)
    if operator in _ORDERED:
        return _json_order(column, name, operator, value, context)
    if operator in {"exact", "in"}:
        return _json_equal(column, name, operator, value, context)
    return Q((f"{name}__{operator}", value))


def _json_equal(column: Column, name: str, operator: str, value: Any, context: Context) -> Q:
    """MariaDB unquotes before it compares, so there "7" and 7 are told apart by their kind."""
    if operator == "in" and not value:
        return NOTHING
    if not column.keys or connections[context.using].vendor != "mysql":
        return Q((f"{name}__{operator}", value))
    values = value if operator == "in" else [value]
    kind = context.alias(JSONKind(json_value(column)))
    kinds = [_kind_of(value) for value in values]
    each = [
        Q((name, value)) if found is None else Q((name, value), (kind, found))
        for value, found in zip(values, kinds, strict=True)
    ]
    return Q(*each, _connector=Q.OR)


def _kind_of(value: Any) -> str | None:
    if isinstance(value, str):
        return "string"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _json_order(column: Column, name: str, operator: str, value: Any, context: Context) -> Q:
    """Numbers compare with numbers and texts with texts; each database mixes them differently."""
    low, high = value if operator == "range" else (value, value)
    kinds = {"string" if isinstance(bound, str) else "number" for bound in (low, high)}
    if len(kinds) > 1:
        return NOTHING
    same_kind = Q((context.alias(JSONKind(json_value(column))), kinds.pop()))
    if operator == "range":
        return same_kind & Q((f"{name}__gte", low), (f"{name}__lte", high))
    return same_kind & Q((f"{name}__{operator}", value))


def json_spellings(text: str) -> list[str]:
    """Return a text as it may stand in a JSON value: plain, or as part of a list's JSON text.

    Databases that keep JSON as it was written keep Python's escapes of quotes and other letters.
    """
    escaped = (
        json.dumps(text, ensure_ascii=ascii_only)[1:-1]  # noqa: TID251 - a spelling, not a reply
        for ascii_only in (True, False)
    )
    return list(dict.fromkeys((text, *escaped)))


def _json_null(column: Column, context: Context, *, absent: bool) -> Q:
    """A column is NULL or not; a key is "null" when it is absent or holds JSON's null."""
    if not column.keys:
        return Q((f"{path_of(column)}__isnull", absent))
    name = context.alias(json_value(column))
    missing = Q((f"{name}__isnull", True)) | Q((name, None))
    if absent:
        return missing
    present = Case(
        When(missing, then=Value(False)), default=Value(True), output_field=models.BooleanField()
    )
    return Q(present)


def json_value(column: Column) -> Any:
    expression: Any = F(path_of(column))
    for key in column.keys:
        expression = KeyTransform(key, expression)
    return expression


def _json_text(column: Column) -> Any:
    if not column.keys:
        return Cast(F(path_of(column)), TextField())
    *above, last = column.keys
    expression: Any = F(path_of(column))
    for key in above:
        expression = KeyTransform(key, expression)
    return KeyTextTransform(last, expression)


def _need_containment(using: str) -> None:
    if not connections[using].features.supports_json_field_contains:
        raise UnsupportedQueryError(
            "'contained_by' is not supported by this database", hint="use has_keys or the keys"
        )


def _exists(node: authorized.Exists, context: Context) -> Q:
    if node.rows.nothing:
        return NOTHING
    inner = _related(node.hops, node.relation, node.rows, context.using)
    if node.where is not None:
        inner = filtered(inner, node.where, context.using)
    conditions = [Q(visibility(guard, context.using)) for guard in node.guards]
    return Q(*conditions, Q(Exists(inner)))


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


def path_of(column: Column) -> str:
    """Return Django's name of a column, seen from the row."""
    return "__".join((*_hops(column), column.attribute.lookup))


def _hops(column: Column) -> tuple[str, ...]:
    return tuple(hop.lookup for hop in column.hops)


def _without_joins(condition: Q, model: type[models.Model], using: str) -> Q:
    """Put a rule that crosses a to-many relation under EXISTS, so that no row comes twice."""
    if not _crosses_many(condition, model):
        return condition
    matching = model._base_manager.using(using).filter(condition)
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
