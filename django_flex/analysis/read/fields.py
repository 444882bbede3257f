"""Turns field terms into the tree of values of one row of the reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import ref

from django_flex.access.hints import field_denied
from django_flex.access.reach import NestedAccess
from django_flex.analysis.read.aggregate_fields import (
    FIELDS,
    GroupBuilder,
    aggregate_output,
    relation_aggregate,
    two_outputs,
)
from django_flex.analysis.read.lists import (
    NestedBuilder,
    finish_nested,
    nested_builder,
    related_way,
    split_terms,
)
from django_flex.analysis.read.named_aggregates import count_of, groups_of, without_named
from django_flex.binding.grant_cache import GrantCache
from django_flex.binding.related import hides_rows
from django_flex.binding.related_aggregates import NO_NAMES
from django_flex.binding.values import value_of
from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.resolved import Column, Group, Nested, Output, Selection
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.policy.model import Grant
    from django_flex.query.ast import FieldTerm, Path, Related
    from django_flex.resolved import Value
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.resources import Attribute, Relation


#: The parts of a file that are shown where none is named: a storage is asked for none of them.
WITHOUT_IO: tuple[Path, ...] = (("url",), ("name",))


@dataclass(slots=True)
class SelectionBuilder:
    """Collects the terms of one selection."""

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: dict[str, Output | SelectionBuilder | NestedBuilder | GroupBuilder] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, eq=False)
class CachedSelection:
    """A selection that was authorized before, and all that the answer depended on."""

    selection: Selection
    joins: frozenset[Path]
    grants: dict[str, ref[Grant] | None]
    related: tuple[Relation, ...]

    def holds_for(self, access: Access) -> bool:
        """Whether this caller has the same grants as the first one, and no row rule is on the way."""
        for label, grant in self.grants.items():
            if access.related_grant(label) is not (grant and grant()):
                return False
        return True not in [hides_rows(relation, access) for relation in self.related]


_cache: GrantCache[CachedSelection] = GrantCache()


def authorize_fields(
    terms: tuple[FieldTerm, ...],
    access: Access,
    related: tuple[Related, ...] = (),
    places: set[str] | None = None,
    named: NamedAggregates = NO_NAMES,
) -> Selection:
    """Expand wildcards and check every name.

    Args:
        terms: the requested field terms.
        access: the caller's reach.
        related: the arguments of nested lists.
        places: takes the places of comparisons on JSON in there.
        named: the aggregates among ``related``, authorized.

    Raises:
        FieldDeniedError: a named field that is not granted, or does not exist.
        QueryError: two outputs of one name, or an exclusion without a wildcard.
    """
    if related or isinstance(access, NestedAccess):
        return _authorize_terms(terms, access, related, places, named)
    found = _cache.get(access.grant, terms)
    if found is not None and found.holds_for(access):
        access.take_joins(found.joins, FIELDS)
        return found.selection
    # Counted apart from those of other clauses, which the next query may not have.
    others, access.joins = access.joins, set()
    selection = _authorize_terms(terms, access, (), places)
    joins = frozenset(access.joins)
    access.take_joins(others, FIELDS)
    hops = list(_hops(selection))
    # A selection with row rules is bound to one caller, so it is never cached.
    if not any(hides_rows(hop, access) for hop in hops):
        answer = CachedSelection(
            selection=selection,
            joins=joins,
            # Weak, since the grant that this is cached under may be among them.
            grants={
                label: None if grant is None else ref(grant)
                for label, grant in ((m, access.related_grant(m)) for m in access.resolved_grants)
            },
            related=tuple({(hop.label, hop.through): hop for hop in hops}.values()),
        )
        _cache.put(access.grant, terms, answer)
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
    named: NamedAggregates = NO_NAMES,
) -> Selection:
    terms, renamed = without_named(terms, named) if named else (terms, [])
    terms, inside = split_terms(terms, access)
    exclusions = _exclusions(terms, access)
    left_out: set[Path] = set()
    root = SelectionBuilder("", None, ())
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
        builder = nested_builder(parent.members, inner.name, inner.hops, inner.relation)
        builder.source = (*inner.path, inner.name)
        builder.take(inner.term)
    _add_related(related, root, access)
    values: list[Output | GroupBuilder] = [*renamed, *groups_of(named)]
    for value in values:
        if value.name in root.members:
            raise two_outputs(value.name)
        root.members[value.name] = value
    if _count(root) + count_of(named) > access.limits.max_fields:
        raise LimitExceededError(
            "Too many fields", path=FIELDS, hint=f"at most {access.limits.max_fields}"
        )
    return _finish(root, access, places)


def _add_related(related: tuple[Related, ...], root: SelectionBuilder, access: Access) -> None:
    for asked in related:
        if asked.aggregate is None:
            way = related_way(asked, access)
            parent = _descend(root, asked.name[:-1], way[:-1] if len(asked.name) > 1 else ())
            nested_builder(parent.members, asked.name[-1], way[:-1], way[-1]).ask(asked)


def _exclusions(terms: tuple[FieldTerm, ...], access: Access) -> dict[Path, FieldTerm]:
    excluded = [term for term in terms if term.excluded]
    return {_readable(term.path, access).canonical: term for term in excluded}


def _leaves_out_of_nothing(term: FieldTerm) -> QueryError:
    way = ".".join((*term.path[:-1], "*"))
    return QueryError(
        f"'{term}' needs a wildcard to exclude from", path=FIELDS, hint=f"'{way}, {term}'"
    )


def _readable(path: Path, access: Access) -> ResolvedPath:
    """Resolve a path that must be readable; every failure gives the same answer."""
    text = ".".join(path)
    try:
        target = resolve(access.resource, path, file_parts=True)
    except UnknownPathError:
        raise field_denied(text, access) from None
    if not access.readable(target):
        raise field_denied(text, access)
    access.count_joins(target.hops, FIELDS)
    return target


def _expand(
    term: FieldTerm, root: SelectionBuilder, exclusions: frozenset[Path], access: Access
) -> frozenset[Path]:
    """Put what a wildcard covers into the tree; return the exclusions that took effect."""
    path = term.path[:-1]
    try:
        hops = resolve_hops(access.resource, path)
    except UnknownPathError:
        _expand_json(path, root, access)
        return frozenset()
    attributes = list(access.wildcard_attributes(hops))
    if not attributes:
        raise field_denied(str(term), access)
    access.count_joins(hops, FIELDS)
    builder = _descend(root, path, hops)
    way = tuple(hop.name for hop in hops)
    for attribute in attributes:
        if (*way, attribute.name) not in exclusions:
            column = value_of(hops, attribute, access, access.resource)
            _put(builder, attribute.name, column, _picks(attribute))
    return exclusions & {(*way, attribute.name) for attribute in attributes}


def _expand_json(path: Path, root: SelectionBuilder, access: Access) -> None:
    """Handle ``metadata.settings.*`` and ``document.*``, which mean the value itself."""
    text = ".".join((*path, "*"))
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise field_denied(text, access) from None
    inside = ResolvedPath(target.hops, target.attribute, (*target.keys, "*"))
    if target.attribute.kind not in {"json", "file"} or not access.readable(inside):
        raise field_denied(text, access)
    _place(path, target, root, access)


def _add(term: FieldTerm, root: SelectionBuilder, access: Access) -> None:
    measure = relation_aggregate(term, access)
    if measure is not None:
        _add_aggregate(term, measure, root, access)
        return
    target = _readable(term.path, access)
    if term.alias is None:
        _place(term.path, target, root, access)
        return
    if term.alias in root.members:
        raise QueryError(f"Two outputs have the name '{term.alias}'", path=FIELDS)
    masks = access.masks(target.hops)
    in_file = target.attribute.kind == "file"
    column = value_of(
        target.hops,
        target.attribute,
        access,
        access.resource,
        keys=() if in_file else target.keys,
        masks=masks,
    )
    # Behind an alias a part is the value itself, not an object with it.
    bare = in_file and bool(target.keys)
    picks = _picks(target.attribute, target.keys) if in_file else ()
    root.members[term.alias] = Output(term.alias, column, picks, aliased=True, bare=bare)


def _add_aggregate(
    term: FieldTerm, measure: Measure, root: SelectionBuilder, access: Access
) -> None:
    output = aggregate_output(term, measure, access)
    if term.alias is not None:
        if term.alias in root.members:
            raise two_outputs(term.alias)
        root.members[term.alias] = output
        return
    depth = measure.crossings[0]
    builder = _descend(root, term.path[:depth], measure.hops[:depth])
    name, *rest = term.path[depth:]
    found = builder.members.get(name)
    if found is not None and not isinstance(found, GroupBuilder):
        raise two_outputs(name)
    group = found or GroupBuilder(name)
    group.put(tuple(rest), output)
    builder.members[name] = group


def _place(path: Path, target: ResolvedPath, root: SelectionBuilder, access: Access) -> None:
    """Put a path into the tree under the names that were asked for."""
    depth = len(target.hops) - target.via
    builder = _descend(root, path[:depth], target.hops[:depth])
    picks = _picks(target.attribute, target.keys)
    # The bare key of a reverse one-to-one belongs to a row that may be hidden.
    masks = access.masks(target.hops) if target.via else ()
    column = value_of(target.hops, target.attribute, access, access.resource, masks=masks)
    _put(builder, path[depth], column, picks)


def _descend(builder: SelectionBuilder, path: Path, hops: tuple[Relation, ...]) -> SelectionBuilder:
    for position, name in enumerate(path):
        found = builder.members.get(name)
        if not isinstance(found, SelectionBuilder):
            way = hops[: position + 1]
            below = SelectionBuilder(name, way[-1], way)
            if found is not None:
                _refuse_alias(found)
                _add_key(below)
            builder.members[name] = below
            found = below
        builder = found
    return builder


def _put(builder: SelectionBuilder, name: str, column: Value, picks: tuple[Path, ...]) -> None:
    found = builder.members.get(name)
    if isinstance(found, SelectionBuilder):
        _add_key(found)
        return
    if found is not None:
        _refuse_alias(found)
    if isinstance(found, Output):
        # The whole value covers any part of it; parts of one value come together.
        picks = tuple(dict.fromkeys((*found.picks, *picks))) if found.picks and picks else ()
    builder.members[name] = Output(name, column, picks)


def _picks(attribute: Attribute, keys: Path = ()) -> tuple[Path, ...]:
    """Return the parts to show; the whole of a file is what is known without its storage."""
    if keys:
        return (keys,)
    return WITHOUT_IO if attribute.kind == "file" else ()


def _refuse_alias(found: Output | NestedBuilder | GroupBuilder) -> None:
    if not isinstance(found, Output) or found.aliased:
        raise QueryError(f"Two outputs have the name '{found.name}'", path=FIELDS)


def _add_key(builder: SelectionBuilder) -> None:
    """Put the primary key of a related row in front: relation and nested fields were both asked."""
    target = builder.hops[-1].target
    if target.pk.name not in builder.members:
        key: dict[str, Output | SelectionBuilder | NestedBuilder | GroupBuilder] = {
            target.pk.name: _key(builder.hops, target.pk)
        }
        builder.members = key | builder.members


def _key(hops: tuple[Relation, ...], pk: Attribute) -> Output:
    return Output(pk.name, Column(hops, pk))


def _count(builder: SelectionBuilder) -> int:
    return sum(
        _count(m) if isinstance(m, SelectionBuilder) else 1 for m in builder.members.values()
    )


def _finish(builder: SelectionBuilder, access: Access, places: set[str] | None) -> Selection:
    members = tuple(_finished(member, access, places) for member in builder.members.values())
    masks = access.masks(builder.hops)
    own = [mask for mask in masks if mask.hops == builder.hops]
    return Selection(builder.name, builder.relation, builder.hops, members, own[0] if own else None)


def _finished(
    member: Output | SelectionBuilder | NestedBuilder | GroupBuilder,
    access: Access,
    places: set[str] | None,
) -> Output | Selection | Nested | Group:
    if isinstance(member, SelectionBuilder):
        return _finish(member, access, places)
    if isinstance(member, NestedBuilder):
        return finish_nested(member, access, authorize_fields, places)
    if isinstance(member, GroupBuilder):
        return member.finish()
    return member
