"""Field terms into the tree of what one row of the reply holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from django_flex.exceptions import (
    FieldDeniedError,
    LimitExceededError,
    QueryError,
    UnsupportedQueryError,
)
from django_flex.permissions.authorized import Column, Output, Selection
from django_flex.permissions.hints import field_hint
from django_flex.schema.paths import Target, UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.permissions.access import Access
    from django_flex.permissions.policy import Grant
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.introspection import Attribute, Relation, Resource

PLACE = "fields"
MAX_REMEMBERED = 256


@dataclass(slots=True)
class Draft:
    """A selection while its terms are still coming in."""

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: dict[str, Output | Draft] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """A selection that was authorized before, and all that the answer depended on."""

    selection: Selection
    joins: frozenset[Path]
    standings: dict[type[models.Model], ref[Grant] | None]
    related: tuple[Resource, ...]

    def holds_for(self, access: Access) -> bool:
        """Whether this caller stands as the other one did, and no row rule is on the way."""
        return all(
            access.related_grant(model) is (grant and grant())
            for model, grant in self.standings.items()
        ) and all(access.related_rows(resource) is None for resource in self.related)


# By grant: a change of the settings makes new grants, and the old ones take their answers along.
# What is kept are names and facts of the schema, never a value of a request.
_remembered: WeakKeyDictionary[Grant, dict[tuple[FieldTerm, ...], Remembered]] = WeakKeyDictionary()


def authorize_fields(terms: tuple[FieldTerm, ...], access: Access) -> Selection:
    """Expand wildcards and check every name.

    Raises:
        FieldDeniedError: a named field that is not granted, or does not exist.
        QueryError: two outputs of one name, or an exclusion without a wildcard.
    """
    known = _remembered.setdefault(access.grant, {})
    found = known.get(terms)
    if found is not None and found.holds_for(access):
        access.joins |= found.joins
        return found.selection
    selection = _authorize_terms(terms, access)
    hops = list(_hops(selection))
    # Rows that are hidden from somebody are bound to that caller, so they are never kept.
    if all(access.related_rows(hop.target) is None for hop in hops):
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[terms] = Remembered(
            selection=selection,
            joins=frozenset(access.joins),
            # Weak, since the grant that this is kept under may be among them.
            standings={
                model: None if grant is None else ref(grant)
                for model, grant in access.known_grants().items()
            },
            related=tuple({hop.model: hop.target for hop in hops}.values()),
        )
    return selection


def _hops(selection: Selection) -> Iterator[Relation]:
    for member in selection.members:
        if isinstance(member, Selection):
            yield from _hops(member)
        else:
            yield from member.column.hops


def _authorize_terms(terms: tuple[FieldTerm, ...], access: Access) -> Selection:
    exclusions = _exclusions(terms, access)
    left_out: set[Path] = set()
    root = Draft("", None, ())
    for term in terms:
        if term.excluded:
            continue
        if term.is_wildcard:
            left_out |= _expand(term, root, frozenset(exclusions), access)
        else:
            _add(term, root, access)
    for path, term in exclusions.items():
        if path not in left_out:
            raise _leaves_out_of_nothing(term)
    if _count(root) > access.limits.max_fields:
        raise LimitExceededError(
            "Too many fields", path=PLACE, hint=f"at most {access.limits.max_fields}"
        )
    return _finish(root, access)


def _exclusions(terms: tuple[FieldTerm, ...], access: Access) -> dict[Path, FieldTerm]:
    excluded = [term for term in terms if term.excluded]
    return {_readable(term.path, access).canonical: term for term in excluded}


def _leaves_out_of_nothing(term: FieldTerm) -> QueryError:
    way = ".".join((*term.path[:-1], "*"))
    return QueryError(f"'{term}' leaves out of nothing", path=PLACE, hint=f"'{way}, {term}'")


def _readable(path: Path, access: Access) -> Target:
    """Resolve a path that must be readable; every way to fail gives the same answer."""
    text = ".".join(path)
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise FieldDeniedError(text, path=PLACE, hint=field_hint(text, access)) from None
    if not access.readable(target):
        raise FieldDeniedError(text, path=PLACE, hint=field_hint(text, access))
    _to_one(target.hops, text)
    access.count_joins(target.hops, PLACE)
    return target


def _to_one(hops: tuple[Relation, ...], text: str) -> None:
    if any(hop.cardinality == "many" for hop in hops):
        raise UnsupportedQueryError(
            f"'{text}' is a to-many relation, which cannot be selected yet",
            path=PLACE,
            hint="filter by it, or query the related model",
        )


def _expand(
    term: FieldTerm, root: Draft, exclusions: frozenset[Path], access: Access
) -> frozenset[Path]:
    """Put what a wildcard stands for into the tree; return the exclusions that took effect."""
    path = term.path[:-1]
    try:
        hops = resolve_hops(access.resource, path)
    except UnknownPathError:
        _expand_json(path, root, access)
        return frozenset()
    attributes = list(access.wildcard_attributes(hops))
    if not attributes:
        raise FieldDeniedError(str(term), path=PLACE, hint=field_hint(str(term), access))
    _to_one(hops, str(term))
    access.count_joins(hops, PLACE)
    draft = _descend(root, path, hops)
    way = tuple(hop.name for hop in hops)
    for attribute in attributes:
        if (*way, attribute.name) not in exclusions:
            _put(draft, attribute.name, Column(hops, attribute), ())
    return exclusions & {(*way, attribute.name) for attribute in attributes}


def _expand_json(path: Path, root: Draft, access: Access) -> None:
    """``metadata.settings.*``: all that the caller may read there, which is the value itself."""
    text = ".".join((*path, "*"))
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise FieldDeniedError(text, path=PLACE, hint=field_hint(text, access)) from None
    inside = Target(target.hops, target.attribute, (*target.keys, "*"))
    if target.attribute.kind != "json" or not access.readable(inside):
        raise FieldDeniedError(text, path=PLACE, hint=field_hint(text, access))
    _to_one(target.hops, text)
    _place(path, target, root, access)


def _add(term: FieldTerm, root: Draft, access: Access) -> None:
    target = _readable(term.path, access)
    if term.alias is None:
        _place(term.path, target, root, access)
        return
    if term.alias in root.members:
        raise QueryError(f"Two outputs are called '{term.alias}'", path=PLACE)
    guards = access.guards(target.hops)
    column = Column(target.hops, target.attribute, target.keys, guards)
    root.members[term.alias] = Output(term.alias, column, aliased=True)


def _place(path: Path, target: Target, root: Draft, access: Access) -> None:
    """Put a path into the tree under the names that were asked for."""
    depth = len(target.hops) - target.via
    draft = _descend(root, path[:depth], target.hops[:depth])
    picks = (target.keys,) if target.keys else ()
    # The bare key of a reverse one-to-one belongs to a row that may be hidden.
    guards = access.guards(target.hops) if target.via else ()
    _put(draft, path[depth], Column(target.hops, target.attribute, (), guards), picks)


def _descend(draft: Draft, path: Path, hops: tuple[Relation, ...]) -> Draft:
    for position, name in enumerate(path):
        found = draft.members.get(name)
        if not isinstance(found, Draft):
            way = hops[: position + 1]
            below = Draft(name, way[-1], way)
            if found is not None:
                _refuse_alias(found)
                _add_key(below)
            draft.members[name] = below
            found = below
        draft = found
    return draft


def _put(draft: Draft, name: str, column: Column, picks: tuple[Path, ...]) -> None:
    found = draft.members.get(name)
    if isinstance(found, Draft):
        _add_key(found)
        return
    if found is not None:
        _refuse_alias(found)
        # The whole value covers any part of it; parts of one value come together.
        picks = (*found.picks, *picks) if found.picks and picks else ()
    draft.members[name] = Output(name, column, picks)


def _refuse_alias(found: Output) -> None:
    if found.aliased:
        raise QueryError(f"Two outputs are called '{found.name}'", path=PLACE)


def _add_key(draft: Draft) -> None:
    """Put the primary key of a related row in front: relation and nested fields were both asked."""
    target = draft.hops[-1].target
    if target.pk.name not in draft.members:
        key: dict[str, Output | Draft] = {target.pk.name: _key(draft.hops, target.pk)}
        draft.members = key | draft.members


def _key(hops: tuple[Relation, ...], pk: Attribute) -> Output:
    return Output(pk.name, Column(hops, pk))


def _count(draft: Draft) -> int:
    return sum(_count(m) if isinstance(m, Draft) else 1 for m in draft.members.values())


def _finish(draft: Draft, access: Access) -> Selection:
    members = tuple(
        _finish(member, access) if isinstance(member, Draft) else member
        for member in draft.members.values()
    )
    guards = access.guards(draft.hops)
    own = [guard for guard in guards if guard.hops == draft.hops]
    return Selection(draft.name, draft.relation, draft.hops, members, own[0] if own else None)
