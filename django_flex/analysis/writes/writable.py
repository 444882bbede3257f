"""Which names a caller may write on a model. Names that may not be written all look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.writes.uploads import upload_limits
from django_flex.binding.grant_cache import GrantCache
from django_flex.exceptions import FieldDeniedError, QueryError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.query.terms import MAX_PATH_SEGMENTS, SEGMENT, excerpt, nearest
from django_flex.schema.generic_relations import columns_behind
from django_flex.schema.inputs import is_computed, needs_naming
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.policy.model import FileLimits
    from django_flex.query.ast import RowChange
    from django_flex.schema.resources import Attribute, Relation, Resource


#: Columns that a grant lets its callers write.
_cache: GrantCache[ResolvedPath] = GrantCache()


def writable(name: str, rules: WriteAccess, change: RowChange) -> ResolvedPath:
    """Resolve a name that must be writable.

    Raises:
        FieldDeniedError: it names nothing, or nothing that the caller may write.
        UnknownKeyError: likewise, and it looks like a key of the language.
    """
    access = rules.access
    question = (access.resource, rules.operation, name)
    found = _cache.get(access.grant, question)
    if found is not None:
        return found
    path = tuple(name.split(".", MAX_PATH_SEGMENTS))
    if not all(map(SEGMENT.fullmatch, path)):
        raise denied(name, rules, change)
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise denied(name, rules, change) from None
    if not may_write(target, access, rules.operation):
        if _is_part_of_key(target, access) and may_write(target, access, "add"):
            raise QueryError(
                worded("'{}' is part of the key, which does not change", excerpt(name)),
                path=change.at(excerpt(name)),
            )
        raise denied(name, rules, change)
    # About a column the grant decides alone. Keys in a JSON value are the client's invention.
    if access.decides and not (target.via or target.hops or target.keys):
        _cache.put(access.grant, question, target)
    return target


def denied(name: str, rules: WriteAccess, change: RowChange) -> FieldDeniedError | UnknownKeyError:
    """Return the error for any name that the caller may not write."""
    text = excerpt(name)
    if name in change.doubtful:
        at = change.at(text)
        return UnknownKeyError(
            worded("Unknown key '{}'", text), path=at, hint=change.doubtful[name]
        )
    hint = nearest(text, writable_names(rules.access, rules.operation))
    return FieldDeniedError(text, path=change.at(text), hint=hint)


def writable_names(access: Access, operation: str) -> list[str]:
    """Return the columns, many-to-many relations and generic foreign keys that the caller may add or edit.

    Args:
        access: the caller's reach under the grant for writing.
        operation: ``add`` or ``edit``.
    """
    resource = access.resource
    columns = [ResolvedPath((), attribute) for attribute in resource.attributes.values()]
    links = [
        ResolvedPath((relation,), relation.item, via=True)
        for relation in resource.relations.values()
        if relation.linked or relation.same_row
    ]
    return [
        target.canonical[0] for target in (*columns, *links) if may_write(target, access, operation)
    ]


def may_write(target: ResolvedPath, access: Access, operation: str, *, alone: bool = True) -> bool:
    """Whether the caller may add or edit what a path leads to.

    Rows of another model that point here are left to the grants of that model.

    Args:
        target: the path.
        access: the caller's reach under the grant for writing.
        operation: ``add`` or ``edit``.
        alone: whether a column of a generic foreign key would be sent by its own name.
    """
    if target.via:
        nested = len(target.hops) == 1 and not target.keys
        if nested and target.hops[0].same_row:
            return _may_point(target.hops[0], access, operation)
        return nested and (not target.hops[0].linked or _may_link(target, access))
    if target.hops or is_computed(target.attribute):
        return False
    fixed = target.attribute.primary_key or _is_part_of_key(target, access)
    if fixed if operation == "edit" else target.attribute.placed:
        return False
    if alone and _is_of_pointer(target.attribute, access.resource):
        return _is_named(target, access)
    return _may_set(target.attribute, target, access)


def _is_part_of_key(target: ResolvedPath, access: Access) -> bool:
    """Whether a column, or one behind a generic foreign key, is the key of its row with others."""
    columns: tuple[Attribute, ...] = () if target.hops else (target.attribute,)
    if target.is_pointer:
        columns = columns_behind(target.hops[0], access.resource)
    return any(column in access.resource.pk.parts for column in columns)


def _may_point(pointer: Relation, access: Access, operation: str) -> bool:
    """Whether both columns of a generic foreign key may be written, by its own name or by theirs."""
    columns = [ResolvedPath((), one) for one in columns_behind(pointer, access.resource)]
    if operation == "edit" and any(_is_part_of_key(one, access) for one in columns):
        return False
    named = (ResolvedPath((pointer,), one) for one in pointer.target.attributes.values())
    if access.grant.unrestricted:
        return True
    if all(access.covers(target) for target in named):
        guard = access.policy.guard
        kept = any(
            needs_naming(o.attribute) or guard.covers(access.resource, o.attribute) for o in columns
        )
        return not (kept and access.grant.for_reading)
    return all(_may_set(one.attribute, one, access) for one in columns)


def upload_limits_of(target: ResolvedPath, access: Access) -> FileLimits | None:
    """Return what the caller may upload to a column, ``None`` if nothing."""
    named = _granted(target, access) and _is_named(target, access)
    return upload_limits(target.attribute, access, named=named)


def _may_set(attribute: Attribute, target: ResolvedPath, access: Access) -> bool:
    if attribute.name in access.grant.files:
        return True
    guard, resource = access.policy.guard, access.resource
    guarded = guard.covers(resource, attribute) or guard.gives_rights(resource)
    needed = guarded or needs_naming(attribute)
    return _granted(target, access) and (not needed or _is_named(target, access))


def _is_of_pointer(attribute: Attribute, resource: Resource) -> bool:
    """Whether a column is part of a generic foreign key.

    By its own name nothing is looked up, so it could point to a row that the caller may not see.
    """
    pointers = (one for one in resource.relations.values() if one.same_row)
    return any(attribute in columns_behind(one, resource) for one in pointers)


def _may_link(target: ResolvedPath, access: Access) -> bool:
    """Whether links may be changed; under a wildcard only from the model that declares them."""
    relation = target.hops[0]
    guard, resource = access.policy.guard, access.resource
    guarded = guard.covers_relation(resource, relation.name) or guard.gives_rights(resource)
    needed = guarded or relation.reverse
    return _granted(target, access) and (not needed or _is_named(target, access))


def _is_named(target: ResolvedPath, access: Access) -> bool:
    """Whether the grant writes a path out for writing; what may be read is not named by that."""
    grant = access.grant
    if grant.unrestricted:
        return True
    return not grant.for_reading and grant.fields.names(target.canonical, len(target.keys))


def _granted(target: ResolvedPath, access: Access) -> bool:
    """Whether the grant for writing covers a path; what may be listed elsewhere opens nothing."""
    return access.grant.unrestricted or access.covers(target)
