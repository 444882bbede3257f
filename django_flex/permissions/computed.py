"""``computed`` of an entry: expressions under names, checked once and typed by their output field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import DecimalField, ExpressionWrapper, QuerySet

from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.filters import CONNECTORS, QUANTIFIERS
from django_flex.query.operators import MOMENTS, OPERATORS, SCALARS, TRANSFORMS
from django_flex.query.terms import ALIAS
from django_flex.schema.aggregates import ScaledDecimalField
from django_flex.schema.introspection import Computed, computed_attribute
from django_flex.schema.paths import UnknownPathError, resolve_hops

if TYPE_CHECKING:
    from django.db import models

    from django_flex.permissions.grants import Notes
    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Attribute, Resource

#: Kinds that an expression may give: those that compare alike on every database.
KINDS = SCALARS | MOMENTS
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


def compile_computed(written: Any, resource: Resource, notes: Notes) -> dict[str, Attribute]:
    """Compile ``{name: expression}``; a broken one is left out, so nobody can name it."""
    if not written:
        return {}
    if not isinstance(written, Mapping):
        notes.report("E009", "An object of names and expressions is needed")
        return {}
    found: dict[str, Attribute] = {}
    for name, expression in written.items():
        if _is_good_name(name, resource, notes.at(name)):
            attribute = _attribute(name, expression, resource, notes.at(name))
            if attribute is not None:
                found[name] = attribute
    return found


def _is_good_name(name: Any, resource: Resource, notes: Notes) -> bool:
    if not isinstance(name, str) or not ALIAS.fullmatch(name) or not name[0].isalpha():
        hint = "letters, digits and '_', a letter first, at most 64"
        notes.report("E019", f"{name!r} is no name of a field", hint)
    elif name in set(resource.names()):
        notes.report("E019", f"'{name}' is a field or relation of {resource.label} already")
    elif name in _MEANT_OTHERWISE:
        notes.report("E019", f"'{name}' has a meaning of its own in a query", "choose another name")
    else:
        return True
    return False


def _attribute(name: str, written: Any, resource: Resource, notes: Notes) -> Attribute | None:
    is_expression = hasattr(written, "resolve_expression") and not isinstance(written, type)
    if not is_expression and not callable(written):
        notes.report("E019", "An expression is needed, or a callable that gives one")
        return None
    try:
        expression = written if is_expression else written()
        query: Any = QuerySet(resource.model).annotate(**{_ALIAS: expression}).query
        output_field = query.annotations[_ALIAS].output_field
    except _UNRESOLVED as error:
        notes.report("E019", str(error).rstrip("."), "ExpressionWrapper(…, output_field=…)")
        return None
    ways = _checked_ways(query, resource, notes)
    if ways is None:
        return None
    attribute = computed_attribute(name, Computed(expression, ways), output_field)
    if attribute.kind not in KINDS:
        text = f"'{type(output_field).__name__}' cannot be the output field of a computed field"
        notes.report("E019", text, "Cast(…, TextField())")
        return None
    field = _field(output_field, attribute)
    wrapped = ExpressionWrapper(expression, output_field=field)
    return computed_attribute(name, Computed(wrapped, ways), field)


def _checked_ways(query: Any, resource: Resource, notes: Notes) -> tuple[Path, ...] | None:
    """Return the ways of an expression that is a value of one row; of another ``None``."""
    resolved, ways = query.annotations[_ALIAS], _ways(query, resource)
    if resolved.contains_aggregate or ways is None:
        text = "A computed field is of one row, and this goes over many"
        notes.report("E019", text, "clients ask for 'lines.count' themselves, or use a Subquery")
        return None
    if resolved.contains_over_clause:
        notes.report("E019", "A window depends on the other rows of a query", "use a Subquery")
        return None
    return ways


def _field(output_field: models.Field[Any, Any], attribute: Attribute) -> models.Field[Any, Any]:
    """Return the field that types an expression: of a key its own, of a decimal one with a scale."""
    if isinstance(output_field, DecimalField) and output_field.decimal_places is not None:
        return ScaledDecimalField(
            max_digits=output_field.max_digits, decimal_places=output_field.decimal_places
        )
    return attribute.value_field


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
    """Return the relations from the row to a joined table; one to a parent class is none."""
    join = alias_map[alias]
    field = getattr(join, "join_field", None)
    if field is None:
        return ()
    above = _way(join.parent_alias, alias_map)
    inherited = getattr(field.remote_field, "parent_link", False)
    return above if inherited else (*above, field.name)
