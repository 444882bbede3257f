"""What one caller may reach, path by path.

An ``Access`` belongs to one request. Every clause uses it, so a path means the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django_flex.access.exclusions import behind, is_excluded, is_guarded, moved, omits, parts_of
from django_flex.access.limits import too_many
from django_flex.access.proxies import as_proxy, excluded_of, label_with_entry
from django_flex.access.readable_columns import readable_columns
from django_flex.access.roles import ResolvedGrant, resolve_grant
from django_flex.access.rules import RuleFailedError, bind_rows
from django_flex.access.visible_hops import visible_hops
from django_flex.exceptions.places import worded
from django_flex.policy.model import Entry, Grant, Policy
from django_flex.query.kinds import UNSORTED
from django_flex.resolved import Rows
from django_flex.schema.generic_relations import type_relation
from django_flex.schema.introspection import proxied
from django_flex.schema.paths import ResolvedPath, hops_to_others

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.access.actor import Actor
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.resolved import VisibleHop
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.resources import Attribute, Relation, Resource


class Access:
    """One caller's reach from one exposed model. Only its cache and its counters are mutable."""

    __slots__ = (
        "actor",
        "entry",
        "grant",
        "joins",
        "limits",
        "policy",
        "related",
        "resolved_grants",
    )
    decides: ClassVar[bool] = True  # the grant alone, about the columns of the row itself

    def __init__(
        self, policy: Policy, actor: Actor, entry: Entry, grant: Grant, limits: Limits
    ) -> None:
        self.policy = policy
        self.actor = actor
        self.entry = entry
        self.grant = grant
        self.limits = limits
        self.resolved_grants: dict[str, ResolvedGrant | None] = {}
        self.related: dict[str, Rows | None] = {}
        self.joins: set[Path] = set()

    @property
    def resource(self) -> Resource:
        """The model that the request is about."""
        return self.entry.resource

    @property
    def prefix(self) -> str:
        """What a client would have to write before a path from here, with its last dot."""
        return ""

    def under(self, grant: Grant) -> Access:
        """Return the same caller's reach under another grant on the same model."""
        other = Access(self.policy, self.actor, self.entry, grant, self.limits)
        other.resolved_grants, other.related = self.resolved_grants, self.related
        return other

    def resolved(self, label: str) -> ResolvedGrant | None:
        """Return the caller's grant on another resource; ``None`` if that is not exposed."""
        if label not in self.resolved_grants:
            self.resolved_grants[label] = self._resolve(label)
        return self.resolved_grants[label]

    def _resolve(self, label: str) -> ResolvedGrant | None:
        entry, base = self.policy.entries.get(label), proxied(label)
        found = None if entry is None else resolve_grant(self.policy, entry, self.actor)
        if base is None or (found is not None and found.lists_role):
            return found
        return self.resolved(base) or found

    def related_grant(self, label: str) -> Grant | None:
        """Return the caller's grant on another resource, ``None`` without entry or role."""
        granted = self.resolved(label)
        return None if granted is None else granted.grant

    def masks(self, hops: tuple[Relation, ...]) -> tuple[VisibleHop, ...]:
        """Return the checks that a way over to-one relations has to pass."""
        free = self.grant.unrestricted
        return () if free else tuple(visible_hops(hops, self, self.policy.schema.find))

    def related_rows(self, resource: Resource) -> Rows | None:
        """Return the rows of a related model that the caller may see, ``None`` if no rule says."""
        if self.grant.unrestricted:
            return None
        if resource.label not in self.related:
            self.related[resource.label] = self._find_related(resource)
        return self.related[resource.label]

    def _find_related(self, resource: Resource) -> Rows | None:
        granted, base = self.resolved(resource.label), proxied(resource.label)
        if granted is None or not granted.lists_role:
            return None
        if base is not None and granted is self.resolved(base):
            return as_proxy(self.related_rows(self.policy.schema.find(base)), resource)
        try:
            rows = bind_rows(granted.rows, self.policy.entries[resource.label], self.actor)
        except RuleFailedError:
            return Rows(resource, nothing=True)
        return None if rows.plain else rows

    def link_rows(self, relation: Relation) -> Rows | None:
        """Return the rows of a many-to-many relation's ``through`` model that the caller may see.

        ``None`` if no rule says which: the model has no entry, or its entry hides none.
        """
        label = relation.through and label_with_entry(self.policy, relation.through)
        return None if label is None else self.related_rows(self.policy.schema.find(label))

    def type_rows(self, relation: Relation) -> Rows | None:
        """Return the content types that are visible, if rows of one type are behind a relation."""
        types = type_relation(relation, self.policy.schema.find)
        return None if types is None else self.related_rows(types.target)

    def least(self, relation: Relation | None = None) -> int:
        """Return the minimum of rows for an aggregate, from the grants on both models."""
        if self.grant.unrestricted:
            return 1
        there = self.related_grant(relation.label) if relation is not None else None
        return max(self.grant.min_group, there.min_group if there is not None else 1)

    def count_joins(self, hops: tuple[Relation, ...], place: Place) -> None:
        """Check a way against ``MAX_RELATION_DEPTH`` and all ways so far against ``MAX_JOINS``."""
        hops = hops_to_others(hops)
        if len(hops) > self.limits.max_relation_depth:
            text = worded("Too many relations in one path")
            raise too_many(text, self.limits.max_relation_depth, place)
        names = tuple(hop.name for hop in hops)
        if names and names not in self.joins:
            self.take_joins((names[: end + 1] for end in range(len(names))), place)

    def take_joins(self, ways: Iterable[Path], place: Place) -> None:
        """Count ways that are short enough, and check all so far against ``MAX_JOINS``."""
        self.joins.update(ways)
        if len(self.joins) > self.limits.max_joins:
            text = worded("Too many relations in one query")
            raise too_many(text, self.limits.max_joins, place)

    def readable(self, target: ResolvedPath) -> bool:
        """Whether the caller may read what a path leads to; hashes of passwords nobody may."""
        if self.grant.unrestricted or target.attribute.hashed:
            return self.grant.unrestricted
        if self.covers(target):
            return True
        # What the caller may list there anyway, nested under the rows that it belongs to.
        for end, hop in enumerate(target.hops):
            if hop.cardinality == "many":
                return self.inside(target.hops[: end + 1]).grants(behind(target, end + 1))
        return False

    def may_go(self, hops: tuple[Relation, ...]) -> bool:
        """Whether a way is open that no grant writes out: something can be read at each step.

        No relation on it may be guarded or excluded: both mean that it has to be written out.
        """
        target = ResolvedPath(hops, hops[-1].item, via=True)
        if is_guarded(self.policy.guard, self.resource, target) or is_excluded(self.grant, target):
            return False
        for end in range(1, len(hops)):
            there = self.related_grant(hops[end - 1].label)
            if there is not None and is_excluded(there, behind(target, end)):
                return False
        return all(self._may_pass(hops[:end]) for end in range(1, len(hops)))

    def _may_pass(self, hops: tuple[Relation, ...]) -> bool:
        """Whether the caller may read the key at the start of the last hop, or what is behind it."""
        holder = hops[-2].target if len(hops) > 1 else self.resource
        key = holder.attribute(hops[-1].column) if hops[-1].column is not None else None
        if key is not None and self.readable(ResolvedPath(hops[:-1], key)):
            return True
        return any(self.readable_attributes(hops))

    def covers(self, target: ResolvedPath) -> bool:
        """Whether this grant alone lets the caller read what a path leads to."""
        grant, here = self.grant, self.resource
        return self._named(grant, here, target) or self._wild(grant, here, target)

    def inside(self, hops: tuple[Relation, ...], asked: Path = ()) -> NestedAccess:
        """Return what may be reached behind a to-many relation, called as it was ``asked`` for."""
        return NestedAccess(self, hops, asked)

    def may_filter(self, target: ResolvedPath, operators: Path) -> bool:
        """Whether the caller may filter a path by these transforms and operator."""
        if self.grant.unrestricted or target.attribute.hashed:
            return self.grant.unrestricted
        named = self.grant.filters.names(target.canonical, operators)
        return named or (self.grant.filters.everything and self.readable(target))

    def may_order(self, target: ResolvedPath, *, descending: bool) -> bool:
        """Whether the caller may sort by a path in this direction."""
        if target.attribute.kind in UNSORTED:
            return False
        if self.grant.unrestricted or target.attribute.hashed:
            return self.grant.unrestricted
        named = (target.canonical, descending) in self.grant.order_by.exact
        return named or (self.grant.order_by.everything and self.readable(target))

    def may_aggregate(self, measure: Measure) -> bool:
        """Whether the caller may ask for an aggregate: the operation and the path are granted."""
        grant = self.grant
        if grant.unrestricted:
            return True
        target = measure.target
        if "aggregate" not in grant.operations or (target and target.attribute.hashed):
            return False
        readable = grant.aggregates.everything and (target is None or self.readable(target))
        return readable or grant.aggregates.names(measure.canonical)

    def may_filter_by(self, measure: Measure, operators: Path) -> bool:
        """Whether the caller may filter rows by an aggregate of their related rows."""
        filters = self.grant.filters
        granted = filters.everything or filters.names(measure.canonical, operators)
        return (granted or self.grant.unrestricted) and self.may_aggregate(measure)

    def may_order_by(self, measure: Measure, *, descending: bool) -> bool:
        """Whether the caller may sort rows by an aggregate of their related rows."""
        order_by = self.grant.order_by
        granted = order_by.everything or (measure.canonical, descending) in order_by.exact
        return (granted or self.grant.unrestricted) and self.may_aggregate(measure)

    def listing_grant(self, hops: tuple[Relation, ...]) -> Grant:
        """Return the grant on the model behind a relation; an empty one if it lists nothing."""
        if self.grant.unrestricted:
            return self.grant
        found = self.related_grant(hops[-1].label)
        lists = found is not None and "list" in found.operations and self.may_go(hops)
        return found if found is not None and lists else Grant(role="", empty=True)

    def _named(self, grant: Grant, resource: Resource, target: ResolvedPath) -> bool:
        """Whether a grant writes a target out, or a ``json.*`` in it covers the target."""
        if grant.fields.names(target.canonical, len(target.keys)):
            return not any(self._keeps(grant, resource, part) for part in parts_of(target))
        opened = grant.fields.opens(target.canonical, len(target.keys))
        return opened and not self._is_left_out(grant, target)

    def _wild(self, grant: Grant, resource: Resource, target: ResolvedPath) -> bool:
        """Whether a wildcard of a grant on ``resource`` covers a target as seen from there."""
        if is_guarded(self.policy.guard, resource, target) or is_excluded(grant, target):
            return False
        if target.hops and target.hop_names in grant.fields.wildcards:
            return not self._is_excluded_there(target)
        if not grant.fields.everything:
            return False
        return not target.hops or self._wild_beyond(target)

    def _wild_beyond(self, target: ResolvedPath) -> bool:
        """Whether ``*`` reaches over the first hop: by the other model's entry, else by default."""
        first, beyond = target.hops[0], behind(target)
        granted = self.resolved(first.label)
        if granted is not None:
            grant = granted.grant
            if grant is None or grant.empty:
                return False
            there = first.target
            return self._named(grant, there, beyond) or self._wild(grant, there, beyond)
        if first.cardinality == "many":
            return False
        return not beyond.hops or self._wild_beyond(beyond)

    def _keeps(self, grant: Grant, resource: Resource, part: ResolvedPath) -> bool:
        """Whether a part of a key has to be written out itself, and is not."""
        kept = is_guarded(self.policy.guard, resource, part) or self._is_left_out(grant, part)
        return kept and not grant.fields.names(part.canonical)

    def _is_left_out(self, grant: Grant, target: ResolvedPath) -> bool:
        """Whether an ``exclude`` here, or on the model at the end, takes a target out."""
        return is_excluded(grant, target) or (bool(target.hops) and self._is_excluded_there(target))

    def _is_excluded_there(self, target: ResolvedPath) -> bool:
        """Whether the related entry leaves a field out of wildcards, of its role or of all."""
        label, grant = target.hops[-1].label, self.related_grant(target.hops[-1].label)
        excluded = tuple(excluded_of(self.policy, label)) if grant is None else grant.exclude
        return omits(excluded, target)

    def readable_attributes(self, hops: tuple[Relation, ...]) -> Iterable[Attribute]:
        """Return the columns at the end of a way that the caller may read."""
        grant = self.grant if self.decides else None
        return readable_columns(self.resource, hops, grant, self.resolved, self.readable)

    def wildcard_attributes(self, hops: tuple[Relation, ...]) -> Iterator[Attribute]:
        """Yield the columns that ``*`` at the end of a way covers: readable and not excluded."""
        for attribute in self.readable_attributes(hops):
            target = ResolvedPath(hops=hops, attribute=attribute)
            if self.grant.unrestricted or not self.leaves_out(target):
                yield attribute

    def leaves_out(self, target: ResolvedPath) -> bool:
        """Whether an ``exclude`` takes a target out of wildcards."""
        return self._is_left_out(self.grant, target)


