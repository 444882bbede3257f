"""``search``: which paths a grant opens to it, and what a text in them means for one caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.exclusions import behind
from django_flex.access.reach import NestedAccess
from django_flex.analysis.read.filters import word_condition
from django_flex.exceptions import SearchDeniedError
from django_flex.exceptions.places import Part
from django_flex.query.search import words_of
from django_flex.resolved import AllOf, AnyOf, Search
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.resolved import Where


def authorize_search(text: str, access: Access, place: Place = Part.SEARCH) -> Search:
    """Return what it means to search for a text: every word has to be in some path.

    Args:
        text: the text to search for.
        access: the caller's reach from the rows.
        place: the position of the text in the request.

    Raises:
        SearchDeniedError: the caller may not search, or may read none of the paths.
    """
    targets = [replace(target, rest=("icontains",)) for target in searchable(access)]
    if not targets:
        raise SearchDeniedError(place)
    for target in targets:
        access.count_joins(target.hops, place)
    words = tuple(_somewhere(word, targets, access) for word in words_of(text))
    return Search(
        text=text,
        words=words,
        anywhere=words[0].children,
        mode=access.policy.search_mode,
        config=access.policy.search_config,
    )


def searchable(access: Access) -> tuple[ResolvedPath, ...]:
    """Return the paths that the caller may search: those that the grant lists and lets be read."""
    if not access.grant.unrestricted:
        own = tuple(target for target in access.grant.search if access.readable(target))
        return (*own, *_opened_from_outside(access)) if isinstance(access, NestedAccess) else own
    attributes = access.resource.attributes.values()
    guard, resource = access.policy.guard, access.resource
    return tuple(
        ResolvedPath((), attribute)
        for attribute in attributes
        if attribute.kind == "text" and not guard.covers(resource, attribute)
    )


def _opened_from_outside(access: NestedAccess) -> tuple[ResolvedPath, ...]:
    """Return the paths behind a relation that the grant on the outer row lists."""
    end = len(access.hops)
    outer = (target for target in searchable(access.outer) if target.hops[:end] == access.hops)
    known = {target.canonical for target in access.grant.search}
    inner = (behind(target, end) for target in outer)
    return tuple(target for target in inner if target.canonical not in known)


def _somewhere(word: str, targets: list[ResolvedPath], access: Access) -> AnyOf:
    return AnyOf(tuple(word_condition(word, target, access) for target in targets))


def within(search: Search | None, where: Where | None) -> Where | None:
    """Return filters combined with the search, if there is one."""
    if search is None:
        return where
    return search if where is None else AllOf((search, where))
