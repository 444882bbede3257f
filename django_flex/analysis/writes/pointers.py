"""Where a generic foreign key is to point: at a row of a model that the caller is granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.access.pointing import nameable_rows, shows_rows
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.languages import in_language
from django_flex.query.terms import excerpt
from django_flex.resolved import Assignment, Fault, PointedRow
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.generic_relations import KEY, TYPE, columns_behind
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.schema.resources import Attribute, Relation


@dataclass(frozen=True, slots=True)
class Pointing:
    """What was sent for a generic foreign key: values of its columns, and the row that they mean."""

    assignments: tuple[Assignment, ...] = ()
    rows: tuple[PointedRow, ...] = ()
    faults: tuple[Fault, ...] = ()


def point(name: str, pointer: Relation, value: object, rules: WriteAccess) -> Pointing:
    """Read what a generic foreign key is to point to.

    A type that does not exist, one that the caller has no grant on, and a key that none of its keys
    looks like are as if there were no such row.

    Args:
        name: what it was sent as.
        pointer: the key, as a relation to the row itself.
        value: what was sent.
        rules: those of the write.
    """
    columns = columns_behind(pointer, rules.access.resource)
    if value is None and all(column.null for column in columns):
        return Pointing(tuple(Assignment(name, column, None) for column in columns))
    if not isinstance(value, Mapping) or value.keys() != {TYPE, KEY}:
        expected = in_language(worded("This has to be an object with a type and a key."))
        return _refused(name, columns, expected, "invalid")
    kind, key = value[TYPE], value[KEY]
    way = _way(kind, pointer, rules)
    try:
        pk = None if way is None or key is None else coerce_key(key, way.target.pk)
    except UnfitValueError:
        pk = None
    if way is None or pk is None:
        return _refused(name, columns, missing_text(kind, key), "does_not_exist")
    _, stored = columns
    found = PointedRow(
        name=name,
        columns=columns,
        label=str(kind),
        pk=pk,
        rows=nameable_rows(way.target, rules.access),
        types=rules.access.type_rows(way),
        missing=missing_text(kind, key),
    )
    # What is stored in a text column is the text of the key, as Django has it.
    value = str(pk) if stored.kind == "text" else pk
    return Pointing((Assignment(name, stored, value),), (found,))


def unmatchable(name: str) -> UnsupportedQueryError:
    """Return the error about a generic foreign key that is to identify a row."""
    return UnsupportedQueryError(
        worded("'{}' is a generic foreign key, which cannot identify a row", excerpt(name)),
        path=Part.MATCH,
        hint="find the row, and edit it by its key",
    )


def check_unmatched(name: str, columns: Iterable[Attribute], matched: Iterable[Attribute]) -> None:
    """Refuse a generic foreign key that was sent for columns by which a row is to be found.

    The key of its type is only known once the rows that it points to are looked for.
    """
    if not set(matched).isdisjoint(columns):
        raise unmatchable(name)


def missing_text(kind: object, key: object) -> str:
    """Return the message that there is no row of a type and key."""
    return in_language(worded("{} does not exist.", f"{kind!s:.100} {key!s:.100}"))


def _refused(name: str, columns: tuple[Attribute, ...], message: str, code: str) -> Pointing:
    faults = tuple(Fault(name, column.own_name, message, code) for column in columns)
    return Pointing(faults=faults)


def _way(kind: object, pointer: Relation, rules: WriteAccess) -> Relation | None:
    """Return the relation to the rows of a type, ``None`` without a grant of the caller's on them."""
    for way in pointer.target.relations.values():
        granted = rules.access.grant.unrestricted or _is_granted(way, rules)
        if way.typed_key is not None and way.typed_key.label == kind and granted:
            return way
    return None


def _is_granted(way: Relation, rules: WriteAccess) -> bool:
    return shows_rows(rules.access.related_grant(way.label))
