"""Row rules against the backend of their model: what it cannot apply, and what others store."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet

from django_flex.binding.comparands import NoValueError
from django_flex.binding.conditions import bind_rule
from django_flex.exceptions import FlexError, UnsupportedQueryError
from django_flex.plan.needs import check_rows
from django_flex.policy.problems import Problem
from django_flex.resolved import Rows
from django_flex.review.dead import hops_of, written_paths
from django_flex.review.trying import trial_users, try_rule
from django_flex.schema.paths import UnknownPathError, resolve, ways_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.plan.capabilities import Capabilities
    from django_flex.policy.model import Entry, RowRule
    from django_flex.query.ast import Path
    from django_flex.review.reviewed import ReviewedGrant
    from django_flex.schema.resources import Relation, Resource


def review_backend(reviewed: ReviewedGrant, can: Capabilities) -> Iterator[Problem]:
    """Yield the rules of a grant that the backend of its model cannot apply."""
    for place, rule in reviewed.rules():
        for rows in _rows(rule, reviewed, can):
            yield from _unsupported(rows, can, place)
        if can.model_rules and can.resources is not None:
            for label in _needed(rule, reviewed):
                if label not in can.resources:
                    text = f"The rule needs rows of '{label}', which another backend or database stores"
                    yield Problem("E029", text, place, "compare columns of the model itself")


def review_databases(reviewed: ReviewedGrant, can: Capabilities) -> Iterator[Problem]:
    """Yield the paths that a grant writes out though they need rows of another database."""
    if can.resources is None:
        return
    for clause, paths in written_paths(reviewed.grant).items():
        for path in sorted(paths):
            hops = hops_of(path, reviewed.entry.resource)
            if hops and len(hops) == len(path) and path not in reviewed.grant.fields.wildcards:
                # The key of a related row is a column of the row before it.
                hops = hops if hops[-1].column is None else hops[:-1]
            ways = (hops, *_computed_from(path, reviewed.entry.resource))
            if any(crosses(way, can, lists=clause == "fields") for way in ways):
                text = f"'{'.'.join(path)}' needs rows of another database, so it is refused"
                yield Problem("W027", text, reviewed.at(clause), "leave it out")


def _computed_from(path: Path, resource: Resource) -> tuple[tuple[Relation, ...], ...]:
    """Return the ways to the rows that a granted value is computed from."""
    try:
        target = resolve(resource, path)
    except UnknownPathError:
        return ()
    return ways_of(target.attribute, target.hops, resource)


def crosses(hops: Sequence[Relation], can: Capabilities, *, lists: bool) -> bool:
    """Whether relations lead out of a database; those to lists may, if these are shown."""
    for hop in hops:
        there = can.read_apart(hop.label) if lists and hop.cardinality == "many" else can
        stored: Any = there.resources
        if any(label not in stored for label in hop.needed):
            return True
        can = there
    return False


def review_queryset_backend(entry: Entry, can: Capabilities) -> Iterator[Problem]:
    """Yield that an entry has a ``queryset``, and its model a backend that cannot use it."""
    if entry.queryset is not None:
        rows = Rows(entry.resource, queryset=entry.queryset)
        yield from _unsupported(rows, can, f"EXPOSE[{entry.name!r}]['queryset']")


def _unsupported(rows: Rows, can: Capabilities, place: str) -> Iterator[Problem]:
    try:
        check_rows(rows, can)
    except UnsupportedQueryError as error:
        text = f"The backend of '{rows.resource.label}' cannot apply it: {error}"
        yield Problem("E029", text, place, error.hint)


def _rows(rule: RowRule, reviewed: ReviewedGrant, can: Capabilities) -> Iterator[Rows]:
    """Yield the rows of a rule, as far as they are known without a caller."""
    resource = reviewed.entry.resource
    if rule.kind in {"q", "call"} and not can.model_rules:
        yield Rows(resource, q=Q())
    elif rule.condition is not None:
        # One that cannot be bound was reported when it was compiled.
        with suppress(FlexError, NoValueError):
            yield Rows(resource, condition=bind_rule(rule.condition, resource, None))


def _needed(rule: RowRule, reviewed: ReviewedGrant) -> Iterator[str]:
    """Yield the labels of the resources whose rows a ``Q`` needs, besides those of the model."""
    for condition in _conditions(rule, reviewed):
        yield from related_labels(condition, reviewed.entry.resource)


def _conditions(rule: RowRule, reviewed: ReviewedGrant) -> Iterator[Q]:
    """Yield the ``Q`` of a rule, for different callers if it is a callable."""
    if isinstance(rule.q, Q):
        yield rule.q
    elif rule.call is not None:
        resolved = reviewed.policy.resolver is not None
        for user in trial_users(reviewed.grant.role, resolved=resolved).values():
            found = try_rule(rule.call, user).value
            if isinstance(found, Q):
                yield found


def related_labels(condition: Q, resource: Resource) -> frozenset[str]:
    """Return the labels of the resources that a ``Q`` joins or selects from."""
    found: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            found |= related_labels(child, resource)
        elif isinstance(child, tuple):
            lookup, value = child
            found.update(_crossed(lookup, resource))
            if isinstance(value, F):
                found.update(_crossed(value.name, resource))  # type: ignore[attr-defined]  # stubs lack it
            elif isinstance(value, QuerySet):
                found.add(value.model._meta.label_lower)
    return frozenset(found)


def _crossed(lookup: str, resource: Resource) -> Iterator[str]:
    """Yield the labels on the way of a Django lookup; the key of a to-one row is no way to it."""
    names = lookup.split("__")
    for name, following in pairwise([*names, ""]):
        relation = resource.relation(name)
        if relation is None:
            return
        resource = relation.target
        further = resource.attribute(following)
        is_own = relation.column is not None and (further is None or further.primary_key)
        if not is_own or resource.relation(following) is not None:
            yield from relation.needed
