"""Did-you-mean for denied names, drawn from what the caller may use and nothing else."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from django_flex.access.reach import NestedAccess
from django_flex.binding.conditions import TAIL, with_operator
from django_flex.exceptions import FieldDeniedError
from django_flex.exceptions.places import Part, worded
from django_flex.query.ast import RANDOM
from django_flex.query.filters import CONNECTORS
from django_flex.query.kinds import UNSORTED
from django_flex.query.operators import operators_for
from django_flex.query.synonyms import dotted, meant_operators, meant_order
from django_flex.query.terms import nearest
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute

BY_DOTS = worded("Paths and operators are joined by dots, as in 'customer.name.icontains'")
DESCENDING = worded("'-name' sorts in descending order")


def field_hint(text: str, access: Access) -> str | None:
    """Return the readable path that is most similar to a text, if one is close enough."""
    names = readable_names(access)
    if not names and isinstance(access, NestedAccess):
        # Nothing there may be read, so the path to it must look like one that does not exist.
        outer = access.outer
        return field_hint(access.prefix.removeprefix(outer.prefix) + text, outer)
    return nearest(text, names) or _dots_hint(text)


def field_denied(text: str, access: Access, place: Place = Part.FIELDS) -> FieldDeniedError:
    """Return the error about a field that is not granted, or does not exist: both look the same."""
    return FieldDeniedError(f"{access.prefix}{text}", path=place, hint=field_hint(text, access))


def filter_hint(text: str, access: Access) -> str | None:
    """Return the granted filter that is probably meant by a text, if there is one."""
    if text.lower() in CONNECTORS:
        return worded("did you mean '{}'?", text.lower())
    path = dotted(text) if "__" in text else text
    if path != text and _may_filter(path, access):
        return worded("did you mean '{}'? {}", path, BY_DOTS)
    return _operator_hint(path, access) or _path_hint(path, access) or _dots_hint(text)


def _operator_hint(text: str, access: Access) -> str | None:
    """Return the hint for a path that may be filtered, but not by this operator."""
    head, _, last = text.rpartition(".")
    bare = _granted_operators(text, access)
    if bare:  # a path without operator, which means equality
        return worded("one of {}", _joined(text, bare))
    granted = _granted_operators(head, access) if head else []
    if not granted:
        return None
    wanted = [name for name in meant_operators(last) if name in granted]
    wanted = wanted or get_close_matches(last, granted, n=1, cutoff=0.6)
    if wanted:
        return worded("did you mean '{}'?", _joined(head, wanted[:1]))
    # What follows a relation is rather a path than an operator.
    is_operator = bool(meant_operators(last)) or head not in access.resource.relations
    return worded("one of {}", _joined(head, granted)) if is_operator else None


def _path_hint(text: str, access: Access) -> str | None:
    """Return the granted filter with the most similar path; operators that are alike do not count."""
    names = [name.removesuffix(".*") for name in filter_names(access)]
    path, operator = _cut(text)
    close = get_close_matches(
        path[:200], sorted({_cut(name)[0] for name in names}), n=1, cutoff=0.6
    )
    if not close:
        return None
    same = [name for name in names if _cut(name) == (close[0], operator)]
    return worded(
        "did you mean '{}'?", (same or [name for name in names if _cut(name)[0] == close[0]])[0]
    )


def _cut(text: str) -> tuple[str, str]:
    """Return a filter without its operator, and the operator."""
    head, _, last = text.rpartition(".")
    return (head, last) if head and last in TAIL else (text, "")


def _granted_operators(text: str, access: Access) -> list[str]:
    """Return the operators by which a path may be filtered; none if it does not exist."""
    try:
        target = resolve(access.resource, tuple(text.split(".")))
    except UnknownPathError:
        return []
    operators = operators_for(target.attribute.kind)
    return [name for name in operators if access.may_filter(target, (name,))]


def _joined(path: str, operators: list[str]) -> str:
    return ", ".join(path if name == "exact" else f"{path}.{name}" for name in operators)


def _may_filter(text: str, access: Access) -> bool:
    try:
        target = with_operator(
            resolve(access.resource, tuple(text.split(".")), tail=TAIL, items=True)
        )
    except UnknownPathError:
        return False
    return access.may_filter(target, target.rest)


def order_hint(text: str, access: Access) -> str | None:
    """Return the granted ordering that is probably meant by a text, if there is one."""
    names = order_names(access)
    meant = meant_order(text)
    if meant is not None and meant in names:
        return worded("did you mean '{}'?", meant)
    return nearest(text, names) or (DESCENDING if meant is not None else _dots_hint(text))


def _dots_hint(text: str) -> str | None:
    """Return the hint for a Django lookup. It is drawn from the text alone, and so tells nothing."""
    return BY_DOTS if "__" in text else None


def readable_names(access: Access) -> list[str]:
    """Return the paths that the caller may read: own columns, to-one columns, written-out ones."""
    names = [name for name, _ in _readable_columns(access)]
    names += [".".join(path) for path in access.grant.fields.exact if _is_readable(path, access)]
    return sorted(dict.fromkeys(names))


def _is_readable(path: Path, access: Access) -> bool:
    """Whether a path that is written out may be read: the key of a row may tell what may not."""
    return access.readable(resolve(access.resource, path, file_parts=True))


def _readable_columns(access: Access) -> Iterator[tuple[str, Attribute]]:
    """Yield the columns that the caller may read, own and over one to-one relation, by their paths."""
    for attribute in access.readable_attributes(()):
        yield attribute.name, attribute
    for relation in access.resource.relations.values():
        if relation.cardinality == "one":
            for attribute in access.readable_attributes((relation,)):
                yield f"{relation.name}.{attribute.name}", attribute


def _without(names: Iterable[str], access: Access, kinds: Collection[str]) -> list[str]:
    """Return the paths that lead to no value of some kinds."""
    left_out = {name for name, attribute in _readable_columns(access) if attribute.kind in kinds}
    return [name for name in names if name not in left_out]


def filter_names(access: Access) -> list[str]:
    """Return the granted filters: ``path`` for equality, ``path.op``, ``path.*``."""
    filters = access.grant.filters
    names = [".".join((*path, *_shown(rest))) for path, rest in filters.exact]
    names += [".".join((*path, "*")) for path in filters.open_paths]
    if filters.everything or access.grant.unrestricted:
        names += _without(readable_names(access), access, {"encrypted"})
    return sorted(dict.fromkeys(names))


def order_names(access: Access) -> list[str]:
    """Return the granted orderings, ``-`` first for descending."""
    names = [*_orderings(access), *([RANDOM] if access.grant.order_by.random else [])]
    if access.grant.order_by.everything or access.grant.unrestricted:
        sortable = _without(readable_names(access), access, UNSORTED)
        names += [f"{sign}{name}" for name in sortable for sign in ("", "-")]
    return sorted(dict.fromkeys(names))


def _orderings(access: Access) -> Iterator[str]:
    for path, descending in access.grant.order_by.exact:
        yield f"{'-' if descending else ''}{'.'.join(path)}"


def _shown(rest: tuple[str, ...]) -> tuple[str, ...]:
    return rest[:-1] if rest[-1] == "exact" else rest
