"""The gate of model actions: whether a caller may run one, and on which rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.access.pointing import nameable_rows
from django_flex.access.reach import Access
from django_flex.access.rules import RuleFailedError, bind_rows
from django_flex.analysis.authorize import authorize_returning, returned_terms
from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.writes.rules import CallerPermissions, project_code
from django_flex.policy.model import ActionGrant
from django_flex.query.ast import FieldTerm
from django_flex.resolved import WriteRules
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import Condition
    from django_flex.query.limits import Limits
    from django_flex.resolved import AuthorizedQuery, Rows, Where


@dataclass(frozen=True, slots=True, eq=False)
class ActionAccess:
    """What one caller may do with one action.

    ``rules`` say which rows it may be run on; ``inputs`` are those that may be sent, ``None`` for
    all of them; ``access`` is the caller's reach on the model.
    """

    access: Access
    rules: WriteRules
    inputs: frozenset[str] | None

    @property
    def rows(self) -> Rows:
        """The rows that the caller may see."""
        return self.rules.before[0]

    @property
    def unrestricted(self) -> bool:
        """Whether code said that no permission narrows the run."""
        return self.access.grant.unrestricted

    @property
    def max_keys(self) -> int:
        """How many keys one input may have."""
        return self.access.limits.max_in_items

    def nameable_rows(self, model: type[models.Model]) -> Rows:
        """Return the rows of a model that an input may name by their keys."""
        resource = self.access.policy.schema.find(label_of(model))
        return nameable_rows(resource, self.access)

    def inherited(self, model: type[models.Model]) -> Iterator[tuple[str, Rows]]:
        """Yield what else a key may name: of a model without a role, the rows that it inherits.

        A proxy is another name for the rows of its table, and a row of a child has one of its
        parent in it: what is hidden there must not be named here. Each comes with the column that
        holds its key.
        """
        access = self.access
        for base in model.__mro__:
            options = getattr(base, "_meta", None)
            if options is None or options.abstract:
                continue
            granted = access.resolved(options.label_lower)
            if granted is None or (granted.grant is None and not granted.failed):
                continue
            rows = access.related_rows(access.policy.schema.find(label_of(base)))
            if base is not model and rows is not None:
                shared = options.concrete_model is model._meta.concrete_model
                link = None if shared else model._meta.get_ancestor_link(base)
                yield ("pk" if link is None else link.attname), rows
            return


def enter_action(
    name: str, policy: Policy, actor: Actor, entry: Entry, limits: Limits, granted: ResolvedGrant
) -> ActionAccess | None:
    """Return how a caller may run an action; ``None`` if they may not, or a rule of it failed."""
    grant = granted.grant
    if grant is None:
        return None
    action = ActionGrant() if grant.unrestricted else grant.actions.get(name)
    if action is None:
        return None
    try:
        rows = bind_rows(granted.rows, entry, actor)
        # The entry's queryset is in `rows` already.
        narrower = bind_rows(action.rows, replace(entry, queryset=None), actor)
    except RuleFailedError:
        return None
    access = Access(policy, actor, entry, grant, limits)
    rules = WriteRules(
        operation="edit",
        resource=entry.resource,
        before=(rows, narrower) if narrower.restricts else (rows,),
        after=(),
        code=project_code(entry, actor),
        permissions=CallerPermissions(access),
    )
    return ActionAccess(access, rules, action.input)


def granted_actions(granted: ResolvedGrant, every: list[str]) -> list[str]:
    """Return those of some actions that a role may run."""
    grant = granted.grant
    if grant is None:
        return []
    return every if grant.unrestricted else [name for name in every if name in grant.actions]


def authorize_shown(
    reach: ActionAccess,
    terms: tuple[FieldTerm, ...] | None,
    label: str | None = None,
) -> AuthorizedQuery | None:
    """Authorize what the reply shows of a row; ``None`` if the caller may read nothing of it.

    Args:
        reach: that of the action.
        terms: what was asked for, ``None`` for all that the caller may read.
        label: of the resource of the row, where it is not the one of the action.

    Raises:
        FieldDeniedError: a field that the caller may not read.
    """
    access, rows = reach.access, reach.rows
    if label is not None and label != access.resource.label:
        found = _elsewhere(access, label)
        if found is None:
            return None
        access, rows = found
    shown = returned_terms(terms, access)
    return None if shown is None else authorize_returning(shown, access, rows)


def _elsewhere(access: Access, label: str) -> tuple[Access, Rows] | None:
    """Return the caller's reach on another resource, ``None`` if it is not exposed to them."""
    entry, granted = access.policy.entries.get(label), access.resolved(label)
    if entry is None or granted is None or granted.grant is None:
        return None
    try:
        rows = bind_rows(granted.rows, entry, access.actor)
    except RuleFailedError:
        return None
    return Access(access.policy, access.actor, entry, granted.grant, access.limits), rows


def authorize_chosen(reach: ActionAccess, condition: Condition) -> Where:
    """Authorize a filter of the caller: rows to run on, or what a row has to be like.

    Raises:
        FilterDeniedError: a filter that the caller may not use.
    """
    where, _ = authorize_filters(condition, reach.access)
    return where
