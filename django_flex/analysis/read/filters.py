"""Filters of a client, against the grant of the caller."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django_flex.access.hints import filter_hint
from django_flex.binding.comparands import Comparands
from django_flex.binding.conditions import BindingScope, bind_condition, bind_word
from django_flex.binding.related_aggregates import NO_NAMES
from django_flex.exceptions.places import Part
from django_flex.query.ast import Comparison

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.query.ast import Condition
    from django_flex.resolved import Where
    from django_flex.schema.paths import ResolvedPath


def authorize_filters(
    condition: Condition, access: Access, named: NamedAggregates = NO_NAMES
) -> tuple[Where, frozenset[str]]:
    """Resolve a client's filters; also return the places that compare JSON.

    Args:
        condition: the filters.
        access: the caller's reach.
        named: aggregates that the query names.

    Raises:
        FilterDeniedError: a path or operator that is not granted, or does not exist.
        QueryError: a granted one with an operator or value that does not fit.
    """
    scope = _scope(access, named)
    return bind_condition(condition, scope), frozenset(scope.json_places)


def word_condition(word: str, target: ResolvedPath, access: Access) -> Where:
    """Return the condition that a path contains a word; the operator is in the path's ``rest``."""
    return bind_word(Comparison(target.canonical, word, Part.SEARCH), target, _scope(access))


def _scope(access: Access, named: NamedAggregates = NO_NAMES) -> BindingScope:
    comparands = Comparands(access.actor, access.limits, access.policy.user_values)
    return BindingScope(
        access.resource,
        access,
        comparands,
        set(),
        hint=partial(filter_hint, access=access),
        named=named,
    )
