"""The matrix of an API version: each role on each model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.access.actor import Actor
from django_flex.access.limits import limits_of
from django_flex.access.roles import BUILT_IN_ROLES, policy_of_role, resolve_grant
from django_flex.describe import describe_model, no_actions, within_backend
from django_flex.describe.cached_access import CachedAccess
from django_flex.describe.grant import everything
from django_flex.describe.origins import Origins
from django_flex.matrix.closure import asked_of, openings_of
from django_flex.matrix.findings import findings_of
from django_flex.matrix.rules import rules_of
from django_flex.matrix.values import Cell, Matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from django_flex.access.reach import Access
    from django_flex.access.roles import ResolvedGrant
    from django_flex.describe import ActionsOf, ModelDescription, ReachDescription
    from django_flex.matrix.closure import Known
    from django_flex.plan.capabilities import CapabilitiesFor
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.limits import Limits

    #: A model, the reach of a role in it, and its grant there.
    _Described: TypeAlias = "tuple[ModelDescription, Access, ResolvedGrant]"

#: The order of the roles that every project has; the others are between them, by name.
_FIRST, _LAST = ("superuser", "staff"), ("authenticated", "anon")


def make_matrix(  # noqa: PLR0913 - all but the first two by name
    policy: Policy,
    limits: Limits,
    *,
    version: str | None = None,
    actions: ActionsOf = no_actions,
    capabilities_for: CapabilitiesFor = everything,
    roles: Iterable[str] | None = None,
    views: Sequence[ViewEntry] = (),
) -> Matrix:
    """Return what each role may do on each model.

    Args:
        policy: ``EXPOSE``, compiled.
        limits: the caps of the API version.
        version: its name.
        actions: gives the model actions of a role.
        capabilities_for: gives what plans of a resource may need.
        roles: ``None`` for all that ``EXPOSE`` and the views name.
        views: those with grants of their own, each of which is a row by its name.

    Raises:
        LookupError: no entry names one of the roles, which is its argument.
    """
    known = roles_of([*policy.entries.values(), *(one.entry for one in views)])
    chosen = known if roles is None else tuple(dict.fromkeys(roles))
    for role in chosen:
        if role not in known and role not in BUILT_IN_ROLES:
            raise LookupError(role)
    models: dict[str, dict[str, Cell]] = {
        entry.name: {} for entry in sorted(policy.entries.values(), key=lambda one: one.name)
    }
    for role in chosen:
        everywhere, resolver = policy_of_role(policy, role), policy.resolver is not None
        column = _Column(everywhere, resolver, limits, actions, capabilities_for)
        for name, cell in column.cells():
            models[name][role] = cell
        for view in views:
            everywhere = policy_of_role(view.policy, role)
            column = _Column(everywhere, resolver, limits, actions, capabilities_for)
            here, found = models.setdefault(view.name, {}), column.cell(view.entry)
            if found is not None:
                here[role] = found
    return Matrix(version=version, roles=chosen, models=models)


@dataclass(frozen=True, slots=True, eq=False)
class ViewEntry:
    """A view with grants of its own: its name, its entry, and the policy with it."""

    name: str
    policy: Policy
    entry: Entry


def roles_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the roles that entries name, from the most trusted to those of everybody.

    What a view grants to every caller is shown for each of them, at least for ``anon``.
    """
    named = {role for entry in entries for role in entry.grants}
    if any(entry.everyone is not None for entry in entries):
        named.add("anon")
    between = sorted(named - {*_FIRST, *_LAST})
    return tuple(role for role in (*_FIRST, *between, *_LAST) if role in named)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """All models of one role; ``resolver`` says whether the project resolves roles itself."""

    policy: Policy
    resolver: bool
    limits: Limits
    actions: ActionsOf
    capabilities_for: CapabilitiesFor

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Yield what the role may do on each model, by the name of its entry."""
        described = [found for one in self.policy.entries.values() if (found := self._one(one))]
        origins = Origins()
        known = {
            model.summary.name: asked_of(model, access, origins) for model, access, _ in described
        }
        for one in described:
            yield one[0].summary.name, self._cell(one, origins, known)

    def cell(self, entry: Entry) -> Cell | None:
        """Return what the role may do on one model, ``None`` if that is nothing."""
        described = self._one(entry)
        if described is None:
            return None
        listed = {entry.name, *_lists_in(described[0].reach)}
        there = (self._one(one) for one in self.policy.entries.values() if one.name in listed)
        origins = Origins()
        known = {
            model.summary.name: asked_of(model, access, origins)
            for model, access, _ in filter(None, there)
        }
        return self._cell(described, origins, known)

    def _cell(self, described: _Described, origins: Origins, known: Mapping[str, Known]) -> Cell:
        model, access, granted = described
        openings = openings_of(model, access, origins, known)
        rules = rules_of(access.entry, granted, access.grant, resolver=self.resolver)
        return Cell(
            granted_as=access.grant.role,
            rules=rules,
            openings=openings,
            findings=findings_of(openings, rules, access),
        )

    def _one(self, entry: Entry) -> _Described | None:
        """Return what may be done on a model, ``None`` if that is nothing."""
        policy, limits, actor = self.policy, self.limits, Actor()
        model = describe_model(policy, actor, entry, limits, actions=self.actions)
        granted = resolve_grant(policy, entry, actor)
        grant, can = granted.grant, self.capabilities_for(entry.resource)
        if model is None or grant is None:
            return None
        model = within_backend(model, entry.resource, can)
        access = CachedAccess(policy, actor, entry, grant, limits_of(limits, grant))
        return None if model is None else (model, access, granted)


def _lists_in(reach: ReachDescription) -> Iterator[str]:
    """Yield the entries of the rows in nested lists."""
    for relation in reach.relations:
        if relation.inside is not None:
            yield from filter(None, [relation.model])
            yield from _lists_in(relation.inside)
