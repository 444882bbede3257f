"""``computed`` of an entry: named expressions, checked once and typed by their output field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import DecimalField, ExpressionWrapper, FloatField, QuerySet

from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.filters import CONNECTORS, QUANTIFIERS
from django_flex.query.operators import OPERATORS, SCALARS, TEMPORAL, TRANSFORMS
from django_flex.query.terms import ALIAS
from django_flex.schema.introspection import model_of
from django_flex.schema.model_attributes import ModelAttribute, computed_attribute, is_of_geodjango
from django_flex.schema.output_fields import ScaledDecimalField
from django_flex.schema.paths import UnknownPathError, resolve_hops
from django_flex.schema.resources import ComputedExpression

if TYPE_CHECKING:
    from django.db import models

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute, Resource

#: Kinds that an expression may have: those that compare the same way on every database, geometries
#: beside them, which are not compared but have operators of their own.
KINDS = SCALARS | TEMPORAL | {"geometry"}
_ALIAS = "flex_computed"
_MEANT_OTHERWISE = frozenset(
    {
        "id",
        "nulls_first",
        "nulls_last",
        *OPERATORS,
        *TRANSFORMS,
        *FUNCTIONS,
        *QUANTIFIERS,
        *CONNECTORS,
    }
)
_UNRESOLVED = (FieldError, FieldDoesNotExist, AttributeError, TypeError, ValueError)


def compile_computed(
    written: object, resource: Resource, reporter: ProblemReporter
) -> dict[str, Attribute]:
    """Compile ``{name: expression}``; a broken one is left out, so that it cannot be named."""
    if not written:
        return {}
    if not isinstance(written, Mapping):
        reporter.report("E009", "A dictionary of names and expressions is needed")
        return {}
    found: dict[str, Attribute] = {}
    for name, expression in written.items():
        if _is_good_name(name, resource, reporter.at(name)):
            attribute = _attribute(name, expression, resource, reporter.at(name))
            if attribute is not None:
                found[name] = attribute
    return found


def _is_good_name(name: object, resource: Resource, reporter: ProblemReporter) -> bool:
    if not isinstance(name, str) or not ALIAS.fullmatch(name) or not name[0].isalpha():
        hint = "letters, digits and '_', a letter first, at most 64"
        reporter.report("E019", f"{name!r} is not a valid field name", hint)
    elif name in set(resource.names()):
        reporter.report("E019", f"{resource.label} already has a field or relation '{name}'")
    elif name in _MEANT_OTHERWISE:
        reporter.report("E019", f"'{name}' has a special meaning in a query", "choose another name")
    else:
        return True
    return False


def _attribute(
    name: str, written: Any, resource: Resource, reporter: ProblemReporter
) -> Attribute | None:
    is_expression = hasattr(written, "resolve_expression") and not isinstance(written, type)
    if not is_expression and not callable(written):
        reporter.report("E019", "An expression is needed, or a callable that returns one")
        return None
    model = model_of(resource)
    if model is None:
        reporter.report(
            "E019", f"{resource.label} is no Django model, which alone has computed fields"
        )
        return None
    try:
        expression = written if is_expression else written()
        query: Any = QuerySet(model).annotate(**{_ALIAS: expression}).query
        output_field = query.annotations[_ALIAS].output_field
    except _UNRESOLVED as error:
        reporter.report("E019", str(error).rstrip("."), "ExpressionWrapper(…, output_field=…)")
        return None
    ways = _checked_ways(query, resource, reporter)
    if ways is None:
        return None
    attribute = computed_attribute(name, ComputedExpression(expression, ways), output_field)
    if attribute.kind not in KINDS:
        text = f"'{type(output_field).__name__}' cannot be the output field of a computed field"
        reporter.report("E019", text, "Cast(…, TextField())")
        return None
    field = _field(output_field, attribute)
    wrapped = ExpressionWrapper(expression, output_field=field)
    return computed_attribute(name, ComputedExpression(wrapped, ways), field)


def _checked_ways(
    query: Any, resource: Resource, reporter: ProblemReporter
) -> tuple[Path, ...] | None:
    """Return the ways of an expression that is a value of one row, ``None`` for any other."""
    resolved, ways = query.annotations[_ALIAS], _ways(query, resource)
    if resolved.contains_aggregate or ways is None:
        text = "A computed field has to be a value of one row, and this expression uses many rows"
        reporter.report("E019", text, "let clients request 'lines.count', or use a Subquery")
        return None
    if resolved.contains_over_clause:
        reporter.report(
            "E019", "A window expression depends on other rows of the query", "use a Subquery"
        )
        return None
    return ways


def _field(
    output_field: models.Field[Any, Any], attribute: ModelAttribute
) -> models.Field[Any, Any]:
    """Return the field that types an expression: of a key its own, of a decimal one with a scale."""
    if isinstance(output_field, DecimalField) and output_field.decimal_places is not None:
        return ScaledDecimalField(
            max_digits=output_field.max_digits, decimal_places=output_field.decimal_places
        )
    if attribute.kind == "float" and is_of_geodjango(output_field):
        # Its areas and distances are objects with units, and only take such.
        return FloatField()
    field: models.Field[Any, Any] = attribute.value_field
    return field


def _ways(query: Any, resource: Resource) -> tuple[Path, ...] | None:
    """Return the to-one ways that an expression joins; ``None`` if it joins many rows to one."""
    ways: list[Path] = []
    used = (alias for alias, number in query.alias_refcount.items() if number)
    for alias in used:
        way = _way(alias, query.alias_map)
        try:
            hops = resolve_hops(resource, way)
        except UnknownPathError:
            return None
        if any(hop.cardinality == "many" for hop in hops):
            return None
        if way:
            ways.append(way)
    longer = {way[:end] for way in ways for end in range(len(way))}
    return tuple(dict.fromkeys(way for way in ways if way not in longer))


def _way(alias: str, alias_map: Mapping[str, Any]) -> Path:
    """Return the relations from the row to a joined table; one to a parent class does not count."""
    join = alias_map[alias]
    field = getattr(join, "join_field", None)
    if field is None:
        return ()
    above = _way(join.parent_alias, alias_map)
    inherited = getattr(field.remote_field, "parent_link", False)
    return above if inherited else (*above, field.name)
