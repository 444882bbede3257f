"""What one caller may reach, asked path by path.

An ``Access`` is made for one request and remembers what it found out about each model: the role
there, and the rows. Every clause asks it, so a path means the same everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.exceptions import LimitExceededError, OperationDeniedError
from django_flex.permissions.authorized import Rows, Visible
from django_flex.permissions.roles import Standing, resolve_role
from django_flex.permissions.rules import RuleFailedError, bind_rows
from django_flex.schema.paths import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.permissions.policy import Entry, Grant, Policy
    from django_flex.permissions.roles import Actor
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Attribute, Relation, Resource


class Access:
    """One caller's reach from one exposed model. Mutable only in what it remembers and counts."""

    __slots__ = ("_related", "_standings", "actor", "entry", "grant", "joins", "limits", "policy")

    def __init__(
        self, policy: Policy, actor: Actor, entry: Entry, grant: Grant, limits: Limits
    ) -> None:
        self.policy = policy
        self.actor = actor
        self.entry = entry
        self.grant = grant
        self.limits = limits
        self._standings: dict[type[models.Model], Standing | None] = {}
        self._related: dict[type[models.Model], Rows | None] = {}
        self.joins: set[Path] = set()

    @property
    def resource(self) -> Resource:
        """The model that the request is about."""
        return self.entry.resource

    def under(self, grant: Grant) -> Access:
        """Return the same caller's reach under another grant on the same model."""
        other = Access(self.policy, self.actor, self.entry, grant, self.limits)
        other._standings, other._related = self._standings, self._related
        return other

    def standing(self, model: type[models.Model]) -> Standing | None:
        """Return the caller's standing on another model; ``None`` if that is not exposed."""
        if model not in self._standings:
            entry = self.policy.entries.get(model)
            found = None if entry is None else resolve_role(self.policy, entry, self.actor)
            self._standings[model] = found
        return self._standings[model]

    def related_grant(self, model: type[models.Model]) -> Grant | None:
        """Return the caller's grant on another model, ``None`` without entry or role."""
        standing = self.standing(model)
        return None if standing is None else standing.grant

    def known_grants(self) -> dict[type[models.Model], Grant | None]:
        """Return the grants on other models that were asked about so far."""
        return {model: self.related_grant(model) for model in self._standings}

    def guards(self, hops: tuple[Relation, ...]) -> tuple[Visible, ...]:
        """Return the checks that a way over to-one relations has to pass."""
        if self.grant.unrestricted:
            return ()
        ways = (hops[: end + 1] for end in range(len(hops)))
        found = ((way, self.related_rows(way[-1].target)) for way in ways)
        return tuple(Visible(way, rows) for way, rows in found if rows is not None)

    def related_rows(self, resource: Resource) -> Rows | None:
        """Return the rows of a related model that the caller may see, ``None`` if no rule says."""
        if self.grant.unrestricted:
            return None
        if resource.model not in self._related:
            self._related[resource.model] = self._find_related(resource)
        return self._related[resource.model]

    def _find_related(self, resource: Resource) -> Rows | None:
        standing = self.standing(resource.model)
        if standing is None or (standing.grant is None and not standing.failed):
            return None
        try:
            rows = bind_rows(standing.rows, self.policy.entries[resource.model], self.actor)
        except RuleFailedError:
            return Rows(resource, nothing=True)
        return None if rows.plain else rows

    def count_joins(self, hops: tuple[Relation, ...], place: str) -> None:
        """Hold a way against ``MAX_RELATION_DEPTH`` and all ways so far against ``MAX_JOINS``."""
        if not hops:
            return
        if len(hops) > self.limits.max_relation_depth:
            raise LimitExceededError(
                "Too many relations in one path",
                path=place,
                hint=f"at most {self.limits.max_relation_depth}",
            )
        names = tuple(hop.name for hop in hops)
        if names in self.joins:
            return
        self.joins.update(names[: end + 1] for end in range(len(names)))
        if len(self.joins) > self.limits.max_joins:
            raise LimitExceededError(
                "Too many relations in one query",
                path=place,
                hint=f"at most {self.limits.max_joins}",
            )

    def readable(self, target: Target) -> bool:
        """Whether the caller may read what a path leads to."""
        if self.grant.unrestricted:
            return True
        return self._named(self.grant, target) or self._wild(self.grant, self.resource, target)

    def may_filter(self, target: Target, operators: Path) -> bool:
        """Whether the caller may filter a path by these transforms and operator."""
        filters = self.grant.filters
        if filters.names(target.canonical, operators) or self.grant.unrestricted:
            return True
        return filters.everything and self.readable(target)

    def may_order(self, target: Target, *, descending: bool) -> bool:
        """Whether the caller may sort by a path in this direction."""
        order_by = self.grant.order_by
        if (target.canonical, descending) in order_by.exact or self.grant.unrestricted:
            return True
        return order_by.everything and self.readable(target)

    def _named(self, grant: Grant, target: Target) -> bool:
        """Whether a grant writes a target out, or a ``json.*`` in it covers the target."""
        if grant.fields.names(target.canonical, len(target.keys)):
            return True
        opened = grant.fields.opens(target.canonical, len(target.keys))
        return opened and not self._is_left_out(grant, target)

    def _wild(self, grant: Grant, resource: Resource, target: Target) -> bool:
        """Whether a wildcard of a grant on ``resource`` covers a target as seen from there."""
        if self._is_guarded(resource, target) or is_excluded(grant, target):
            return False
        if target.hops and target.hop_names in grant.fields.wildcards:
            return not self._is_excluded_there(target)
        if not grant.fields.everything:
            return False
        return not target.hops or self._wild_beyond(target)

    def _wild_beyond(self, target: Target) -> bool:
        """Whether ``*`` reaches over the first hop: by the other model's entry, else by default."""
        first, beyond = target.hops[0], behind(target)
        standing = self.standing(first.model)
        if standing is not None:
            grant = standing.grant
            if grant is None or grant.empty:
                return False
            return self._named(grant, beyond) or self._wild(grant, first.target, beyond)
        if first.cardinality == "many":
            return False
        return not beyond.hops or self._wild_beyond(beyond)

    def _is_guarded(self, resource: Resource, target: Target) -> bool:
        guard = self.policy.guard
        model = resource.model
        for hop in target.hops:
            if guard.covers(model, hop.name):
                return True
            model = hop.model
        return guard.covers(model, target.attribute.name)

    def _is_left_out(self, grant: Grant, target: Target) -> bool:
        """Whether an ``exclude`` here, or on the model at the end, takes a target out."""
        return is_excluded(grant, target) or (bool(target.hops) and self._is_excluded_there(target))

    def _is_excluded_there(self, target: Target) -> bool:
        """Whether the related entry leaves a field out of wildcards, of its role or of all."""
        entry = self.policy.entries.get(target.hops[-1].model)
        standing = self.standing(target.hops[-1].model)
        if entry is None or standing is None:
            return False
        last = behind(target, len(target.hops))
        if standing.grant is not None:
            return is_excluded(standing.grant, last)
        return any(covers_path(path, last) for path in entry.exclude)

    def readable_attributes(self, hops: tuple[Relation, ...]) -> Iterator[Attribute]:
        """Yield the columns at the end of a way that the caller may read."""
        resource = hops[-1].target if hops else self.resource
        for attribute in resource.attributes.values():
            if self.readable(Target(hops=hops, attribute=attribute)):
                yield attribute

    def wildcard_attributes(self, hops: tuple[Relation, ...]) -> Iterator[Attribute]:
        """Yield the columns that ``*`` behind a way stands for: readable ones, not excluded."""
        for attribute in self.readable_attributes(hops):
            target = Target(hops=hops, attribute=attribute)
            if self.grant.unrestricted or not self._is_left_out(self.grant, target):
                yield attribute


