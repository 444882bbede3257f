"""Turns what was sent for a row into the write: checks names, converts values, applies presets."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.files.base import File

from django_flex.access.pointing import nameable_rows
from django_flex.analysis.writes.links import links_of, with_new_rows
from django_flex.analysis.writes.nested import children_of, is_new, parent_of, pointing
from django_flex.analysis.writes.pointers import check_unmatched, point
from django_flex.analysis.writes.updates import fit_update, other_form, sent_value
from django_flex.analysis.writes.uploads import Refusal, received
from django_flex.analysis.writes.writable import denied, upload_limits_of, writable
from django_flex.binding.comparands import NoValueError
from django_flex.binding.presets import bind_preset
from django_flex.dataclass_init import fast_init
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    ObjectNotFoundError,
    QueryError,
    RowDeniedError,
    UnknownKeyError,
)
from django_flex.exceptions.places import worded
from django_flex.languages import in_language
from django_flex.query.ast import RowChange
from django_flex.query.terms import excerpt
from django_flex.resolved import Assignment, Fault, LinkChanges, NewRow, RowWrite
from django_flex.resolved.updates import Update
from django_flex.schema.conversions.keys import check_usable
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.generic_relations import columns_behind
from django_flex.schema.inputs import fit
from django_flex.schema.paths import ResolvedPath
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.uploadedfile import UploadedFile

    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.exceptions.places import Place
    from django_flex.query.limits import Limits
    from django_flex.resolved import NestedWrites, PointedRow, Rows
    from django_flex.schema.resources import Attribute, Relation

logger = logging.getLogger("django_flex.security")
NO_FILE = Refusal("A file is needed, as a part of a form; null removes the stored one.", "no_file")
NOT_GRANTED = Refusal("No file may be uploaded here.", "not_granted")


class ChangeResolver:
    """Resolves the changes of one write. Mutable only in what it counts and caches."""

    __slots__ = ("_targets", "count", "depth", "limits", "match", "related")

    def __init__(self, limits: Limits, match: tuple[Attribute, ...] = ()) -> None:
        self.limits = limits
        self.match = match
        self.count = 0
        self.depth = 0
        self.related: dict[Relation, dict[str, WriteAccess]] = {}
        self._targets: dict[tuple[WriteAccess, str], Destination] = {}

    def rows(
        self, changes: Iterable[RowChange], rules: WriteAccess, parent: Relation | None = None
    ) -> tuple[RowWrite, ...]:
        """Return how each row is written.

        Args:
            changes: what was sent.
            rules: those of the operation.
            parent: for nested rows, the relation from their parent, which sets their key.
        """
        rows: dict[object, RowWrite] = {}
        for position, change in enumerate(changes):
            row = self.row(change, rules, parent)
            key = (position, None) if row.pk is None else row.pk
            if key in rows:
                place = change.key_place or change.at(rules.access.resource.key_name)
                raise QueryError("This key is in the list twice", path=place)
            rows[key] = row
        return tuple(rows.values())

    def row(
        self,
        change: RowChange,
        rules: WriteAccess,
        parent: Relation | None = None,
        *,
        inside: bool = False,
    ) -> RowWrite:
        """Return how one row is written.

        Args:
            change: what was sent.
            rules: those of the operation.
            parent: for a nested row, the relation from its parent, which sets its key.
            inside: whether it is sent inside another row, which does not set its key.

        Raises:
            FieldDeniedError: a name that is not granted, or does not exist.
            QueryError: two names for one column.
        """
        self._count(change)
        builder = RowWriteBuilder(change, rules)
        matched = () if inside or parent is not None else self.match
        for name, value, destination in self._destinations(change, rules, matched):
            target = destination.target
            columns = columns_behind(target.hops[0], rules.access.resource) if target.via else ()
            if columns:
                for column in columns:
                    builder.claim(name, ResolvedPath((), column), parent)
                check_unmatched(name, columns, matched)
                builder.point(name, target.hops[0], value, columns)
                continue
            builder.claim(name, target, parent)
            if not target.via:
                upserting = bool(matched) and target.attribute not in matched
                sent = sent_value(name, target, value, rules, change, upserting=upserting)
                if destination.relation is not None and is_new(value):
                    if target.attribute in matched:
                        raise QueryError(
                            "A new row cannot identify this one", path=change.at(excerpt(name))
                        )
                    sent = parent_of(name, destination.relation, value, rules, self, change)
                is_file = target.attribute.kind == "file"
                upload = self._upload(name, destination, rules, sent) if is_file else None
                builder.assign(name, destination, sent, upload)
            elif destination.is_link:
                links, faults = links_of(name, target, value, rules, change)
                builder.faults += faults
                builder.links.append(with_new_rows(links, rules, self, change))
            else:
                builder.children.append(
                    children_of(name, target.hops[0], value, rules, self, change)
                )
        builder.preset()
        if rules.operation == "add":
            builder.need(matched)
        return builder.finish()

    def _upload(
        self, name: str, destination: Destination, rules: WriteAccess, value: object
    ) -> UploadedFile[bytes] | Refusal | None:
        """Return the file that is sent for a column, or why it is not taken; ``None`` for none."""
        target = destination.target
        if value is None or value == "":
            return None
        limits = upload_limits_of(target, rules.access)
        if isinstance(value, File) and limits is not None:
            return received(value, limits, rules.access)
        if isinstance(value, File):
            return NOT_GRANTED
        # A name may be that of another user's file: who uploads does not choose among stored ones.
        return None if limits is None or rules.access.grant.unrestricted else NO_FILE

    def _destinations(
        self, change: RowChange, rules: WriteAccess, matched: tuple[Attribute, ...]
    ) -> Iterator[tuple[str, object, Destination]]:
        """Yield where each value goes: those by which a row was found do not change."""
        stay = matched if rules.operation == "edit" else ()
        for name, value in change.values.items():
            if stay and rules.access.resource.attribute(name) in stay:
                continue
            destination = self._target(name, rules, change)
            if destination is not None:
                yield name, value, destination

    def _target(self, name: str, rules: WriteAccess, change: RowChange) -> Destination | None:
        """Look a name up, once for all rows that are written under the same rules.

        ``None`` is for an unknown key, which a lenient request leaves out.
        """
        found = self._targets.get((rules, name))
        if found is None:
            try:
                target = writable(name, rules, change)
            except UnknownKeyError:
                if change.lenient:
                    return None
                raise
            relation = None if target.via else relation_of(target.attribute, rules)
            found = self._targets[rules, name] = Destination(
                target=target,
                relation=relation,
                reference=None
                if relation is None
                else nameable_rows(relation.target, rules.access),
                is_link=target.via and target.hops[0].linked,
            )
        return found

    def _count(self, change: RowChange) -> None:
        self.count += 1
        if self.count > 2 * self.limits.max_items:
            raise LimitExceededError(
                "Too many rows in one write",
                path=change.place or None,
                hint=worded("at most {}", self.limits.max_items),
            )


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """Where a value goes: a column, or a relation that is many-to-many (``is_link``) or nested.

    ``relation`` is that of a foreign key, and ``reference`` has the rows that it may point to.
    """

    target: ResolvedPath
    relation: Relation | None
    reference: Rows | None
    is_link: bool


class RowWriteBuilder:
    """Collects the values of one row."""

    __slots__ = ("assigned", "change", "children", "claimed", "faults", "links", "pointed", "rules")

    def __init__(self, change: RowChange, rules: WriteAccess) -> None:
        self.change = change
        self.rules = rules
        self.assigned: dict[str, list[Assignment]] = {}
        self.links: list[LinkChanges] = []
        self.children: list[NestedWrites] = []
        self.claimed: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.faults: list[Fault] = []
        self.pointed: list[PointedRow] = []

    def claim(self, name: str, target: ResolvedPath, parent: Relation | None) -> None:
        """Refuse a second name for a column, or for a part of a value that is written already.

        With a ``parent``, the relation to the outer row, also what that row sets.
        """
        if parent is not None and _points(target, parent):
            raise QueryError("The outer row sets this value", path=self.change.at(excerpt(name)))
        path = target.canonical
        claimed = self.claimed.setdefault(path[0], [])
        for other, earlier in claimed:
            shared = min(len(other), len(path))
            if other[:shared] == path[:shared]:
                raise QueryError(
                    worded("'{}' and '{}' write the same value", excerpt(earlier), excerpt(name)),
                    path=self.change.at(excerpt(name)),
                )
        claimed.append((path, name))

    def assign(
        self,
        name: str,
        destination: Destination,
        value: object,
        upload: UploadedFile[bytes] | Refusal | None = None,
    ) -> None:
        """Take a value for a column, or for a key in its JSON value; ``upload`` is one of a file."""
        attribute = destination.target.attribute
        if isinstance(upload, Refusal):
            message = in_language(upload.message)
            self.faults.append(Fault(name, attribute.own_name, message, upload.code))
            return
        try:
            # A key inside a JSON value takes any JSON value, too, since its kind is the column's.
            typed: object
            if isinstance(value, NewRow):
                typed = value
            elif isinstance(value, Update):
                typed = fit_update(value, attribute)
            else:
                typed = fit(value, attribute) if upload is None else upload
        except UnfitValueError as error:
            expected = worded("This has to be {}{}.", error.expected, other_form(value, attribute))
            self.faults.append(Fault(name, attribute.own_name, in_language(expected)))
            return
        assignment = Assignment(
            name, attribute, typed, destination.target.keys, destination.reference
        )
        self.assigned.setdefault(attribute.name, []).append(assignment)

    def point(
        self, name: str, pointer: Relation, value: object, columns: Iterable[Attribute]
    ) -> None:
        """Take what a generic foreign key is to point to; not if one of its columns is preset."""
        if any(preset.attribute in columns for preset in self.rules.presets):
            raise denied(name, self.rules, self.change)
        found = point(name, pointer, value, self.rules)
        for assignment in found.assignments:
            self.assigned[assignment.attribute.name] = [assignment]
        self.pointed += found.rows
        self.faults += found.faults

    def preset(self) -> None:
        """Overwrite what was sent with the values that the operator sets.

        A value that the caller lacks, or that does not fit, is not reported as a client's mistake.
        """
        for preset in self.rules.presets:
            name = preset.attribute.name
            try:
                value = bind_preset(preset.attribute, preset.value, self.rules.access.actor)
            except (NoValueError, InvalidValueError) as error:
                logger.warning(
                    "The preset '%s' of '%s' has no value that fits: %r; access denied",
                    name,
                    self.rules.access.entry.name,
                    error,
                )
                raise RowDeniedError(path=self.change.place or None) from None
            self.assigned[name] = [Assignment(name, preset.attribute, value)]

    def need(self, matched: Iterable[Attribute]) -> None:
        """Refuse a row without the values that identify it; NULL does not count as a value."""
        for attribute in matched:
            parts = self.assigned.get(attribute.name, ())
            if all(part.value is None for part in parts):
                place = self.change.place or attribute.name
                raise QueryError(worded("'{}' is needed to match rows", attribute.name), path=place)

    def finish(self) -> RowWrite:
        """Return the row."""
        assignments = tuple(part for parts in self.assigned.values() for part in parts)
        pk = row_key(self.change.pk, self.rules.access.resource.pk, self.change.key_place)
        check_usable(pk, self.change.key_place)
        return RowWrite(
            pk=pk,
            place=self.change.place,
            key_place=self.change.key_place,
            assignments=assignments,
            links=tuple(self.links),
            children=tuple(self.children),
            faults=tuple(self.faults),
            pointed=tuple(self.pointed),
        )


def _points(target: ResolvedPath, parent: Relation) -> bool:
    """Whether a column is one by which a row points to the row around it."""
    return not target.via and target.attribute.lookup in pointing(parent)


def relation_of(attribute: Attribute, rules: WriteAccess) -> Relation | None:
    """Return the relation of a foreign key, ``None`` for another column."""
    relation = rules.access.resource.relation(attribute.name)
    return None if relation is None or relation.column is None else relation


def row_key(value: object, pk: Attribute, place: Place = "") -> object:
    """Type the key of a row, sent at a place; one that cannot be a key matches no row."""
    if value is None:
        return None
    try:
        return coerce_key(value, pk)
    except UnfitValueError:
        raise ObjectNotFoundError(path=place or None) from None
