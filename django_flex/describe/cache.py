"""Caches what may be requested under a grant, which is the same for all callers with the same grants.

It takes some hundred checks for each related model, and only changes with the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from weakref import ref

from django_flex.binding.grant_cache import GrantCache
from django_flex.describe.reach import reachable
from django_flex.describe.writes import writes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.access.roles import ResolvedGrant
    from django_flex.describe.cached_access import CachedAccess
    from django_flex.describe.values import ColumnDescription, ReachDescription, WriteDescription
    from django_flex.policy.model import Grant

#: The grant on a model, whether resolving it failed, and the kind of its row rule.
GrantState: TypeAlias = "tuple[ref[Grant] | None, bool, str]"


@dataclass(frozen=True, slots=True, eq=False)
class CachedAnswers:
    """What may be asked for and sent, and the caller's grants on the models that it depends on."""

    reach: ReachDescription
    writes: Mapping[str, WriteDescription]
    resolved_grants: Mapping[str, GrantState | None]

    def holds_for(self, access: CachedAccess) -> bool:
        """Whether this caller has the same grants as the first one."""
        return all(
            _state_of(access.resolved(label)) == state
            for label, state in self.resolved_grants.items()
        )


_cache: GrantCache[CachedAnswers] = GrantCache()


def cached_answers(access: CachedAccess) -> CachedAnswers:
    """Return what a caller may request and send."""
    question = (access.entry.name, access.limits.max_relation_depth)
    found = _cache.get(access.grant, question)
    if found is not None and found.holds_for(access):
        return found
    reach, writes = reachable(access), writes_of(access)
    resolved_grants = {
        label: _state_of(granted) for label, granted in access.resolved_grants.items()
    }
    answers = CachedAnswers(reach, writes, resolved_grants)
    # Choices that code returns may differ next time.
    if not any(column.declaration.dynamic for column in _columns(answers)):
        _cache.put(access.grant, question, answers)
    return answers


def _state_of(granted: ResolvedGrant | None) -> GrantState | None:
    if granted is None:
        return None
    grant = granted.grant
    return (None if grant is None else ref(grant)), granted.failed, granted.rows.kind


def _columns(answers: CachedAnswers) -> Iterator[ColumnDescription]:
    yield from _columns_of(answers.reach)
    for write in answers.writes.values():
        yield from (one.column for one in write.inputs)


def _columns_of(reach: ReachDescription) -> Iterator[ColumnDescription]:
    yield from (field.column for field in reach.fields)
    for relation in reach.relations:
        if relation.inside is not None:
            yield from _columns_of(relation.inside)