def enter(
    policy: Policy,
    actor: Actor,
    entry: Entry,
    operation: str,
    limits: Limits,
    standing: Standing | None = None,
) -> tuple[Access, Rows]:
    """Resolve the caller's role on a model and bind its rows.

    Raises:
        OperationDeniedError: no role, an empty grant, an operation that is not granted, or a row
            rule that failed.
    """
    standing = standing or resolve_role(policy, entry, actor)
    grant = standing.grant
    if grant is None or operation not in grant.operations:
        raise OperationDeniedError(operation, entry.name)
    try:
        rows = bind_rows(standing.rows, entry, actor)
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
    return Access(policy, actor, entry, grant, limits), rows


def behind(target: Target, hops: int = 1) -> Target:
    """Return a target as seen from behind its first hops."""
    return replace(target, hops=target.hops[hops:])


def is_excluded(grant: Grant, target: Target) -> bool:
    """Whether an entry's or role's ``exclude`` takes a target out of wildcards."""
    return any(covers_path(path, target) for path in grant.exclude)


def covers_path(excluded: Path, target: Target) -> bool:
    """Whether an excluded path is the target's, above it, or a key inside its JSON value."""
    canonical = target.canonical
    if canonical[-1] == "*":  # all that is in a JSON value
        canonical = canonical[:-1]
    above = excluded[:-1] if excluded[-1] == "*" else excluded
    if len(canonical) >= len(excluded) and canonical[: len(above)] == above:
        return True
    return target.attribute.kind == "json" and excluded[: len(canonical)] == canonical
