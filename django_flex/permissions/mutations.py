"""The gate for writes: what the caller may change, under which rules, or an error.

Nothing else makes an ``AuthorizedMutation``, and the planner takes nothing else. No row is looked
at here; the rules go along and are held against the rows where they are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import FieldDeniedError, InvalidValueError, UnsupportedQueryError
from django_flex.permissions.authorize import authorize_returning
from django_flex.permissions.authorized import PROOF
from django_flex.permissions.authorized_writes import AuthorizedMutation
from django_flex.permissions.changes import Writer
from django_flex.permissions.conditions import authorize_filters
from django_flex.permissions.write_rules import enter_writing
from django_flex.query.ast import FieldTerm
from django_flex.query.mutations import BY_FILTER
from django_flex.query.terms import excerpt
from django_flex.schema.introspection import unique_sets
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import AuthorizedQuery, Rows
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor, Standing
    from django_flex.query.ast import Mutation
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Attribute

_READING = frozenset({"get", "list"})
_DELETING = frozenset({"delete", "bulk_delete"})


def authorize_mutation(
    mutation: Mutation,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    standing: Standing | None = None,
) -> AuthorizedMutation:
    """Check a write against the caller's grant and attach the rules that apply.

    Args:
        mutation: what is to be written.
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model that is written.
        limits: the caps that apply.
        standing: how the caller stands there, if it is known already.

    Raises:
        AccessDeniedError: an operation, field or filter that is not granted.
        QueryError: something granted, sent in a way that makes no sense.
        ValidationFailedError: values that do not fit their columns.
        ObjectNotFoundError: a key that no row of this model can have.
    """
    access, rows, rules = enter_writing(mutation, policy, actor, entry, limits, standing)
    match = tuple(_match_field(name, access) for name in mutation.match)
    _need_unique(match, access)
    writer = Writer(limits, match)
    where = None
    if mutation.filters is not None:
        where, _ = authorize_filters(mutation.filters, access)
    written = writer.rows(mutation.changes, rules[0])
    if mutation.operation in BY_FILTER and any(row.children for row in written):
        raise UnsupportedQueryError("Rows inside rows cannot be written by filter", path="_set")
    return AuthorizedMutation(
        asked=mutation,
        rules=rules[0],
        rows=written,
        editing=rules[1] if match else None,
        edits=writer.rows(mutation.changes, rules[1]) if match else (),
        match=match,
        where=where,
        returning=_returning(mutation, access, rows),
        proof=PROOF,
    )


def _match_field(name: str, access: Access) -> Attribute:
    """Return a column of ``_match``; it must be readable, since a match tells that there is one."""
    try:
        target = resolve(access.resource, tuple(name.split(".")))
    except UnknownPathError:
        raise FieldDeniedError(excerpt(name), path="_match") from None
    if target.hops or target.keys or not access.readable(target):
        raise FieldDeniedError(excerpt(name), path="_match")
    return target.attribute


def _need_unique(match: tuple[Attribute, ...], access: Access) -> None:
    names = frozenset(attribute.name for attribute in match)
    if names and names not in unique_sets(access.resource.model):
        raise InvalidValueError(
            "Only fields that are unique together tell which row is meant", path="_match"
        )


def _returning(mutation: Mutation, access: Access, rows: Rows) -> AuthorizedQuery | None:
    """Authorize what the reply shows: what was asked, else all that the caller may read."""
    terms = mutation.returning
    if not access.grant.operations & _READING:
        if terms is not None:
            raise FieldDeniedError(str(terms[0]), path="_fields")
        return None
    if mutation.operation in _DELETING and mutation.if_match is None:
        return None
    if terms is None:
        if not any(access.wildcard_attributes(())):
            return None
        terms = (FieldTerm(("*",)),)
    return authorize_returning(terms, access, rows)
