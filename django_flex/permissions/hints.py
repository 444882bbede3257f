"""Did-you-mean for denied names, drawn from what the caller may use and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import FieldDeniedError
from django_flex.query.operators import operators_for
from django_flex.query.terms import nearest
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.permissions.access import Access
    from django_flex.schema.paths import Target


def field_hint(text: str, access: Access) -> str | None:
    """Return the readable path most like a text, if one is near."""
    names = readable_names(access)
    outer: Access | None = getattr(access, "outer", None)
    if not names and outer is not None:
        # Nothing there may be read, so the way there is to look like one that does not exist.
        return field_hint(access.prefix.removeprefix(outer.prefix) + text, outer)
    return nearest(text, names)


def field_denied(text: str, access: Access, place: str = "fields") -> FieldDeniedError:
    """Return the error about a field that is not granted, or does not exist: both look the same."""
    return FieldDeniedError(f"{access.prefix}{text}", path=place, hint=field_hint(text, access))


def filter_hint(text: str, access: Access) -> str | None:
    """Return the granted filter most like a text, if one is near."""
    head = text.rpartition(".")[0]
    names = [name.removesuffix(".*") for name in filter_names(access)]
    target = _granted_target(head, access) if head in names else None
    if target is not None:
        # The path is right, so it is the operator that was meant otherwise.
        operators = operators_for(target.attribute.kind)
        names = [f"{head}.{op}" for op in operators if access.may_filter(target, (op,))]
    return nearest(text, names)


def _granted_target(text: str, access: Access) -> Target | None:
    try:
        return resolve(access.resource, tuple(text.split(".")))
    except UnknownPathError:
        return None  # a granted path with a transform behind it


def order_hint(text: str, access: Access) -> str | None:
    """Return the granted ordering most like a text, if one is near."""
    return nearest(text, order_names(access))


def readable_names(access: Access) -> list[str]:
    """Return the paths that the caller may read: own columns, to-one columns, written-out ones."""
    names = [attribute.name for attribute in access.readable_attributes(())]
    for relation in access.resource.relations.values():
        if relation.cardinality == "one":
            names += [
                f"{relation.name}.{attribute.name}"
                for attribute in access.readable_attributes((relation,))
            ]
    names += [".".join(path) for path in access.grant.fields.exact]
    return sorted(dict.fromkeys(names))


def filter_names(access: Access) -> list[str]:
    """Return the granted filters: ``path`` for equality, ``path.op``, ``path.*``."""
    filters = access.grant.filters
    names = [".".join((*path, *_shown(rest))) for path, rest in filters.exact]
    names += [".".join((*path, "*")) for path in filters.open_paths]
    if filters.everything or access.grant.unrestricted:
        names += readable_names(access)
    return sorted(dict.fromkeys(names))


def order_names(access: Access) -> list[str]:
    """Return the granted orderings, ``-`` first for descending."""
    names = list(_orderings(access))
    if access.grant.order_by.everything or access.grant.unrestricted:
        names += [f"{sign}{name}" for name in readable_names(access) for sign in ("", "-")]
    return sorted(dict.fromkeys(names))


def _orderings(access: Access) -> Iterator[str]:
    for path, descending in access.grant.order_by.exact:
        yield f"{'-' if descending else ''}{'.'.join(path)}"


def _shown(rest: tuple[str, ...]) -> tuple[str, ...]:
    return rest[:-1] if rest[-1] == "exact" else rest
