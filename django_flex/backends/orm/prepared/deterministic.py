"""Whether managers, columns and computed fields always compile to the same SQL.

Django compiles them for each request. One that depends on the tenant, the language or the time when
it is compiled must not be cached.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Func, Lookup, Manager, Model, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.utils.functional import LazyObject, Promise

from django_flex.backends.orm.bind_parameters import PLAIN_TYPES
from django_flex.backends.orm.django_internals.marking import is_plain_query
from django_flex.backends.orm.django_internals.models import forward_fields
from django_flex.backends.orm.django_internals.queries import annotations_of, conditions_of
from django_flex.schema.resources import Attribute

if TYPE_CHECKING:
    from django.db.models.sql import Query

#: What an expression of a project may say of itself: nothing of this is asked when it is compiled.
_HARMLESS = frozenset(
    {
        "__doc__",
        "__firstlineno__",
        "__init__",
        "__module__",
        "__repr__",
        "__static_attributes__",
        "__str__",
        "_resolve_output_field",
        "convert_value",
        "output_field",
    }
)
#: The attributes that generate the SQL of a field's column and of its joins.
_SQL_OF_FIELDS = (
    "cached_col",
    "column",
    "get_col",
    "get_extra_restriction",
    "get_joining_columns",
    "get_joining_fields",
    "get_lookup",
    "get_reverse_joining_columns",
    "get_reverse_joining_fields",
    "get_transform",
    "select_format",
)


#: What a project's queryset may override: none of these is called to build our statements.
_OTHER_METHODS = frozenset(
    {
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__orig_bases__",
        "__parameters__",
        "__static_attributes__",
        "abulk_create",
        "acount",
        "acreate",
        "adelete",
        "aget",
        "aupdate",
        "bulk_create",
        "bulk_update",
        "count",
        "create",
        "delete",
        "exists",
        "first",
        "get",
        "get_or_create",
        "last",
        "update",
        "update_or_create",
    }
)
#: A queryset that overrides any other method could be different each time.
_QUERYSET_METHODS = frozenset(dir(QuerySet)) | {"__getattr__"}
#: How a manager makes a queryset.
_MANAGER_METHODS = ("__getattribute__", "all", "db_manager", "get_queryset", "using")


@cache
def has_constant_managers(model: type[Model]) -> bool:
    """Whether the managers of a model always return the same queryset, for every caller."""
    managers: tuple[Manager[Any], ...] = (model._default_manager, model._base_manager)
    return all(_is_constant(manager) for manager in managers)


def _is_constant(manager: Manager[Any]) -> bool:
    if any(getattr(type(manager), name) is not getattr(Manager, name) for name in _MANAGER_METHODS):
        return False
    rows = manager.all()
    kinds = type(rows).__mro__
    own = {name for kind in kinds[: kinds.index(QuerySet)] for name in vars(kind)}
    return not own & (_QUERYSET_METHODS - _OTHER_METHODS) and is_plain_query(rows)


@cache
def has_deterministic_columns(model: type[Model]) -> bool:
    """Whether only Django's code generates the SQL of a model's column names."""
    return all(_is_named_by_django(type(field)) for field in forward_fields(model))


@lru_cache(maxsize=4_096)
def is_deterministic_path(model: type[Model], lookup: str) -> bool:
    """Whether that holds for all models that a lookup leads through, from a model on."""
    there: Any = model
    for name in lookup.split("__"):
        if not has_deterministic_columns(there):
            return False
        try:
            found = there._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        there = found.related_model if found.is_relation else None
        if there is None:
            return True
    return has_deterministic_columns(there)


def _is_named_by_django(kind: type) -> bool:
    makers = [next((k for k in kind.__mro__ if n in vars(k)), object) for n in _SQL_OF_FIELDS]
    return all(map(_is_djangos, makers))


@lru_cache(maxsize=4_096)
def is_deterministic(attribute: Attribute) -> bool:
    """Whether all parts of a computed field are Django's own, or only consist of names and values."""
    computed = attribute.computed
    return computed is None or all(map(_part_is_deterministic, _parts(computed.expression)))


def _parts(expression: object) -> Iterator[object]:
    """Yield an expression and all that is in it, subqueries, too."""
    if isinstance(expression, list | tuple | set | frozenset):
        for one in expression:
            yield from _parts(one)
        return
    flat = expression.flatten() if hasattr(expression, "flatten") else [expression]
    for part in flat:
        if isinstance(part, list | tuple | set | frozenset):
            yield from _parts(part)
            continue
        yield part
        # The right-hand side of a comparison and the text of a function are not expressions.
        if isinstance(part, Lookup):
            yield from _parts(part.rhs)
        if isinstance(part, Func):
            yield from _parts([*part.extra.values()])
        if isinstance(part, Subquery):
            yield from _parts_of_query(part.query)


def _parts_of_query(query: Query) -> Iterator[object]:
    yield query
    yield from _parts(annotations_of(query))
    for condition in conditions_of(query):
        yield from _parts(condition)
        yield from _parts(getattr(condition, "rhs", None))


def _part_is_deterministic(part: object) -> bool:
    kind = type(part)
    if kind in PLAIN_TYPES or isinstance(part, Q):
        return True
    if isinstance(part, Promise | LazyObject):
        return False
    if isinstance(part, RawSQL):
        return kind is RawSQL and PLAIN_TYPES.issuperset(map(type, part.params))
    if isinstance(part, Value) and type(part.value) not in PLAIN_TYPES:
        return False
    own = kind.__mro__[: next(n for n, base in enumerate(kind.__mro__) if _is_djangos(base))]
    return all(_says_no_more(name, value) for base in own for name, value in vars(base).items())


def _is_djangos(kind: type) -> bool:
    return kind is object or kind.__module__.startswith("django.")


def _says_no_more(name: str, value: object) -> bool:
    return name in _HARMLESS or isinstance(value, str | int | tuple | None)
