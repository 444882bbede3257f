"""The gate of model actions: whether a caller may run one, and on which rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.exceptions import FieldDeniedError
from django_flex.permissions.access import Access
from django_flex.permissions.authorize import authorize_returning
from django_flex.permissions.authorized import Rows
from django_flex.permissions.authorized_writes import Rules
from django_flex.permissions.conditions import authorize_filters
from django_flex.permissions.policy import ActionGrant
from django_flex.permissions.rules import RuleFailedError, bind_rows
from django_flex.query.ast import FieldTerm

if TYPE_CHECKING:
    from django.db import models

    from django_flex.permissions.authorized import AuthorizedQuery, Where
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor, Standing
    from django_flex.query.ast import Condition
    from django_flex.query.limits import Limits

_READING = frozenset({"get", "list"})


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What one caller may do with one action.

    ``rules`` say which rows it may be run on; ``inputs`` are those that may be sent, ``None`` for
    all of them; ``access`` is the caller's reach on the model.
    """

    access: Access
    rules: Rules
    inputs: frozenset[str] | None

    @property
    def rows(self) -> Rows:
        """The rows that the caller may see."""
        return self.rules.before[0]


def enter_action(
    name: str, policy: Policy, actor: Actor, entry: Entry, limits: Limits, standing: Standing
) -> Reach | None:
    """Return how a caller may run an action; ``None`` if they may not, or a rule of it failed."""
    grant = standing.grant
    if grant is None:
        return None
    granted = ActionGrant() if grant.unrestricted else grant.actions.get(name)
    if granted is None:
        return None
    try:
        rows = bind_rows(standing.rows, entry, actor)
        # The entry's queryset is in `rows` already.
        narrower = bind_rows(granted.rows, replace(entry, queryset=None), actor)
    except RuleFailedError:
        return None
    rules = Rules(
        operation="edit",
        entry=entry,
        access=Access(policy, actor, entry, grant, limits),
        presets=(),
        before=(rows, narrower) if narrower.restricts else (rows,),
        after=(),
    )
    return Reach(rules.access, rules, granted.input)


def granted_actions(standing: Standing, every: list[str]) -> list[str]:
    """Return those of some actions that a role may run."""
    grant = standing.grant
    if grant is None:
        return []
    return every if grant.unrestricted else [name for name in every if name in grant.actions]


def authorize_shown(
    reach: Reach, terms: tuple[FieldTerm, ...] | None, model: type[models.Model] | None = None
) -> AuthorizedQuery | None:
    """Authorize what the reply shows of a row; ``None`` if the caller may read nothing of it.

    Args:
        reach: that of the action.
        terms: what was asked for, ``None`` for all that the caller may read.
        model: of the row, where it is not the model of the action.

    Raises:
        FieldDeniedError: a field that the caller may not read.
    """
    access, rows = reach.access, reach.rows
    if model is not None and model is not access.resource.model:
        found = _elsewhere(access, model)
        if found is None:
            return None
        access, rows = found
    if not (access.grant.operations & _READING or access.grant.unrestricted):
        if terms is not None:
            raise FieldDeniedError(str(terms[0]), path="_fields")
        return None
    if terms is None:
        if not any(access.wildcard_attributes(())):
            return None
        terms = (FieldTerm(("*",)),)
    return authorize_returning(terms, access, rows)


def _elsewhere(access: Access, model: type[models.Model]) -> tuple[Access, Rows] | None:
    """Return the caller's reach on another model, ``None`` if it is not exposed to them."""
    entry, standing = access.policy.entries.get(model), access.standing(model)
    if entry is None or standing is None or standing.grant is None:
        return None
    try:
        rows = bind_rows(standing.rows, entry, access.actor)
    except RuleFailedError:
        return None
    return Access(access.policy, access.actor, entry, standing.grant, access.limits), rows


def authorize_chosen(reach: Reach, condition: Condition) -> Where:
    """Authorize a filter of the caller: rows to run on, or what a row has to be like.

    Raises:
        FilterDeniedError: a filter that the caller may not use.
    """
    where, _ = authorize_filters(condition, reach.access)
    return where


def referable(reach: Reach, model: type[models.Model]) -> Rows:
    """Return the rows of a model that an input of the caller may name by their keys."""
    resource = reach.access.policy.schema.describe(model)
    return reach.access.related_rows(resource) or Rows(resource, plain=True)
