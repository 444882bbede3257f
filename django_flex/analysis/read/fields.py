"""Turns field terms into the tree of values of one row of the reply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.access.reach import NestedAccess
from django_flex.analysis.read.aggregate_fields import (
    GroupBuilder,
    aggregate_output,
    relation_aggregate,
    two_outputs,
)
from django_flex.analysis.read.cached_selections import (
    are_plain,
    cache_selection,
    find_selection,
)
from django_flex.analysis.read.lists import (
    NestedBuilder,
    finish_nested,
    nested_builder,
    related_way,
    split_terms,
)
from django_flex.analysis.read.named_aggregates import count_of, groups_of, without_named
from django_flex.analysis.read.renamed import RenamedObject, with_renamed_objects
from django_flex.analysis.read.selection_builders import SelectionBuilder, picks_of
from django_flex.analysis.read.transforms import part_value, resolve_part
from django_flex.binding.related_aggregates import NO_NAMES
from django_flex.binding.values import value_of
from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.ast import FieldTerm
from django_flex.resolved import Group, Nested, Output, Selection
from django_flex.schema.paths import (
    ResolvedPath,
    UnknownPathError,
    pointer_paths,
    resolve,
    resolve_hops,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.access.reach import Access
    from django_flex.analysis.read.lists import InnerTerm
    from django_flex.analysis.read.selection_builders import Member
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.query.ast import Path, Related
    from django_flex.schema.aggregates import Measure


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
    if isinstance(access, NestedAccess) or named or not are_plain(related):
        return _authorize_terms(terms, access, related, places, named)
    asked = (terms, related)
    found = find_selection(asked, access)
    if found is not None:
        return found
    # Counted apart from those of other clauses, which the next query may not have.
    others, access.joins = access.joins, set()
    selection = _authorize_terms(terms, access, related, places)
    joins = frozenset(access.joins)
    access.take_joins(others, Part.FIELDS)
    cache_selection(asked, access, selection, joins)
    return selection


def _authorize_terms(
    terms: tuple[FieldTerm, ...],
    access: Access,
    related: tuple[Related, ...],
    places: set[str] | None,
    named: NamedAggregates = NO_NAMES,
) -> Selection:
    terms, renamed = without_named(terms, named) if named else (terms, [])
    terms = tuple(_opened(term, access) for term in terms)
    own, inside = split_terms(with_renamed_objects(terms, access.resource), access)
    exclusions = _exclusions(own, access)
    root = SelectionBuilder("", None, (), access.readable)
    left_out = _fill(root, own, inside, frozenset(exclusions), access)
    for path, term in exclusions.items():
        if path not in left_out:
            raise _leaves_out_of_nothing(term)
    _add_related(related, root, access)
    values: list[Output | GroupBuilder] = [*renamed, *groups_of(named)]
    for value in values:
        root.add(value)
    if root.count() + count_of(named) > access.limits.max_fields:
        raise LimitExceededError(
            "Too many fields", path=Part.FIELDS, hint=worded("at most {}", access.limits.max_fields)
        )
    return _finish(root, access, places)


def _opened(term: FieldTerm, access: Access) -> FieldTerm:
    """Return a term for both columns of a generic foreign key, if a term means the key itself.

    A key that may not be read stays as it was written, to be refused like a name that does not exist.
    """
    if term.is_wildcard or term.excluded or not pointer_paths(access.resource, term.path):
        return term
    hops = resolve_hops(access.resource, term.path)
    return replace(term, path=(*term.path, "*")) if any(access.wildcard_attributes(hops)) else term


def _fill(
    builder: SelectionBuilder,
    own: list[FieldTerm | RenamedObject],
    inside: list[InnerTerm],
    exclusions: frozenset[Path],
    access: Access,
) -> set[Path]:
    """Put terms into an object; return the exclusions that took effect."""
    left_out: set[Path] = set()
    for term in own:
        if isinstance(term, RenamedObject):
            renamed = builder.renamed(term.alias, term.hops, term.path)
            left_out |= _fill(renamed, *split_terms(term.terms, access), exclusions, access)
            builder.add(renamed)
        elif term.is_wildcard:
            left_out |= _expand(term, builder, exclusions, access)
        elif not term.excluded:
            _add(term, builder, access)
    for inner in inside:
        parent = builder.descend(inner.path, inner.hops)
        listed = nested_builder(parent.members, inner.name, inner.hops, inner.relation)
        listed.source = (*inner.path, inner.name)
        listed.take(inner.term)
    return left_out


def _add_related(related: tuple[Related, ...], root: SelectionBuilder, access: Access) -> None:
    for entry in related:
        if entry.aggregate is None:
            start, asked = _below_alias(entry, root)
            way = related_way(asked, access)
            above = way[:-1] if len(asked.name) > 1 else ()
            parent = start.descend(asked.name[:-1], above)
            nested_builder(parent.members, asked.name[-1], way[:-1], way[-1]).ask(asked)


def _below_alias(asked: Related, root: SelectionBuilder) -> tuple[SelectionBuilder, Related]:
    """Return the object that the name of an entry begins at, and the entry as seen from the row."""
    renamed = root.members.get(asked.name[0])
    if len(asked.name) == 1 or not (isinstance(renamed, SelectionBuilder) and renamed.path):
        return root, asked
    path = (*renamed.path, *asked.name[1:])
    return renamed, replace(asked, name=path, source=path)


def _exclusions(
    terms: Iterable[FieldTerm | RenamedObject], access: Access
) -> dict[Path, FieldTerm]:
    excluded = [term for term in terms if isinstance(term, FieldTerm) and term.excluded]
    return {_readable(term.path, access).canonical: term for term in excluded}


def _leaves_out_of_nothing(term: FieldTerm) -> QueryError:
    way = ".".join((*term.path[:-1], "*"))
    return QueryError(
        worded("'{}' needs a wildcard to exclude from", term),
        path=Part.FIELDS,
        hint=f"'{way}, {term}'",
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
    access.count_joins(target.hops, Part.FIELDS)
    return target


def _expand(
    term: FieldTerm, root: SelectionBuilder, exclusions: frozenset[Path], access: Access
) -> frozenset[Path]:
    """Put what a wildcard covers into the tree; return the exclusions that took effect."""
    path = term.path[:-1]
    try:
        hops = resolve_hops(access.resource, path)
    except UnknownPathError:
        _expand_json(term, root, access)
        return frozenset()
    attributes = list(access.wildcard_attributes(hops))
    if not attributes:
        raise field_denied(str(term), access)
    access.count_joins(hops, Part.FIELDS)
    if term.alias is not None:
        raise two_outputs(term.alias)  # alone, it would be a renamed object
    builder = root.descend(path, hops)
    way = tuple(hop.name for hop in hops)
    for attribute in attributes:
        if (*way, attribute.name) not in exclusions:
            column = value_of(hops, attribute, access, access.resource)
            builder.put(attribute.name, column, picks_of(attribute))
    return exclusions & {(*way, attribute.name) for attribute in attributes}


def _expand_json(term: FieldTerm, root: SelectionBuilder, access: Access) -> None:
    """Handle ``metadata.settings.*`` and ``document.*``, which mean the value itself."""
    path, text = term.path[:-1], ".".join(term.path)
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise field_denied(text, access) from None
    inside = ResolvedPath(target.hops, target.attribute, (*target.keys, "*"))
    if target.attribute.kind not in {"json", "file", "hstore"} or not access.readable(inside):
        raise field_denied(text, access)
    if term.alias is not None:
        hint = f"'{term.alias}:{'.'.join(path)}'"
        raise QueryError(
            worded("'{}' is one value, without a wildcard", term), path=Part.FIELDS, hint=hint
        )
    _place(path, target, root, access)


def _add(term: FieldTerm, root: SelectionBuilder, access: Access) -> None:
    measure = relation_aggregate(term, access)
    if measure is not None:
        _add_aggregate(term, measure, root, access)
        return
    part = _readable_part(term.path, access)
    if part is not None:
        _add_part(term, *part, root, access)
        return
    target = _readable(term.path, access)
    if term.alias is None:
        _place(term.path, target, root, access)
        return
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
    picks = picks_of(target.attribute, target.keys) if in_file else ()
    root.add(Output(term.alias, column, picks, aliased=True, bare=bare))


def _readable_part(path: Path, access: Access) -> tuple[ResolvedPath, str] | None:
    """Return what a path means that leads to a part of a value which the caller may read."""
    found = resolve_part(access.resource, path)
    if found is None or not access.readable(found[0]) or _is_value(path, access):
        return None
    return found


def _is_value(path: Path, access: Access) -> bool:
    try:
        resolve(access.resource, path, file_parts=True)
    except UnknownPathError:
        return False
    return True


def _add_part(
    term: FieldTerm, target: ResolvedPath, part: str, root: SelectionBuilder, access: Access
) -> None:
    value = part_value(target, part, access, Part.FIELDS)
    if term.alias is not None:
        root.add(Output(term.alias, value, aliased=True))
        return
    depth = len(target.hops)
    builder = root.descend(term.path[:depth], target.hops)
    _grouped(builder, term.path[depth:], Output(access.policy.schema.shown(part), value))


def _grouped(builder: SelectionBuilder, path: Path, output: Output) -> None:
    """Put a value into an object of its own, under the names of a path."""
    name, *rest = path
    found = builder.members.get(name)
    if found is not None and not isinstance(found, GroupBuilder):
        raise two_outputs(name)
    group = found or GroupBuilder(name)
    group.put(tuple(rest), output)
    builder.members[name] = group


def _add_aggregate(
    term: FieldTerm, measure: Measure, root: SelectionBuilder, access: Access
) -> None:
    output = aggregate_output(term, measure, access)
    if term.alias is not None:
        root.add(output)
        return
    depth = measure.crossings[0]
    builder = root.descend(term.path[:depth], measure.hops[:depth])
    _grouped(builder, term.path[depth:], output)


def _place(path: Path, target: ResolvedPath, root: SelectionBuilder, access: Access) -> None:
    """Put a path into the tree under the names that were asked for."""
    if root.path and len(path) == len(root.hops):
        root.add_key()  # the renamed object itself
        return
    depth = len(target.hops) - target.via
    builder = root.descend(path[:depth], target.hops[:depth])
    picks = picks_of(target.attribute, target.keys)
    # The bare key of a reverse one-to-one belongs to a row that may be hidden.
    masks = access.masks(target.hops) if target.via else ()
    column = value_of(target.hops, target.attribute, access, access.resource, masks=masks)
    builder.put(path[depth], column, picks)


def _finish(builder: SelectionBuilder, access: Access, places: set[str] | None) -> Selection:
    members = tuple(_finished(member, access, places) for member in builder.members.values())
    return Selection(builder.name, builder.relation, builder.hops, members, builder.masks(access))


def _finished(
    member: Member, access: Access, places: set[str] | None
) -> Output | Selection | Nested | Group:
    if isinstance(member, SelectionBuilder):
        return _finish(member, access, places)
    if isinstance(member, NestedBuilder):
        return finish_nested(member, access, authorize_fields, places)
    if isinstance(member, GroupBuilder):
        return member.finish()
    return member
