"""Authorized queries as templates: what is the same for every caller with the same grant.

A template is checked once for a grant, and completed for each caller: the operation, the rows and
what is shown of related rows are authorized each time. What cannot be proven to depend on the
query and the grant alone is no template.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.read.order import authorize_orders, is_decided_by_grant
from django_flex.binding.conditions import own_paths
from django_flex.dataclass_init import fast_init
from django_flex.query.ast import Comparison, ParameterText, Quantified
from django_flex.query.filters import comparisons
from django_flex.query.operators import OPERATORS
from django_flex.resolved import (
    AllOf,
    AnyOf,
    Column,
    Complement,
    Ordering,
    Predicate,
)
from django_flex.schema.field_checks import takes_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.policy.model import Entry, Grant
    from django_flex.query.ast import Condition, Query
    from django_flex.resolved import AuthorizedQuery, Where
    from django_flex.schema.resources import Attribute, Resource

#: Types of values that cannot change, and mean the same for any caller at any time.
CONSTANT = frozenset({str, ParameterText, int, bool, type(None)})
#: Kinds of which a value is read without a time zone, a language or code of the project.
TIMELESS = frozenset({"integer", "decimal", "float", "boolean", "text", "uuid"})
#: What such a value is compared by: a list would be shared, and might be changed.
SINGLE = frozenset({"value", "boolean"})


class TemplateMismatchError(AssertionError):
    """A template is not what would be authorized."""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """What is authorized of a query for every caller with one grant; nothing of any caller."""

    asked: Query
    resource: Resource
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: object
    may_scan: bool
    lookups: tuple[tuple[Attribute, str], ...]

    def holds(self) -> bool:
        """Whether no lookup checks its values: a project may register one at any time."""
        return all(takes_all(column, name) for column, name in self.lookups)


def template_of(authorized: AuthorizedQuery, entry: Entry, grant: Grant) -> Template | None:
    """Return what of an authorized query is the same for every caller with this grant.

    ``None`` if that cannot be proven of all but its rows and its selection, which
    ``authorize_again`` authorizes for each caller.
    """
    if not _is_template(authorized, entry, grant):
        return None
    query = authorized.asked
    asked = () if query.filters is None else comparisons(query.filters)
    targets = [own_paths.get(grant, one.path) for one in asked]
    lookups = [(one.attribute, OPERATORS[one.rest[0]].comparison) for one in targets if one]
    if len(lookups) < len(targets):
        return None  # another thread has emptied what is known of the grant
    if query.pk is not None:
        lookups.append((entry.resource.pk, "exact"))
    return Template(
        asked=authorized.asked,
        resource=authorized.resource,
        where=authorized.where,
        order_by=authorized.order_by,
        pk=authorized.pk,
        may_scan=authorized.may_scan,
        lookups=tuple(lookups),
    )


def _is_template(authorized: AuthorizedQuery, entry: Entry, grant: Grant) -> bool:
    query = authorized.asked
    others = authorized.keyset, authorized.totals, authorized.ranking
    if grant.unrestricted or not is_simple(query) or others != (None, None, None):
        return False
    if authorized.json_places or authorized.distinct_on or authorized.rules:
        return False
    if entry.default_order and not query.order_by:
        return False  # it is left out for a caller who may not read it
    if not all(is_decided_by_grant(term, grant) for term in query.order_by):
        return False
    if query.filters is not None and not _is_constant(query.filters, grant):
        return False
    return query.pk is None or _is_constant_key(query.pk, entry.resource.pk)


def is_constant(value: object) -> bool:
    """Whether a value cannot change, and means the same for any caller."""
    return type(value) in CONSTANT


def is_simple(query: Query) -> bool:
    """Whether a query has none but the clauses that are looked at here."""
    others = (
        query.search,
        query.distinct,
        query.aggregate,
        query.group_by,
        query.having,
        query.explain,
        query.stream,
        query.page.cursor,
    )
    return not query.related and others == (None,) * len(others)


def _is_constant(condition: Condition, grant: Grant) -> bool:
    """Whether a condition only compares columns of the row itself, with values that are constant."""
    if any(isinstance(one, Quantified) for one in _nodes(condition)):
        return False
    return all(_is_constant_test(one, grant) for one in comparisons(condition))


def _nodes(condition: Condition) -> Iterator[Condition]:
    yield condition
    children = getattr(condition, "children", ())
    child = getattr(condition, "child", None)
    for one in children if child is None else (child,):
        yield from _nodes(one)


def _is_constant_test(comparison: Comparison, grant: Grant) -> bool:
    target = own_paths.get(grant, comparison.path)
    if target is None or not is_constant(comparison.value) or len(target.rest) != 1:
        return False
    column, [operator] = target.attribute, target.rest
    if OPERATORS[operator].takes not in SINGLE or target.keys:
        return False
    return _is_timeless(column) and takes_all(column, OPERATORS[operator].comparison)


def _is_constant_key(key: object, pk: Attribute) -> bool:
    return is_constant(key) and not pk.parts and _is_timeless(pk) and takes_all(pk, "exact")


def _is_timeless(column: Attribute) -> bool:
    return column.kind in TIMELESS and not column.custom and column.computed is None


def check_template(template: Template, access: Access) -> None:
    """Compare a template with what would be authorized for a caller, for tests.

    Raises:
        TemplateMismatchError: they differ.
    """
    query = template.asked
    where, places = None, frozenset[str]()
    if query.filters is not None:
        where, places = authorize_filters(query.filters, access)
    found = where, authorize_orders(query.order_by, access), places
    if not _same(found, (template.where, template.order_by, frozenset())):
        message = f"{query!r} is authorized otherwise"
        raise TemplateMismatchError(message)


def _same(one: object, other: object) -> bool:
    """Whether two resolved trees are equal, the types of their values, too."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, AllOf | AnyOf | Column | Complement | Ordering | Predicate):
        names = [field.name for field in fields(one)]
        return all(_same(getattr(one, name), getattr(other, name)) for name in names)
    return one == other
