"""``filter``: the filter object of Directus as a condition of the language.

What a name is in the schema only decides which node stands for it, never whether there is an error
here, so that a hidden relation looks like a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.dialects.directus.clauses.comparands import (
    boolean_of,
    box_of,
    list_of,
    pair_of,
    value_of,
)
from django_flex.dialects.directus.clauses.functions import parse_term
from django_flex.dialects.directus.clauses.normalising import objects_inside, to_object
from django_flex.dialects.directus.clauses.operators import (
    COMPLEMENTS,
    OPERATORS,
    QUANTIFIERS,
    UNSUPPORTED,
    WireOperator,
)
from django_flex.exceptions import LimitExceededError, QueryError, UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import And, Comparison, Condition, Not, Or, Quantified
from django_flex.query.terms import excerpt, nearest

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.schema.resources import Resource

_TEXTS = frozenset({"text", "file", "json"})
_NO_EQUALITY = frozenset({"binary", "encrypted", "geometry"})


@dataclass(frozen=True, slots=True, eq=False)
class _Scope:
    """Where in a filter we are.

    ``path`` leads here from the rows that the innermost quantifier, or the query, is about.
    ``resource`` is that of the rows here, and ``holder`` the one that has the last name of the path;
    ``None`` if there is none.
    """

    resource: Resource | None
    limits: Limits
    place: str
    depth: int
    path: Path = ()
    holder: Resource | None = None

    def at(self, key: str) -> _Scope:
        """Return the same scope one key further."""
        return replace(self, place=f"{self.place}.{excerpt(key)}", depth=self.depth - 1)


def parse_filter(
    value: object, resource: Resource | None, limits: Limits, place: str = "filter"
) -> Condition | None:
    """Return a filter as a condition; an empty one is none.

    Args:
        value: the object, or its text.
        resource: that of the rows, ``None`` if there is none.
        limits: the caps of what is read.
        place: where it is.

    Raises:
        QueryError: a part of it makes no sense.
        LimitExceededError: it is nested too deeply.
    """
    found = to_object(value, place, limits)
    if not found:
        return None
    return _joined(_parts(found, _Scope(resource, limits, place, limits.max_nesting - 1)))


def _joined(parts: list[Condition]) -> Condition:
    """Return conditions that all have to hold; those on one related row stay in one object."""
    flat: list[Condition] = []
    for part in parts:
        flat += part.children if isinstance(part, And) else (part,)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def _parts(found: Mapping[str, object], scope: _Scope) -> list[Condition]:
    if scope.depth < 0:
        raise LimitExceededError("The filters are nested too deeply", path=scope.place)
    if not found:
        raise QueryError("An empty condition is ambiguous", path=scope.place, hint="leave it out")
    return [_part(key, value, scope) for key, value in found.items()]


def _part(key: object, value: object, scope: _Scope) -> Condition:
    if not isinstance(key, str):
        raise QueryError("Names of conditions are strings", path=scope.place)
    here = scope.at(key)
    if key in {"_and", "_or"}:
        inner = [_joined(_parts(part, here)) for part in objects_inside(value, here.place)]
        return _joined(inner) if key == "_and" else Or(tuple(inner))
    if key in QUANTIFIERS:
        return _quantified(key, value, here)
    if key.startswith("_"):
        return _comparison(key, value, here)
    return _named(key, value, here)


def _named(key: str, value: object, here: _Scope) -> Condition:
    """Return the condition on a column, a function of one, or a related row."""
    term = parse_term(key, here.place)
    holder = here.resource
    for name in term.path[:-1]:
        holder = _behind(holder, name)
    path = (*here.path, *term.meant)
    here = replace(here, path=path, holder=None if term.function else holder)
    if not isinstance(value, Mapping):
        return _comparison("_eq", value, here)
    relation = None
    if holder is not None and term.function is None:
        relation = holder.relation(term.path[-1])
    below = replace(here, resource=None if relation is None else relation.target)
    listed = relation is not None and relation.cardinality == "many"
    if listed and not _is_about_the_list(value):
        inner = replace(below, path=(), holder=None)
        return Quantified(path, "some", _joined(_parts(value, inner)), here.place)
    return _joined(_parts(value, below))


def _behind(resource: Resource | None, name: str) -> Resource | None:
    relation = None if resource is None else resource.relation(name)
    return None if relation is None else relation.target


def _is_about_the_list(value: Mapping[str, object]) -> bool:
    """Whether all keys are operators on the list itself, such as ``_none`` and ``_null``."""
    return all(key in QUANTIFIERS or key in OPERATORS for key in value)


def _quantified(key: str, value: object, here: _Scope) -> Condition:
    if not here.path:
        raise QueryError(worded("'{}' needs a list of related rows", key), path=here.place)
    inner = replace(here, path=(), holder=None)
    parts = _parts(to_object(value, here.place, here.limits), inner)
    return Quantified(here.path, QUANTIFIERS[key], _joined(parts), here.place)


def _comparison(key: str, value: object, here: _Scope) -> Condition:
    operator = OPERATORS.get(key)
    if operator is None:
        raise _unknown(key, here)
    if not here.path:
        raise QueryError(worded("'{}' needs a field", key), path=here.place)
    if operator.form == "null":
        return _null(here, is_null=boolean_of(value, here.place) is not operator.negates)
    if operator.form == "empty":
        empty = _empty(here)
        return empty if boolean_of(value, here.place) is not operator.negates else Not(empty)
    taken: object
    if operator.form == "list":
        taken = list_of(value, here.place)
    elif operator.form == "pair":
        taken = pair_of(value, here.place)
    elif operator.form in {"geometry", "box"}:
        geometry = to_object(value, here.place, here.limits)
        taken = geometry if operator.form == "geometry" else box_of(geometry, here.place)
    else:
        taken = value_of(value, here.place)
    if taken is None and operator.name in {"exact", "ne"}:
        return _null(here, is_null=not operator.negates)
    return _complete(operator, taken, here)


def _complete(operator: WireOperator, value: object, here: _Scope) -> Condition:
    test: Condition = Comparison((*here.path, operator.name), value, here.place)
    if not operator.negates:
        return test
    if operator.name not in COMPLEMENTS:
        test = Not(test)
    if _is_never_null(here):
        return test
    # In SQL a comparison with NULL is not true, and neither is its complement.
    return And((test, _null(here, is_null=False)))


def _null(here: _Scope, *, is_null: bool) -> Condition:
    kind = _kind(here)
    if kind in _NO_EQUALITY:
        return Comparison((*here.path, "isnull"), is_null, here.place)
    missing = Comparison((*here.path, "exact"), None, here.place)
    return missing if is_null else Not(missing)


def _empty(here: _Scope) -> Condition:
    missing = _null(here, is_null=True)
    if _kind(here) not in _TEXTS:
        return missing
    return Or((missing, Comparison((*here.path, "exact"), "", here.place)))


def _kind(here: _Scope) -> str | None:
    attribute = None if here.holder is None else here.holder.attribute(here.path[-1])
    return None if attribute is None else attribute.kind


def _is_never_null(here: _Scope) -> bool:
    """Whether the value is a column of the row itself that is never NULL."""
    if here.holder is None or len(here.path) != 1:
        return False
    attribute = here.holder.attribute(here.path[0])
    return attribute is not None and not attribute.null and attribute.computed is None


def _unknown(key: str, here: _Scope) -> QueryError:
    if key in UNSUPPORTED:
        return UnsupportedQueryError(worded("'{}' is not supported", key), path=here.place)
    hint = nearest(key, [*OPERATORS, *QUANTIFIERS, "_and", "_or"])
    if key == "_not":
        hint = "_neq, _nin, _none"
    return QueryError(worded("There is no operator '{}'", excerpt(key)), path=here.place, hint=hint)
