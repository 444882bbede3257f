"""Which names a caller may write on a model. Names that may not be written all look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.writes.uploads import upload_limits
from django_flex.exceptions import FieldDeniedError
from django_flex.query.terms import MAX_PATH_SEGMENTS, SEGMENT, excerpt, nearest
from django_flex.schema.inputs import is_computed, needs_naming
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.policy.model import FileLimits
    from django_flex.query.ast import RowChange
    from django_flex.schema.resources import Attribute


def writable(name: str, rules: WriteAccess, change: RowChange) -> ResolvedPath:
    """Resolve a name that must be writable.

    Raises:
        FieldDeniedError: it names nothing, or nothing that the caller may write.
    """
    path = tuple(name.split(".", MAX_PATH_SEGMENTS))
    if not all(map(SEGMENT.fullmatch, path)):
        raise denied(name, rules, change)
    try:
        target = resolve(rules.access.resource, path)
    except UnknownPathError:
        raise denied(name, rules, change) from None
    if not may_write(target, rules.access, rules.operation):
        raise denied(name, rules, change)
    return target


def denied(name: str, rules: WriteAccess, change: RowChange) -> FieldDeniedError:
    """Return the error for any name that the caller may not write."""
    text = excerpt(name)
    hint = nearest(text, writable_names(rules.access, rules.operation))
    return FieldDeniedError(text, path=change.at(text), hint=hint)


def writable_names(access: Access, operation: str) -> list[str]:
    """Return the columns and many-to-many relations that the caller may add or edit.

    Args:
        access: the caller's reach under the grant for writing.
        operation: ``add`` or ``edit``.
    """
    resource = access.resource
    columns = [ResolvedPath((), attribute) for attribute in resource.attributes.values()]
    links = [
        ResolvedPath((relation,), relation.target.pk, via=True)
        for relation in resource.relations.values()
        if relation.cardinality == "many" and relation.linked
    ]
    return [
        target.canonical[0] for target in (*columns, *links) if may_write(target, access, operation)
    ]


def may_write(target: ResolvedPath, access: Access, operation: str) -> bool:
    """Whether the caller may add or edit what a path leads to.

    Rows of another model that point here are left to the grants of that model.
    """
    if target.via:
        nested = len(target.hops) == 1 and not target.keys
        return nested and (not target.hops[0].linked or _may_link(target, access))
    if target.hops or is_computed(target.attribute):
        return False
    if target.attribute.primary_key and operation == "edit":
        return False
    return _may_set(target.attribute, target, access)


def upload_limits_of(target: ResolvedPath, access: Access) -> FileLimits | None:
    """Return what the caller may upload to a column, ``None`` if nothing."""
    named = _granted(target, access) and _is_named(target, access)
    return upload_limits(target.attribute, access, named=named)


def _may_set(attribute: Attribute, target: ResolvedPath, access: Access) -> bool:
    if attribute.name in access.grant.files:
        return True
    guarded = access.policy.guard.covers(access.resource, attribute)
    needed = guarded or needs_naming(attribute)
    return _granted(target, access) and (not needed or _is_named(target, access))


def _may_link(target: ResolvedPath, access: Access) -> bool:
    """Whether links may be changed; under a wildcard only from the model that declares them."""
    relation = target.hops[0]
    guarded = access.policy.guard.covers_relation(access.resource, relation.name)
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
