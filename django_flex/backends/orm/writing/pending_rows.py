"""Rows on their way into the database."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models.fields.files import FieldFile

from django_flex.backends.orm.django_internals.models import columns_of, is_database_default

if TYPE_CHECKING:
    from django.db.models import Field, Model

    from django_flex.resolved import Assignment, RowWrite


@dataclass(slots=True, eq=False)
class PendingRow:
    """A row that is being written. For an edit, ``before`` holds its columns as they were."""

    row: RowWrite
    instance: Model
    operation: str
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str | None:
        """The position of the row in the payload, ``None`` if the row is the whole payload."""
        return self.row.place or None

    @property
    def pk(self) -> Any:
        """The row's key."""
        return self.instance.pk

    def sent(self) -> frozenset[str]:
        """Return the names of the columns that the write sets."""
        return frozenset(part.attribute.name for part in self.row.assignments)

    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Return the columns that are different now, by name: the old value and the new one."""
        if not self.before:
            return {}
        return {
            f.name: (self.before[f.attname], getattr(self.instance, f.attname))
            for f in columns_of(self.instance)
            if f.attname in self.before
            and _changed(self.before[f.attname], getattr(self.instance, f.attname))
        }


def _changed(before: object, now: object) -> bool:
    """Whether a column has to be written; an upload may have the name of the file that is stored."""
    pending = isinstance(now, FieldFile) and not getattr(now, "_committed", True)
    return pending or differ(before, now)


def differ(one: object, other: object) -> bool:
    """Whether two values of a column are different; in JSON 1 and true are, which Python equates."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(differ(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(differ, one, other))
    return isinstance(one, bool) != isinstance(other, bool) or bool(one != other)


def added_row(row: RowWrite, model: type[Model]) -> PendingRow:
    """Return a row to be added, with what was sent in it."""
    pending = PendingRow(row, model(), "add")
    _assign(pending)
    return pending


def changed_row(row: RowWrite, instance: Model) -> PendingRow:
    """Return a stored row with what was sent laid over it."""
    before = {f.attname: instance.__dict__[f.attname] for f in _loaded(instance)}
    pending = PendingRow(row, instance, "edit", before)
    _assign(pending)
    return pending


def _loaded(instance: Model) -> list[Field[Any, Any]]:
    return [f for f in columns_of(instance) if f.attname in instance.__dict__]


def _assign(pending: PendingRow) -> None:
    for part in pending.row.assignments:
        name = part.attribute.lookup
        if part.keys:
            value = copy.deepcopy(getattr(pending.instance, name))
            setattr(pending.instance, name, _with_key(value, part))
        else:
            setattr(pending.instance, name, part.value)


def _with_key(value: object, part: Assignment) -> object:
    """Put a value into a JSON value, making the objects on the way that are not there."""
    root = {} if value is None or is_database_default(value) else value
    inner: Any = root
    for position, key in enumerate(part.keys):
        last = position == len(part.keys) - 1
        if isinstance(inner, list):
            # "00" must not be a second name for "0": grants and exclusions list only one.
            index = int(key) if key.isdecimal() else -1
            if not 0 <= index < len(inner) or key != str(index):
                raise KeyPathError(part.name)
            if last:
                inner[index] = part.value
            else:
                inner = inner[index]
        elif isinstance(inner, dict):
            if last:
                inner[key] = part.value
            else:
                inner = inner.setdefault(key, {})
        else:
            raise KeyPathError(part.name)
    return root


class KeyPathError(LookupError):
    """A path into a JSON value leads through a value without this key. Internal."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
