"""What was sent for a row into what becomes of it: names checked, values typed, presets laid over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    ObjectNotFoundError,
    QueryError,
    RowDeniedError,
    ValidationFailedError,
)
from django_flex.permissions.authorized import Rows
from django_flex.permissions.authorized_writes import Assignment, Links, RowWrite
from django_flex.permissions.comparands import NoValueError
from django_flex.permissions.nested import children_of
from django_flex.permissions.writable import writable
from django_flex.permissions.writing import bind_preset
from django_flex.query.ast import Change
from django_flex.query.terms import excerpt
from django_flex.schema.inputs import fit
from django_flex.schema.introspection import is_link
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.permissions.authorized_writes import Children, Rules
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Attribute, Relation
    from django_flex.schema.paths import Target

LINK_KEYS = frozenset({"$add", "$remove", "$set"})


class Writer:
    """Reads the changes of one write. Mutable only in what it counts and remembers."""

    __slots__ = ("_slots", "count", "depth", "limits", "match", "related")

    def __init__(self, limits: Limits, match: tuple[Attribute, ...] = ()) -> None:
        self.limits = limits
        self.match = match
        self.count = 0
        self.depth = 0
        self.related: dict[Relation, dict[str, Rules]] = {}
        self._slots: dict[tuple[Rules, str], Slot] = {}

    def rows(
        self, changes: Iterable[Change], rules: Rules, parent: Relation | None = None
    ) -> tuple[RowWrite, ...]:
        """Return what becomes of each row.

        Args:
            changes: what was sent.
            rules: those of the operation.
            parent: for nested rows, the relation from their parent, which sets their key.
        """
        rows: dict[Any, RowWrite] = {}
        for position, change in enumerate(changes):
            row = self.row(change, rules, parent)
            key = (position, None) if row.pk is None else row.pk
            if key in rows:
                raise QueryError("This key stands twice in the list", path=change.at("id"))
            rows[key] = row
        return tuple(rows.values())

    def row(self, change: Change, rules: Rules, parent: Relation | None = None) -> RowWrite:
        """Return what becomes of one row.

        Raises:
            FieldDeniedError: a name that is not granted, or does not exist.
            QueryError: two names for one column.
            ValidationFailedError: values that do not fit; all of them are named.
        """
        self._count(change)
        draft = Draft(change, rules)
        matched = self.match if parent is None else ()
        for name, value in change.values.items():
            if rules.operation == "edit" and rules.access.resource.attribute(name) in matched:
                continue  # the row was found by it, so it stays as it is
            slot = self._slot(name, rules, change)
            target = slot.target
            draft.claim(name, target)
            if parent is not None and target.attribute.lookup == parent.far and not target.via:
                raise QueryError("The row around it says this", path=change.at(excerpt(name)))
            if not target.via:
                draft.assign(name, slot, value)
            elif slot.is_link:
                draft.link(name, target, value)
            else:
                draft.children.append(children_of(name, target.hops[0], value, rules, self, change))
        draft.preset()
        if rules.operation == "add":
            draft.need(matched)
        return draft.finish()

    def _slot(self, name: str, rules: Rules, change: Change) -> Slot:
        """Look a name up, once for all rows that are written under the same rules."""
        found = self._slots.get((rules, name))
        if found is None:
            target = writable(name, rules, change)
            found = self._slots[rules, name] = Slot(
                target=target,
                reference=None if target.via else reference_of(target.attribute, rules),
                is_link=target.via and is_link(rules.access.resource, target.hops[0]),
            )
        return found

    def _count(self, change: Change) -> None:
        self.count += 1
        if self.count > 2 * self.limits.max_items:
            raise LimitExceededError(
                "Too many rows in one write",
                path=change.place or None,
                hint=f"at most {self.limits.max_items}",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """Where a value goes: a column, or a relation that is many-to-many (``is_link``) or nested."""

    target: Target
    reference: Rows | None
    is_link: bool


class Draft:
    """One row while its values are still coming in."""

    __slots__ = ("assigned", "change", "children", "claimed", "faults", "links", "rules")

    def __init__(self, change: Change, rules: Rules) -> None:
        self.change = change
        self.rules = rules
        self.assigned: dict[str, list[Assignment]] = {}
        self.links: list[Links] = []
        self.children: list[Children] = []
        self.claimed: dict[tuple[str, ...], str] = {}
        self.faults: dict[str, list[str]] = {}

    def claim(self, name: str, target: Target) -> None:
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

    def assign(self, name: str, slot: Slot, value: Any) -> None:
        """Take a value for a column, or for a key in its JSON value."""
        attribute = slot.target.attribute
        try:
            # A key inside a JSON value takes any JSON value, too, since its kind is the column's.
            typed = fit(value, attribute)
        except UnfitValueError as error:
            self.faults[name] = [f"This value does not fit; needed: {error}."]
            return
        assignment = Assignment(name, attribute, typed, slot.target.keys, slot.reference)
        self.assigned.setdefault(attribute.name, []).append(assignment)

    def link(self, name: str, target: Target, value: Any) -> None:
        """Take the keys of a many-to-many relation: a list, or what to add and to remove."""
        parts: Mapping[str, Any] = value if isinstance(value, Mapping) else {"$set": value}
        unknown = [key for key in parts if key not in LINK_KEYS]
        if unknown or not parts or ("$set" in parts and len(parts) > 1):
            raise InvalidValueError(
                "A list of keys is needed",
                path=self.change.at(excerpt(name)),
                hint='[1, 2] is all of them; {"$add": [3], "$remove": [1]} changes some',
            )
        relation = target.hops[0]
        keys = {key: self._keys(name, target.attribute, part) for key, part in parts.items()}
        self.links.append(
            Links(
                name=name,
                relation=relation,
                rows=self.rules.access.related_rows(relation.target) or all_rows(relation),
                add=keys.get("$add", ()),
                remove=keys.get("$remove", ()),
                replace=keys.get("$set"),
            )
        )

    def _keys(self, name: str, pk: Attribute, values: Any) -> tuple[Any, ...]:
        place = self.change.at(excerpt(name))
        if not isinstance(values, list | tuple):
            raise InvalidValueError("A list of keys is needed", path=place, hint="[1, 2]")
        if len(values) > self.rules.access.limits.max_items:
            raise LimitExceededError("Too many keys", path=place)
        try:
            typed = [coerce(value, pk.kind, pk.value_field) for value in values]
        except UnfitValueError as error:
            self.faults[name] = [f"This value does not fit; needed: {error}."]
            return ()
        return tuple(dict.fromkeys(typed))

    def preset(self) -> None:
        """Lay the values of the operator over what was sent."""
        for preset in self.rules.presets:
            try:
                value = bind_preset(preset, self.rules.access.actor)
            except NoValueError:
                raise RowDeniedError(path=self.change.place or None) from None
            name = preset.attribute.name
            self.assigned[name] = [Assignment(name, preset.attribute, value)]

    def need(self, matched: Iterable[Attribute]) -> None:
        """Refuse a row without the values that it is to be known by; NULL is none."""
        for attribute in matched:
            parts = self.assigned.get(attribute.name, ())
            if all(part.value is None for part in parts):
                place = self.change.place or attribute.name
                raise QueryError(f"'{attribute.name}' is needed to match by", path=place)

    def finish(self) -> RowWrite:
        """Return the row."""
        if self.faults:
            codes = {name: ["invalid"] for name in self.faults}
            raise ValidationFailedError(self.faults, codes, path=self.change.place or None)
        assignments = tuple(part for parts in self.assigned.values() for part in parts)
        return RowWrite(
            pk=row_key(self.change.pk, self.rules),
            place=self.change.place,
            assignments=assignments,
            links=tuple(self.links),
            children=tuple(self.children),
        )


def reference_of(attribute: Attribute, rules: Rules) -> Rows | None:
    """Return the rows that a foreign key may point to, ``None`` for another column."""
    relation = rules.access.resource.relation(attribute.name)
    if relation is None or relation.column is None:
        return None
    return rules.access.related_rows(relation.target) or all_rows(relation)


def all_rows(relation: Relation) -> Rows:
    """Return the rows of a related model where no rule says which: they only have to exist."""
    return Rows(relation.target, plain=True)


def row_key(value: Any, rules: Rules) -> Any:
    """Type the key of a row; one that cannot be a key is the key of no row."""
    if value is None:
        return None
    pk = rules.access.resource.pk
    try:
        return coerce(value, pk.kind, pk.value_field)
    except UnfitValueError:
        raise ObjectNotFoundError from None
