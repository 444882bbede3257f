"""``search``: which paths a grant opens to it, and what a text in them means for one caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import SearchDeniedError
from django_flex.permissions.access import Inside
from django_flex.permissions.authorized import AllOf, AnyOf, Search
from django_flex.permissions.conditions import place_word
from django_flex.permissions.exclusions import behind
from django_flex.permissions.grants import report_path, texts
from django_flex.query.search import PLACE, words_of
from django_flex.schema.paths import Target, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Where
    from django_flex.permissions.grants import Notes
    from django_flex.schema.introspection import Resource

#: Kinds of values that a search looks into.
KINDS = frozenset({"text", "json"})


def compile_search(written: Any, resource: Resource, notes: Notes) -> tuple[Target, ...]:
    """Compile the paths under ``search``; one that holds no text is left out."""
    found: list[Target] = []
    for text in texts(written, notes):
        try:
            target = resolve(resource, tuple(text.split(".")))
        except UnknownPathError:
            report_path(text, resource, notes)
            continue
        if target.attribute.kind in KINDS:
            found.append(target)
        else:
            notes.report("E020", f"'{text}' is no text, but of the kind {target.attribute.kind}")
    return tuple(found)


def authorize_search(text: str, access: Access, place: str = PLACE) -> Search:
    """Return what it means to search for a text: every word has to be in some path.

    Args:
        text: what is searched for.
        access: the caller's reach from the rows.
        place: where the text stands in the request.

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


def searchable(access: Access) -> tuple[Target, ...]:
    """Return the paths that the caller may search: those that the grant lists and lets be read."""
    if not access.grant.unrestricted:
        own = tuple(target for target in access.grant.search if access.readable(target))
        return (*own, *_opened_from_outside(access)) if isinstance(access, Inside) else own
    attributes = access.resource.attributes.values()
    guard, model = access.policy.guard, access.resource.model
    return tuple(
        Target((), attribute)
        for attribute in attributes
        if attribute.kind == "text" and not guard.covers(model, attribute.name)
    )


def _opened_from_outside(access: Inside) -> tuple[Target, ...]:
    """Return the paths behind a relation that the grant on the outer row lists."""
    end = len(access.hops)
    outer = (target for target in searchable(access.outer) if target.hops[:end] == access.hops)
    known = {target.canonical for target in access.grant.search}
    inner = (behind(target, end) for target in outer)
    return tuple(target for target in inner if target.canonical not in known)


def _somewhere(word: str, targets: list[Target], access: Access) -> AnyOf:
    return AnyOf(tuple(place_word(word, target, access) for target in targets))


def within(search: Search | None, where: Where | None) -> Where | None:
    """Return filters that also hold a search, where there is one."""
    if search is None:
        return where
    return search if where is None else AllOf((search, where))
