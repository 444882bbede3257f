"""Turns what was sent for a row into the write: checks names, converts values, applies presets."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.files.base import File

from django_flex.analysis.writes.destinations import Destination, Destinations
from django_flex.analysis.writes.links import links_of, with_new_rows
from django_flex.analysis.writes.nested import children_of, is_new, parent_of
from django_flex.analysis.writes.pointers import point
from django_flex.analysis.writes.updates import PLAIN, fit_update, other_form, sent_value
from django_flex.analysis.writes.uploads import Refusal, received
from django_flex.analysis.writes.writable import denied, upload_limits_of
from django_flex.binding.comparands import NoValueError
from django_flex.binding.presets import bind_preset
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    ObjectNotFoundError,
    QueryError,
    RowDeniedError,
)
from django_flex.exceptions.places import worded
from django_flex.languages import in_language
from django_flex.query.ast import RowChange
from django_flex.query.terms import excerpt
from django_flex.resolved import Assignment, Fault, LinkChanges, NewRow, RowWrite
from django_flex.resolved.updates import Update
from django_flex.schema.conversions.keys import check_usable
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.inputs import fit
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.exceptions.places import Place
    from django_flex.query.limits import Limits
    from django_flex.resolved import NestedWrites, PointedRow
    from django_flex.schema.resources import Attribute, Relation

logger = logging.getLogger("django_flex.security")
NO_FILE = Refusal("A file is needed, as a part of a form; null removes the stored one.", "no_file")
NOT_GRANTED = Refusal("No file may be uploaded here.", "not_granted")


class ChangeResolver:
    """Resolves the changes of one write. Mutable only in what it counts and caches."""

    __slots__ = ("_destinations", "count", "depth", "limits", "match", "related")

    def __init__(self, limits: Limits, match: tuple[Attribute, ...] = ()) -> None:
        self.limits = limits
        self.match = match
        self.count = 0
        self.depth = 0
        self.related: dict[Relation, dict[str, WriteAccess]] = {}
        self._destinations = Destinations()

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
        for destination in self._destinations.of(change, rules, parent, matched):
            name, target = destination.name, destination.target
            value = change.values[name]
            if not target.via:
                sent = value
                if type(value) not in PLAIN:
                    sent = self._sent(value, destination, rules, change, matched)
                is_file = target.attribute.kind == "file"
                upload = self._upload(destination, rules, sent) if is_file else None
                builder.assign(destination, sent, upload)
            elif destination.columns:
                builder.point(name, target.hops[0], value, destination.columns)
            elif destination.is_link:
                links, faults = links_of(name, target, value, rules, change)
                builder.faults += faults
                builder.links.append(with_new_rows(links, rules, self, change))
            else:
                builder.children.append(
                    children_of(name, target.hops[0], value, rules, self, change)
                )
        builder.preset()
        if matched and rules.operation == "add":
            builder.need(matched)
        return builder.finish()

    def _sent(
        self,
        value: object,
        destination: Destination,
        rules: WriteAccess,
        change: RowChange,
        matched: tuple[Attribute, ...],
    ) -> object:
        """Return what a value of a column means: a row to point to, or how the stored value changes."""
        name, target, relation = destination.name, destination.target, destination.relation
        upserting = bool(matched) and target.attribute not in matched
        sent = sent_value(name, target, value, rules, change, upserting=upserting)
        if relation is None or not is_new(value):
            return sent
        if target.attribute in matched:
            raise QueryError("A new row cannot identify this one", path=change.at(excerpt(name)))
        return parent_of(name, relation, value, rules, self, change)

    def _upload(
        self, destination: Destination, rules: WriteAccess, value: object
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

    def _count(self, change: RowChange) -> None:
        self.count += 1
        if self.count > 2 * self.limits.max_items:
            raise LimitExceededError(
                "Too many rows in one write",
                path=change.place or None,
                hint=worded("at most {}", self.limits.max_items),
            )


class RowWriteBuilder:
    """Collects the values of one row."""

    __slots__ = ("assigned", "change", "children", "faults", "links", "pointed", "rules")

    def __init__(self, change: RowChange, rules: WriteAccess) -> None:
        self.change = change
        self.rules = rules
        self.assigned: dict[str, list[Assignment]] = {}
        self.links: list[LinkChanges] = []
        self.children: list[NestedWrites] = []
        self.faults: list[Fault] = []
        self.pointed: list[PointedRow] = []

    def assign(
        self,
        destination: Destination,
        value: object,
        upload: UploadedFile[bytes] | Refusal | None = None,
    ) -> None:
        """Take a value for a column, or for a key in its JSON value; ``upload`` is one of a file."""
        name, target = destination.name, destination.target
        attribute = target.attribute
        try:
            # A key inside a JSON value takes any JSON value, too, since its kind is the column's.
            typed: object
            if upload is not None:
                if isinstance(upload, Refusal):
                    message = in_language(upload.message)
                    self.faults.append(Fault(name, attribute.own_name, message, upload.code))
                    return
                typed = upload
            elif type(value) is NewRow:
                typed = value
            elif type(value) is Update:
                typed = fit_update(value, attribute)
            else:
                typed = fit(value, attribute, takes_all=destination.takes_all)
        except UnfitValueError as error:
            expected = worded("This has to be {}{}.", error.expected, other_form(value, attribute))
            self.faults.append(Fault(name, attribute.own_name, in_language(expected)))
            return
        assignment = Assignment(name, attribute, typed, target.keys, destination.reference)
        if target.keys:
            self.assigned.setdefault(attribute.name, []).append(assignment)
        else:
            self.assigned[attribute.name] = [assignment]

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
        assignments = tuple([part for parts in self.assigned.values() for part in parts])
        pk = None
        if self.change.pk is not None:
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


def row_key(value: object, pk: Attribute, place: Place = "") -> object:
    """Type the key of a row, sent at a place; one that cannot be a key matches no row."""
    try:
        return coerce_key(value, pk)
    except UnfitValueError:
        raise ObjectNotFoundError(path=place or None) from None
