"""The gate for writes: returns what the caller may change, under which rules, or raises.

Nothing else creates an ``AuthorizedMutation``, and the planner accepts nothing else. No row is read
here; the rules are passed on, and checked against the rows when they are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.authorize import authorize_returning, returned_terms
from django_flex.analysis.caps import mutation_within
from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.writes.changes import ChangeResolver
from django_flex.analysis.writes.faults import check_faults
from django_flex.analysis.writes.pointers import unmatchable
from django_flex.analysis.writes.rules import enter_writing
from django_flex.exceptions import FieldDeniedError, InvalidValueError, UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.query.operations import BY_FILTER
from django_flex.query.terms import excerpt
from django_flex.resolved import PROOF, AuthorizedMutation, NewRow
from django_flex.schema.paths import UnknownPathError, pointer_paths, resolve

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.reach import Access
    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import Mutation
    from django_flex.query.limits import Limits
    from django_flex.resolved import AuthorizedQuery, Rows, RowWrite
    from django_flex.schema.resources import Attribute

_DELETING = frozenset({"delete", "bulk_delete"})


def authorize_mutation(
    mutation: Mutation,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    granted: ResolvedGrant | None = None,
) -> AuthorizedMutation:
    """Check a write against the caller's grant and attach the rules that apply.

    Args:
        mutation: what is to be written.
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model that is written.
        limits: the caps that apply.
        granted: the caller's grant there, if it is known already.

    Raises:
        AccessDeniedError: an operation, field or filter that is not granted.
        QueryError: something granted, sent in a way that makes no sense.
        ValidationFailedError: values that do not fit, of rows that are chosen by values.
        ObjectNotFoundError: a key that no row of this model can have.
    """
    mutation = mutation_within(mutation, limits)
    access, rows, parts = enter_writing(mutation, policy, actor, entry, limits, granted)
    match = tuple(_match_field(name, access) for name in mutation.match)
    _need_unique(match, access)
    resolver = ChangeResolver(limits, match)
    where = None
    if mutation.filters is not None:
        where, _ = authorize_filters(mutation.filters, access)
    written = resolver.rows(mutation.changes, parts[0])
    if match or mutation.operation in BY_FILTER:
        check_faults(written)  # which rows are meant is not known without them
    if mutation.operation in BY_FILTER and any(map(has_nested_rows, written)):
        raise UnsupportedQueryError("Nested rows cannot be written by filter", path=Part.SET)
    return AuthorizedMutation(
        asked=mutation,
        rules=parts[0].rules,
        rows=written,
        editing=parts[1].rules if match else None,
        edits=resolver.rows(mutation.changes, parts[1]) if match else (),
        match=match,
        where=where,
        returning=_returning(mutation, access, rows),
        proof=PROOF,
    )


def has_nested_rows(row: RowWrite) -> bool:
    """Whether other rows are written with a row."""
    return bool(row.children) or any(isinstance(part.value, NewRow) for part in row.assignments)


def _match_field(name: str, access: Access) -> Attribute:
    """Return a column of ``_match``; it must be readable, since a match reveals that it exists."""
    try:
        target = resolve(access.resource, tuple(name.split(".")))
    except UnknownPathError:
        raise FieldDeniedError(excerpt(name), path=Part.MATCH) from None
    whole = [resolve(access.resource, path) for path in pointer_paths(access.resource, (name,))]
    if whole and all(map(access.readable, whole)):
        raise unmatchable(name)
    if target.hops or target.keys or not access.readable(target):
        raise FieldDeniedError(excerpt(name), path=Part.MATCH)
    return target.attribute


def _need_unique(match: tuple[Attribute, ...], access: Access) -> None:
    names = frozenset(attribute.name for attribute in match)
    if names and names not in access.resource.unique:
        raise InvalidValueError(
            "Only fields that are unique together identify a row", path=Part.MATCH
        )


def _returning(mutation: Mutation, access: Access, rows: Rows) -> AuthorizedQuery | None:
    """Authorize what the reply shows: what was asked, else all that the caller may read."""
    terms = returned_terms(mutation.returning, access)
    if terms is None or (mutation.operation in _DELETING and mutation.if_match is None):
        return None
    return authorize_returning(terms, access, rows)