class NestedAccess(Access):
    """One caller's reach from the rows behind a to-many relation of another model.

    What may be asked there is what the outer grant writes out, or what the caller's grant on the
    model itself says, if it lets the caller list.
    """

    __slots__ = ("asked", "hops", "outer")
    decides: ClassVar[bool] = False

    def __init__(self, outer: Access, hops: tuple[Relation, ...], asked: Path = ()) -> None:
        super().__init__(
            outer.policy, outer.actor, outer.entry, outer.listing_grant(hops), outer.limits
        )
        self.resolved_grants, self.related = outer.resolved_grants, outer.related
        self.outer = outer
        self.hops = hops
        self.asked = asked or tuple(hop.name for hop in hops)
        self.joins = outer.joins

    @property
    def resource(self) -> Resource:
        """The model behind the relation."""
        return self.hops[-1].target

    @property
    def prefix(self) -> str:
        """The way here, as a client would write it."""
        return f"{self.outer.prefix}{'.'.join(self.asked)}."

    def may_go(self, hops: tuple[Relation, ...]) -> bool:
        """Whether a way goes on from here, where something has to be readable, too."""
        return any(self.readable_attributes(())) and super().may_go(hops)

    def grants(self, target: ResolvedPath) -> bool:
        """Whether the caller's grant on the model itself covers a path from there."""
        return not self.grant.empty and super().readable(target)

    def readable(self, target: ResolvedPath) -> bool:
        """Whether the caller may read what a path from there leads to."""
        return (
            self.grant.unrestricted or self.grants(target) or self.outer.readable(self._out(target))
        )

    def may_filter(self, target: ResolvedPath, operators: Path) -> bool:
        """Whether the caller may filter the rows there by a path."""
        if not self.grant.empty and super().may_filter(target, operators):
            return True
        return self.outer.may_filter(self._out(target), operators)

    def may_order(self, target: ResolvedPath, *, descending: bool) -> bool:
        """Whether the caller may sort the rows there by a path."""
        if not self.grant.empty and super().may_order(target, descending=descending):
            return True
        return self.outer.may_order(self._out(target), descending=descending)

    def may_aggregate(self, measure: Measure) -> bool:
        """Whether the caller may ask for an aggregate of each row there."""
        outside = measure.behind(self.hops)
        return super().may_aggregate(measure) or self.outer.may_aggregate(outside)

    def may_filter_by(self, measure: Measure, operators: Path) -> bool:
        """Whether the caller may filter the rows there by an aggregate of theirs."""
        outside = measure.behind(self.hops)
        return super().may_filter_by(measure, operators) or self.outer.may_filter_by(
            outside, operators
        )

    def may_order_by(self, measure: Measure, *, descending: bool) -> bool:
        """Whether the caller may sort the rows there by an aggregate of theirs."""
        outside = measure.behind(self.hops)
        return super().may_order_by(measure, descending=descending) or self.outer.may_order_by(
            outside, descending=descending
        )

    def count_joins(self, hops: tuple[Relation, ...], place: Place) -> None:
        """Count a way from the model that the request is about."""
        self.outer.count_joins((*self.hops, *hops), place)

    def leaves_out(self, target: ResolvedPath) -> bool:
        """Whether an ``exclude`` there, or of the outer grant, takes a target out of wildcards."""
        return super().leaves_out(target) or self.outer.leaves_out(self._out(target))

    def _out(self, target: ResolvedPath) -> ResolvedPath:
        return moved(target, (*self.hops, *target.hops))
