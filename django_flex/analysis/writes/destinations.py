"""Where the values that are sent for a row go: found once for all rows that are sent the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.access.pointing import nameable_rows
from django_flex.analysis.writes.nested import pointing
from django_flex.analysis.writes.pointers import check_unmatched
from django_flex.analysis.writes.writable import writable
from django_flex.dataclass_init import fast_init
from django_flex.exceptions import QueryError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt
from django_flex.schema.field_checks import takes_all
from django_flex.schema.generic_relations import columns_behind
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.query.ast import RowChange
    from django_flex.resolved import Rows
    from django_flex.schema.resources import Attribute, Relation

#: Paths that are written so far, by their first segment, each with the name that was sent for it.
Claims = dict[str, list[tuple[tuple[str, ...], str]]]


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """Where a value goes: a column, or a relation that is many-to-many (``is_link``) or nested.

    ``name`` is what was sent for it. ``relation`` is that of a foreign key, ``reference`` has the
    rows that it may point to, and ``takes_all`` says that their key can be looked up whatever it is.
    ``columns`` are those of a generic foreign key.
    """

    name: str
    target: ResolvedPath
    relation: Relation | None
    reference: Rows | None
    takes_all: bool
    is_link: bool
    columns: tuple[Attribute, ...]


class Destinations:
    """Finds destinations for the rows of one write. Mutable only in what it caches."""

    __slots__ = ("_of_name", "_of_names")

    def __init__(self) -> None:
        self._of_name: dict[tuple[WriteAccess, str], Destination] = {}
        self._of_names: dict[object, tuple[Destination, ...]] = {}

    def of(
        self,
        change: RowChange,
        rules: WriteAccess,
        parent: Relation | None,
        matched: tuple[Attribute, ...],
    ) -> tuple[Destination, ...]:
        """Return where each value of a row goes, without those by which the row was found.

        Args:
            change: what was sent.
            rules: those of the operation.
            parent: for a nested row, the relation from its parent, which sets its key.
            matched: the columns by which rows are found.

        Raises:
            FieldDeniedError: a name that is not granted, or does not exist.
            QueryError: two names for one column.
        """
        question = (rules, parent, matched, change.lenient, *change.values)
        found = self._of_names.get(question)
        if found is None:
            found = tuple(self._find(change, rules, parent, matched))
            self._of_names[question] = found
        return found

    def _find(
        self,
        change: RowChange,
        rules: WriteAccess,
        parent: Relation | None,
        matched: tuple[Attribute, ...],
    ) -> Iterator[Destination]:
        stay = matched if rules.operation == "edit" else ()
        claims: Claims = {}
        for name in change.values:
            if stay and rules.access.resource.attribute(name) in stay:
                continue
            try:
                destination = self._named(name, rules, change)
            except UnknownKeyError:
                if change.lenient:
                    continue
                raise
            written = [ResolvedPath((), column) for column in destination.columns]
            for target in written or [destination.target]:
                _claim(name, target, parent, claims, change)
            if written:
                check_unmatched(name, destination.columns, matched)
            yield destination

    def _named(self, name: str, rules: WriteAccess, change: RowChange) -> Destination:
        """Return what a name leads to, looked up once for all rows under the same rules."""
        found = self._of_name.get((rules, name))
        if found is None:
            found = self._of_name[rules, name] = _destination(name, rules, change)
        return found


def _destination(name: str, rules: WriteAccess, change: RowChange) -> Destination:
    target = writable(name, rules, change)
    relation = None if target.via else relation_of(target.attribute, rules)
    return Destination(
        name=name,
        target=target,
        relation=relation,
        reference=None if relation is None else nameable_rows(relation.target, rules.access),
        takes_all=relation is not None and takes_all(target.attribute, "exact"),
        is_link=target.via and target.hops[0].linked,
        columns=columns_behind(target.hops[0], rules.access.resource) if target.via else (),
    )


def _claim(
    name: str, target: ResolvedPath, parent: Relation | None, claims: Claims, change: RowChange
) -> None:
    """Refuse a second name for a column, or for a part of a value that is written already.

    With a ``parent``, the relation to the outer row, also what that row sets.
    """
    if parent is not None and _points(target, parent):
        raise QueryError("The outer row sets this value", path=change.at(excerpt(name)))
    path = target.canonical
    claimed = claims.setdefault(path[0], [])
    for other, earlier in claimed:
        shared = min(len(other), len(path))
        if other[:shared] == path[:shared]:
            raise QueryError(
                worded("'{}' and '{}' write the same value", excerpt(earlier), excerpt(name)),
                path=change.at(excerpt(name)),
            )
    claimed.append((path, name))


def _points(target: ResolvedPath, parent: Relation) -> bool:
    """Whether a column is one by which a row points to the row around it."""
    return not target.via and target.attribute.lookup in pointing(parent)


def relation_of(attribute: Attribute, rules: WriteAccess) -> Relation | None:
    """Return the relation of a foreign key, ``None`` for another column."""
    relation = rules.access.resource.relation(attribute.name)
    return None if relation is None or relation.column is None else relation
