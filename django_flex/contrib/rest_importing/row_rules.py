"""Querysets as row rules: where one says more than a rule can, it is not understood."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django.db.models import QuerySet, lookups
from django.db.models.expressions import Col
from django.db.models.fields import related_lookups
from django.db.models.query import ModelIterable
from django.db.models.sql.constants import INNER
from django.db.models.sql.datastructures import Join
from django.db.models.sql.where import AND, OR, NothingNode, WhereNode

from django_flex.contrib.rest_importing.probing import NotUnderstoodError, key_of_caller

if TYPE_CHECKING:
    from django.db import models

#: A condition as data; empty for all rows, ``None`` for no row.
Rule: TypeAlias = "dict[str, Any] | None"
_OPERATORS: dict[type[Any], str] = {
    lookups.Exact: "",
    related_lookups.RelatedExact: "",
    lookups.IExact: ".iexact",
    lookups.GreaterThan: ".gt",
    related_lookups.RelatedGreaterThan: ".gt",
    lookups.GreaterThanOrEqual: ".gte",
    lookups.LessThan: ".lt",
    lookups.LessThanOrEqual: ".lte",
    lookups.In: ".in",
    related_lookups.RelatedIn: ".in",
    lookups.IsNull: ".isnull",
    related_lookups.RelatedIsNull: ".isnull",
    lookups.Contains: ".contains",
    lookups.IContains: ".icontains",
    lookups.StartsWith: ".startswith",
    lookups.IStartsWith: ".istartswith",
    lookups.EndsWith: ".endswith",
    lookups.IEndsWith: ".iendswith",
}
#: The same for integers, of which each version of Django has others.
_FOR_INTEGERS = {
    "IntegerFieldExact": "",
    "IntegerGreaterThan": ".gt",
    "IntegerGreaterThanOrEqual": ".gte",
    "IntegerLessThan": ".lt",
    "IntegerLessThanOrEqual": ".lte",
}
_OPERATORS |= {
    getattr(lookups, name): operator
    for name, operator in _FOR_INTEGERS.items()
    if hasattr(lookups, name)
}
_EQUAL = frozenset(kind for kind, operator in _OPERATORS.items() if not operator)


def rule_of(queryset: object, model: type[models.Model]) -> Rule:
    """Return the condition that a queryset's rows match.

    Args:
        queryset: what a view returned.
        model: whose rows it has to have.

    Raises:
        NotUnderstoodError: it is of another model, or does anything that no rule does.
    """
    if not isinstance(queryset, QuerySet) or queryset.model is not model:
        raise NotUnderstoodError("its queryset is none of the model")
    query: Any = queryset.query
    iterable: Any = getattr(queryset, "_iterable_class", None)
    if iterable is not ModelIterable or _is_special(query):
        raise NotUnderstoodError("its queryset is sliced, combined or not of whole rows")
    if query.is_empty():
        return None
    usual: Any = model._default_manager.all().query
    if query.where == usual.where and _joins(query) == _joins(usual):
        return {}
    used: set[str] = set()
    rule = _node(query.where, query, used)
    filtering = {
        name
        for name, one in query.alias_map.items()
        if query.alias_refcount.get(name) and isinstance(one, Join) and one.join_type == INNER
    }
    if filtering - used:
        raise NotUnderstoodError("its queryset leaves out rows by a join")
    return rule


def _is_special(query: Any) -> bool:
    return bool(
        query.is_sliced
        or query.combinator
        or query.distinct_fields
        or query.extra
        or query.extra_tables
        or query.group_by
        or getattr(query, "_filtered_relations", None)
    )


def _joins(query: Any) -> list[str]:
    return [name for name in query.alias_map if query.alias_refcount.get(name)][1:]


def _node(node: WhereNode, query: Any, used: set[str]) -> dict[str, Any]:
    """Return a node of the condition of a queryset as data."""
    if node.connector not in {AND, OR}:
        raise NotUnderstoodError("its queryset has an exclusive or")
    parts = [
        _node(one, query, used) if isinstance(one, WhereNode) else _comparison(one, query, used)
        for one in node.children
    ]
    found = _together(parts, "or" if node.connector == OR else "and")
    return {"not": found} if node.negated else found


def _together(parts: list[dict[str, Any]], word: str) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    merged = {name: one for part in parts for name, one in part.items()}
    if word == "and" and len(merged) == sum(map(len, parts)):
        return merged
    return {word: parts}


def _comparison(lookup: Any, query: Any, used: set[str]) -> dict[str, Any]:
    kind = type(lookup)
    if isinstance(lookup, NothingNode) or kind not in _OPERATORS:
        raise NotUnderstoodError(f"its queryset compares by {kind.__name__}")
    if not isinstance(lookup.lhs, Col):
        raise NotUnderstoodError("its queryset compares what is not a column")
    path = (*_path(lookup.lhs.alias, query, used), lookup.lhs.target.name)
    return {".".join(path) + _OPERATORS[kind]: _value(lookup.rhs, equal=kind in _EQUAL)}


def _path(alias: str, query: Any, used: set[str]) -> tuple[str, ...]:
    """Return the relations that lead to a table of a queryset, which have to be of one row each."""
    join = query.alias_map[alias]
    if not isinstance(join, Join):
        return ()
    used.add(alias)
    before = _path(str(join.parent_alias), query, used)
    relation: Any = join.join_field
    if not getattr(relation, "concrete", False) or join.filtered_relation is not None:
        raise NotUnderstoodError("its queryset joins to lists")
    if relation.remote_field.parent_link:
        return before  # the columns of a parent are those of the model
    return (*before, relation.name)


def _value(value: object, *, equal: bool) -> object:
    """Return a value of a comparison; that of the caller is one of the request, and so only equal."""
    if value == key_of_caller():
        if not equal:
            raise NotUnderstoodError("its queryset compares with the user by more than equality")
        return {"$user": "id"}
    if isinstance(value, list | tuple | set | frozenset) and not equal:
        return [_value(one, equal=False) for one in value]
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Decimal | UUID):
        return str(value)
    if value is None or type(value) in {bool, int, float, str}:
        return value
    # A time is one of when this runs, and not of a request; anything else is computed.
    raise NotUnderstoodError(f"its queryset compares with a {type(value).__name__}")
