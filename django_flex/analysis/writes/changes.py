"""Turns what was sent for a row into the write: checks names, converts values, applies presets."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.files.base import File

from django_flex.analysis.writes.nested import children_of, is_new, parent_of
from django_flex.analysis.writes.updates import fit_update, other_form, sent_value
from django_flex.analysis.writes.uploads import Refusal, received
from django_flex.analysis.writes.writable import upload_limits_of, writable
from django_flex.binding.comparands import NoValueError
from django_flex.binding.presets import bind_preset
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    ObjectNotFoundError,
    QueryError,
    RowDeniedError,
    UnsupportedQueryError,
    ValidationFailedError,
)
from django_flex.query.ast import ParameterText, RowChange
from django_flex.query.terms import excerpt
from django_flex.resolved import Assignment, LinkChanges, NewRow, Rows, RowWrite
from django_flex.resolved.updates import Update
from django_flex.schema.inputs import fit
from django_flex.schema.values import UnfitValueError, coerce_key

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.query.limits import Limits
    from django_flex.resolved import NestedWrites
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Attribute, Relation

logger = logging.getLogger("django_flex.security")
NO_FILE = Refusal("A file is needed, as a part of a form; null removes the stored one.", "no_file")
NOT_GRANTED = Refusal("No file may be uploaded here.", "not_granted")
LINK_KEYS = frozenset({"$add", "$remove", "$set"})


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
                raise QueryError(
                    "This key is in the list twice", path=change.at(rules.access.resource.key_name)
                )
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
            ValidationFailedError: values that do not fit; all of them are named.
        """
        self._count(change)
        builder = RowWriteBuilder(change, rules)
        matched = () if inside or parent is not None else self.match
        for name, value in change.values.items():
            if rules.operation == "edit" and rules.access.resource.attribute(name) in matched:
                continue  # the row was found by this column, so its value does not change
            destination = self._target(name, rules, change)
            target = destination.target
            builder.claim(name, target)
            if parent is not None and target.attribute.lookup == parent.far and not target.via:
                raise QueryError("The outer row sets this value", path=change.at(excerpt(name)))
            if not target.via:
                upserting = bool(matched) and target.attribute not in matched
                sent = sent_value(name, target, value, rules, change, upserting=upserting)
                if destination.relation is not None and is_new(value):
                    if target.attribute in matched:
                        raise QueryError(
                            "A new row cannot identify this one", path=change.at(excerpt(name))
                        )
                    sent = parent_of(name, destination.relation, value, rules, self, change)
                builder.assign(
                    name, destination, sent, self._upload(name, destination, rules, sent)
                )
            elif destination.is_link:
                builder.link(name, target, value)
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
        if target.attribute.kind != "file" or value is None or value == "":
            return None
        limits = upload_limits_of(target, rules.access)
        if isinstance(value, File) and limits is not None:
            return received(value, limits, rules.access)
        if isinstance(value, File):
            return NOT_GRANTED
        # A name may be that of another user's file: who uploads does not choose among stored ones.
        return None if limits is None or rules.access.grant.unrestricted else NO_FILE

    def _target(self, name: str, rules: WriteAccess, change: RowChange) -> Destination:
        """Look a name up, once for all rows that are written under the same rules."""
        found = self._targets.get((rules, name))
        if found is None:
            target = writable(name, rules, change)
            relation = None if target.via else relation_of(target.attribute, rules)
            found = self._targets[rules, name] = Destination(
                target=target,
                relation=relation,
                reference=None if relation is None else reference_of(relation, rules),
                is_link=target.via and target.hops[0].linked,
            )
        return found

    def _count(self, change: RowChange) -> None:
        self.count += 1
        if self.count > 2 * self.limits.max_items:
            raise LimitExceededError(
                "Too many rows in one write",
                path=change.place or None,
                hint=f"at most {self.limits.max_items}",
            )


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

    __slots__ = ("assigned", "change", "children", "claimed", "codes", "faults", "links", "rules")

    def __init__(self, change: RowChange, rules: WriteAccess) -> None:
        self.change = change
        self.rules = rules
        self.assigned: dict[str, list[Assignment]] = {}
        self.links: list[LinkChanges] = []
        self.children: list[NestedWrites] = []
        self.claimed: dict[tuple[str, ...], str] = {}
        self.faults: dict[str, list[str]] = {}
        self.codes: dict[str, list[str]] = {}

    def claim(self, name: str, target: ResolvedPath) -> None:
        """Refuse a second name for a column, or for a part of a value that is written already."""
        path = target.canonical
        for other, earlier in self.claimed.items():
            shared = min(len(other), len(path))
            if other[:shared] == path[:shared]:
                raise QueryError(
                    f"'{excerpt(earlier)}' and '{excerpt(name)}' write the same value",
                    path=self.change.at(excerpt(name)),
                )
        self.claimed[path] = name

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
            self.faults[name], self.codes[name] = [upload.message], [upload.code]
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
            self.faults[name] = [f"This has to be {error}{other_form(value, attribute)}."]
            return
        assignment = Assignment(
            name, attribute, typed, destination.target.keys, destination.reference
        )
        self.assigned.setdefault(attribute.name, []).append(assignment)

    def link(self, name: str, target: ResolvedPath, value: object) -> None:
        """Take the keys of a many-to-many relation: a list, or what to add and to remove."""
        if isinstance(
            value, ParameterText
        ):  # in a form a list of one is not to be told from a text
            value = [value] if value else []
        parts: Mapping[str, object] = value if isinstance(value, Mapping) else {"$set": value}
        unknown = [key for key in parts if key not in LINK_KEYS]
        if unknown or not parts or ("$set" in parts and len(parts) > 1):
            raise InvalidValueError(
                "A list of keys is needed",
                path=self.change.at(excerpt(name)),
                hint='[1, 2] replaces all of them; {"$add": [3], "$remove": [1]} changes some',
            )
        relation = target.hops[0]
        if self.rules.access.link_rows(relation) is not None:
            raise UnsupportedQueryError(
                f"'{excerpt(name)}' has an explicit through model",
                path=self.change.at(excerpt(name)),
                hint="write those",
            )
        keys = {key: self._keys(name, target.attribute, part) for key, part in parts.items()}
        self.links.append(
            LinkChanges(
                name=name,
                relation=relation,
                rows=self.rules.access.related_rows(relation.target) or all_rows(relation),
                add=keys.get("$add", ()),
                remove=keys.get("$remove", ()),
                replace=keys.get("$set"),
            )
        )

    def _keys(self, name: str, pk: Attribute, values: object) -> tuple[object, ...]:
        place = self.change.at(excerpt(name))
        if not isinstance(values, list | tuple):
            raise InvalidValueError("A list of keys is needed", path=place, hint="[1, 2]")
        if len(values) > self.rules.access.limits.max_items:
            raise LimitExceededError("Too many keys", path=place)
        try:
            typed = [coerce_key(value, pk) for value in values]
        except UnfitValueError as error:
            self.faults[name] = [f"This has to be {error}."]
            return ()
        return tuple(dict.fromkeys(typed))

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
                raise QueryError(f"'{attribute.name}' is needed to match rows", path=place)

    def finish(self) -> RowWrite:
        """Return the row."""
        if self.faults:
            codes = {name: self.codes.get(name, ["invalid"]) for name in self.faults}
            raise ValidationFailedError(self.faults, codes, path=self.change.place or None)
        assignments = tuple(part for parts in self.assigned.values() for part in parts)
        return RowWrite(
            pk=row_key(self.change.pk, self.rules.access.resource.pk),
            place=self.change.place,
            assignments=assignments,
            links=tuple(self.links),
            children=tuple(self.children),
        )


def relation_of(attribute: Attribute, rules: WriteAccess) -> Relation | None:
    """Return the relation of a foreign key, ``None`` for another column."""
    relation = rules.access.resource.relation(attribute.name)
    return None if relation is None or relation.column is None else relation


def reference_of(relation: Relation, rules: WriteAccess) -> Rows:
    """Return the rows that a foreign key may point to."""
    return rules.access.related_rows(relation.target) or all_rows(relation)


def all_rows(relation: Relation) -> Rows:
    """Return the rows of a related model where no rule says which: they only have to exist."""
    return Rows(relation.target, plain=True)


def row_key(value: object, pk: Attribute) -> object:
    """Type the key of a row; one that cannot be a key matches no row."""
    if value is None:
        return None
    try:
        return coerce_key(value, pk)
    except UnfitValueError:
        raise ObjectNotFoundError from None
