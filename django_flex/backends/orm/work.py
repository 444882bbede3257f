"""One row on its way into the database."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models.expressions import DatabaseDefault

if TYPE_CHECKING:
    from django_flex.permissions.authorized_writes import Assignment, RowWrite


@dataclass(slots=True, eq=False)
class Work:
    """A row that is being written. ``before`` holds its columns as they were, of an edit."""

    row: RowWrite
    instance: Any
    operation: str
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str | None:
        """Where the row stands in the payload, ``None`` if it is all of it."""
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
            for f in self.instance._meta.concrete_fields
            if f.attname in self.before
            and differ(self.before[f.attname], getattr(self.instance, f.attname))
        }


def differ(one: Any, other: Any) -> bool:
    """Whether two values of a column are different; in JSON 1 and true are, which Python equates."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(differ(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(differ, one, other))
    return isinstance(one, bool) != isinstance(other, bool) or bool(one != other)


def new_work(row: RowWrite, model: Any) -> Work:
    """Return a row to be added, with what was sent in it."""
    work = Work(row, model(), "add")
    _assign(work)
    return work


def changed_work(row: RowWrite, instance: Any) -> Work:
    """Return a stored row with what was sent laid over it."""
    before = {f.attname: instance.__dict__[f.attname] for f in _loaded(instance)}
    work = Work(row, instance, "edit", before)
    _assign(work)
    return work


def _loaded(instance: Any) -> list[Any]:
    return [f for f in instance._meta.concrete_fields if f.attname in instance.__dict__]


def _assign(work: Work) -> None:
    for part in work.row.assignments:
        name = part.attribute.lookup
        if part.keys:
            value = copy.deepcopy(getattr(work.instance, name))
            setattr(work.instance, name, _with_key(value, part))
        else:
            setattr(work.instance, name, part.value)


def _with_key(value: Any, part: Assignment) -> Any:
    """Put a value into a JSON value, making the objects on the way that are not there."""
    root = {} if value is None or isinstance(value, DatabaseDefault) else value
    inner: Any = root
    for position, key in enumerate(part.keys):
        last = position == len(part.keys) - 1
        if isinstance(inner, list):
            # "00" is no second name of "0": a grant or an exclusion knows only one.
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
    """A path into a JSON value leads through something that has no such key. Internal."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
