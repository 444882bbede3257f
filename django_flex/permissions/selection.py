"""Field terms into the tree of what one row of the reply holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import ref

from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.permissions.access import Inside
from django_flex.permissions.aggregate_fields import (
    GroupDraft,
    aggregate_output,
    relation_aggregate,
    two_outputs,
)
from django_flex.permissions.authorized import Column, Group, Nested, Output, Selection
from django_flex.permissions.hints import field_denied
from django_flex.permissions.lists import (
    NestedDraft,
    finish_nested,
    nested_draft,
    related_way,
    split_terms,
)
from django_flex.permissions.remembering import Memory
from django_flex.permissions.values import value_of
from django_flex.schema.paths import Target, UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Value
    from django_flex.permissions.policy import Grant
    from django_flex.query.ast import FieldTerm, Path, Related
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.introspection import Attribute, Relation, Resource

PLACE = "fields"


@dataclass(slots=True)
class Draft:
    """A selection while its terms are still coming in."""

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: dict[str, Output | Draft | NestedDraft | GroupDraft] = field(default_factory=dict)


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


_remembered: Memory[Remembered] = Memory()


def authorize_fields(
    terms: tuple[FieldTerm, ...],
    access: Access,
    related: tuple[Related, ...] = (),
    places: set[str] | None = None,
) -> Selection:
    """Expand wildcards and check every name.

    Args:
        terms: what is wanted of a row.
        access: the caller's reach.
        related: what is asked of the rows behind to-many relations.
        places: takes the places of comparisons on JSON in there.

    Raises:
        FieldDeniedError: a named field that is not granted, or does not exist.
        QueryError: two outputs of one name, or an exclusion without a wildcard.
    """
    if related or isinstance(access, Inside):
        return _authorize_terms(terms, access, related, places)
    found = _remembered.get(access.grant, terms)
    if found is not None and found.holds_for(access):
        access.joins |= found.joins
        return found.selection
    selection = _authorize_terms(terms, access, (), places)
    hops = list(_hops(selection))
    # Rows that are hidden from somebody are bound to that caller, so they are never kept.
    if all(access.related_rows(hop.target) is None for hop in hops):
        answer = Remembered(
            selection=selection,
            joins=frozenset(access.joins),
            # Weak, since the grant that this is kept under may be among them.
            standings={
                model: None if grant is None else ref(grant)
                for model, grant in access.known_grants().items()
            },
            related=tuple({hop.model: hop.target for hop in hops}.values()),
        )
        _remembered.keep(access.grant, terms, answer)
    return selection


def _hops(selection: Selection | Group) -> Iterator[Relation]:
    for member in selection.members:
        if isinstance(member, Selection | Group):
            yield from _hops(member)
        elif isinstance(member, Nested):
            yield from (*member.hops, member.relation)
            yield from _hops(member.selection) if member.selection is not None else ()
        else:
            yield from member.column.hops


def _authorize_terms(
    terms: tuple[FieldTerm, ...],
    access: Access,
    related: tuple[Related, ...],
    places: set[str] | None,
) -> Selection:
    terms, inside = split_terms(terms, access)
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
    for inner in inside:
        parent = _descend(root, inner.path, inner.hops)
        draft = nested_draft(parent.members, inner.name, inner.hops, inner.relation)
        draft.source = (*inner.path, inner.name)
        draft.take(inner.term)
    for asked in related:
        way = related_way(asked, access)
        parent = _descend(root, asked.name[:-1], way[:-1] if len(asked.name) > 1 else ())
        nested_draft(parent.members, asked.name[-1], way[:-1], way[-1]).ask(asked)
    if _count(root) > access.limits.max_fields:
        raise LimitExceededError(
            "Too many fields", path=PLACE, hint=f"at most {access.limits.max_fields}"
        )
    return _finish(root, access, places)


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
        raise field_denied(text, access) from None
    if not access.readable(target):
        raise field_denied(text, access)
    access.count_joins(target.hops, PLACE)
    return target


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
        raise field_denied(str(term), access)
    access.count_joins(hops, PLACE)
    draft = _descend(root, path, hops)
    way = tuple(hop.name for hop in hops)
    for attribute in attributes:
        if (*way, attribute.name) not in exclusions:
            _put(draft, attribute.name, value_of(hops, attribute, access, access.resource), ())
    return exclusions & {(*way, attribute.name) for attribute in attributes}


def _expand_json(path: Path, root: Draft, access: Access) -> None:
    """``metadata.settings.*``: all that the caller may read there, which is the value itself."""
    text = ".".join((*path, "*"))
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise field_denied(text, access) from None
    inside = Target(target.hops, target.attribute, (*target.keys, "*"))
    if target.attribute.kind != "json" or not access.readable(inside):
        raise field_denied(text, access)
    _place(path, target, root, access)


def _add(term: FieldTerm, root: Draft, access: Access) -> None:
    measure = relation_aggregate(term, access)
    if measure is not None:
        _add_aggregate(term, measure, root, access)
        return
    target = _readable(term.path, access)
    if term.alias is None:
        _place(term.path, target, root, access)
        return
    if term.alias in root.members:
        raise QueryError(f"Two outputs are called '{term.alias}'", path=PLACE)
    guards = access.guards(target.hops)
    column = value_of(
        target.hops, target.attribute, access, access.resource, keys=target.keys, guards=guards
    )
    root.members[term.alias] = Output(term.alias, column, aliased=True)


def _add_aggregate(term: FieldTerm, measure: Measure, root: Draft, access: Access) -> None:
    output = aggregate_output(term, measure, access)
    if term.alias is not None:
        if term.alias in root.members:
            raise two_outputs(term.alias)
        root.members[term.alias] = output
        return
    depth = measure.crossings[0]
    draft = _descend(root, term.path[:depth], measure.hops[:depth])
    name, *rest = term.path[depth:]
    found = draft.members.get(name)
    if found is not None and not isinstance(found, GroupDraft):
        raise two_outputs(name)
    group = found or GroupDraft(name)
    group.put(tuple(rest), output)
    draft.members[name] = group


def _place(path: Path, target: Target, root: Draft, access: Access) -> None:
    """Put a path into the tree under the names that were asked for."""
    depth = len(target.hops) - target.via
    draft = _descend(root, path[:depth], target.hops[:depth])
    picks = (target.keys,) if target.keys else ()
    # The bare key of a reverse one-to-one belongs to a row that may be hidden.
    guards = access.guards(target.hops) if target.via else ()
    column = value_of(target.hops, target.attribute, access, access.resource, guards=guards)
    _put(draft, path[depth], column, picks)


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


def _put(draft: Draft, name: str, column: Value, picks: tuple[Path, ...]) -> None:
    found = draft.members.get(name)
    if isinstance(found, Draft):
        _add_key(found)
        return
    if found is not None:
        _refuse_alias(found)
    if isinstance(found, Output):
        # The whole value covers any part of it; parts of one value come together.
        picks = (*found.picks, *picks) if found.picks and picks else ()
    draft.members[name] = Output(name, column, picks)


def _refuse_alias(found: Output | NestedDraft | GroupDraft) -> None:
    if not isinstance(found, Output) or found.aliased:
        raise QueryError(f"Two outputs are called '{found.name}'", path=PLACE)


def _add_key(draft: Draft) -> None:
    """Put the primary key of a related row in front: relation and nested fields were both asked."""
    target = draft.hops[-1].target
    if target.pk.name not in draft.members:
        key: dict[str, Output | Draft | NestedDraft | GroupDraft] = {
            target.pk.name: _key(draft.hops, target.pk)
        }
        draft.members = key | draft.members


def _key(hops: tuple[Relation, ...], pk: Attribute) -> Output:
    return Output(pk.name, Column(hops, pk))


def _count(draft: Draft) -> int:
    return sum(_count(m) if isinstance(m, Draft) else 1 for m in draft.members.values())


def _finish(draft: Draft, access: Access, places: set[str] | None) -> Selection:
    members = tuple(_finished(member, access, places) for member in draft.members.values())
    guards = access.guards(draft.hops)
    own = [guard for guard in guards if guard.hops == draft.hops]
    return Selection(draft.name, draft.relation, draft.hops, members, own[0] if own else None)


def _finished(
    member: Output | Draft | NestedDraft | GroupDraft, access: Access, places: set[str] | None
) -> Output | Selection | Nested | Group:
    if isinstance(member, Draft):
        return _finish(member, access, places)
    if isinstance(member, NestedDraft):
        return finish_nested(member, access, authorize_fields, places)
    if isinstance(member, GroupDraft):
        return member.finish()
    return member
