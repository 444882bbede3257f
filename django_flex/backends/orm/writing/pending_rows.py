"""Rows on their way into the database, and what follows from which columns they are sent."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Field

from django_flex.backends.orm.django_internals.files import is_upload
from django_flex.backends.orm.django_internals.models import (
    columns_of,
    fields_with_columns,
    is_database_default,
)
from django_flex.backends.orm.schema import field_of
from django_flex.backends.orm.writing.descriptors import (
    blamed,
    own_descriptors,
    refusal,
    set_values,
    unreadable,
)
from django_flex.dataclass_init import fast_init
from django_flex.exceptions.places import worded
from django_flex.plan.json_values import plain
from django_flex.query.kinds import CUSTOM
from django_flex.query.values import differ
from django_flex.resolved import NewRow
from django_flex.resolved.updates import ABSENT, UnfitUpdateError, Update
from django_flex.schema.field_checks import is_plain
from django_flex.schema.inputs import check_json
from django_flex.schema.model_declarations import needs_value
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

    from django_flex.exceptions.places import Place
    from django_flex.resolved import Assignment, Fault, RowWrite
    from django_flex.schema.resources import Attribute

#: The kinds of columns that take files: of a custom one only its field knows.
_MAY_BE_FILES = CUSTOM | {"file"}
NULL = ValidationError(Field.default_error_messages["null"], "null")


@fast_init
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SentColumns:
    """The columns of a model that are sent for a row.

    Attributes:
        names: those that the write sets.
        unfit: those of them whose values do not fit.
        lacked: the fields that a new row needs a value for, and that are not among them.
        skipped: the names of the columns that are not validated as they are: what is not sent,
            unless it is lacked, what does not fit, and passwords, of which the row has a hash.
        never_null: the fields that a null is refused for.
        custom: the fields of a project's own classes, which may fail to convert a value.
        hashed: whether there is a password.
        files: whether there may be an uploaded file.
    """

    names: frozenset[str]
    unfit: frozenset[str]
    lacked: tuple[Field[Any, Any], ...]
    skipped: frozenset[str]
    never_null: tuple[Field[Any, Any], ...]
    custom: tuple[Field[Any, Any], ...]
    hashed: bool
    files: bool


@dataclass(slots=True, eq=False)
class PendingRow:
    """A row that is being written. For an edit, ``before`` holds its columns as they were.

    ``refused`` has the errors of values that the model's attributes do not take, by column, and
    ``missing`` those of keys whose rows do not exist. ``taken`` has errors that may be about other
    rows, of a list that is not checked against the rules yet.
    """

    row: RowWrite
    instance: Model
    operation: str
    before: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, list[ValidationError]] = field(default_factory=dict)
    missing: list[Fault] = field(default_factory=list)
    taken: dict[str, list[ValidationError]] = field(default_factory=dict)
    _columns: SentColumns | None = None

    @property
    def place(self) -> Place | None:
        """The position of the row in the payload, ``None`` if the row is the whole payload."""
        return self.row.place or None

    @property
    def pk(self) -> Any:
        """The row's key."""
        return self.instance.pk

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was found before the row is validated."""
        return (*self.row.faults, *self.missing)

    def columns(self) -> SentColumns:
        """Return what follows from the columns that the write sets."""
        if self._columns is None:
            self._columns = columns_sent(self.row, type(self.instance), self.operation)
        return self._columns

    def sent(self) -> frozenset[str]:
        """Return the names of the columns that the write sets."""
        return self.columns().names

    def rewrite(self, row: RowWrite) -> None:
        """Write something else than what was sent, as the keys of rows that were named otherwise."""
        self.row, self._columns = row, None

    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Return the columns that are different now, by name: the old value and the new one."""
        if not self.before:
            return {}
        out = unreadable(self.instance)  # as it was before
        return {
            f.name: (self.before[f.attname], getattr(self.instance, f.attname))
            for f in columns_of(self.instance)
            if f.attname in self.before
            and f.attname not in out
            and _changed(self.before[f.attname], getattr(self.instance, f.attname))
        }


def _changed(before: object, now: object) -> bool:
    """Whether a column has to be written; an upload may have the name of the file that is stored."""
    return is_upload(now) or (now is not before and differ(before, now))


def columns_sent(row: RowWrite, model: type[Model], operation: str) -> SentColumns:
    """Return what follows from the columns that a row is sent.

    Args:
        row: how it is written.
        model: its model.
        operation: ``add``, or another one.
    """
    sent = tuple([part.attribute for part in row.assignments])
    unfit = tuple([fault.column for fault in row.faults]) if row.faults else ()
    return _columns(model, sent, unfit, is_new=operation == "add")


@lru_cache(maxsize=1_024)  # clients choose which columns they send
def _columns(
    model: type[Model], sent: tuple[Attribute, ...], unfit: tuple[str, ...], *, is_new: bool
) -> SentColumns:
    fields = [field_of(attribute) for attribute in dict.fromkeys(sent)]
    names = frozenset([*(attribute.own_name for attribute in sent), *unfit])
    needed = needed_fields(model) if is_new else {}
    lacked = tuple(field for name, field in needed.items() if name not in names)
    hashed = {attribute.own_name for attribute in sent if attribute.hashed}
    return SentColumns(
        names=names,
        unfit=frozenset(unfit),
        lacked=lacked,
        skipped=(fields_with_columns(model) - names - {f.name for f in lacked}).union(
            unfit, hashed
        ),
        never_null=tuple(f for f in fields if not (f.null or f.primary_key)),
        custom=tuple(f for f in fields if not (is_plain(f) or f.remote_field)),
        hashed=bool(hashed),
        files=any(attribute.kind in _MAY_BE_FILES for attribute in sent),
    )


@cache
def needed_fields(model: type[Model]) -> dict[str, Field[Any, Any]]:
    """Return the fields that a new row of a model needs a value for, by name."""
    return {f.name: f for f in columns_of(model) if needs_value(f)}


def added_row(row: RowWrite, model: type[Model]) -> PendingRow:
    """Return a row to be added, with what was sent in it."""
    pending = PendingRow(row, model(), "add")
    _assign(pending)
    return pending


def changed_row(row: RowWrite, instance: Model) -> PendingRow:
    """Return a stored row with what was sent laid over it."""
    before = {f.attname: instance.__dict__[f.attname] for f in _loaded(instance)}
    pending = PendingRow(_without_shown(row, before), instance, "edit", before)
    _assign(pending)
    return pending


def _loaded(instance: Model) -> list[Field[Any, Any]]:
    return [f for f in columns_of(instance) if f.attname in instance.__dict__]


def _assign(pending: PendingRow) -> None:
    instance, waiting = pending.instance, dict[str, object]()
    own = own_descriptors(type(instance))
    for part in pending.row.assignments:
        name = part.attribute.lookup
        if part.attribute.hashed:
            continue  # its hash is set when the row is valid

        value = part.value
        if type(value) is NewRow:
            continue  # it has no key before it is written
        if type(value) is Update:
            # The row is locked, so no other write comes between the stored value and the new one.
            value = _updated(getattr(instance, name), value, part)
            if value is ABSENT:
                continue
        if part.keys:
            stored = copy.deepcopy(getattr(instance, name))
            value = _with_key(stored, value, part)
        if name not in own:
            setattr(instance, name, value)
        elif set_values(instance, {name: value}):
            waiting[name] = value  # for a value that comes later
    if own:
        _refuse(pending, set_values(instance, waiting))


def _without_shown(row: RowWrite, before: Mapping[str, Any]) -> RowWrite:
    """Return a write without the values that were sent back as a reply shows them.

    There may be more in an object than in its text, such as other languages. What is not written is
    not cleaned either: that may make another object of it, or refuse it.
    """
    changed = tuple(
        part
        for part in row.assignments
        if part.keys or part.attribute.stored is None or not _is_shown(part, before)
    )
    return row if len(changed) == len(row.assignments) else replace(row, assignments=changed)


def _is_shown(part: Assignment, before: Mapping[str, Any]) -> bool:
    """Whether a value is the JSON form of an object that is stored."""
    value, stored = part.value, before.get(part.attribute.lookup)
    if not isinstance(value, str | list | dict) or stored is None or type(stored) is str:
        return False
    return not differ(plain({"value": stored})["value"], value)


def _refuse(pending: PendingRow, raised: dict[str, Exception]) -> None:
    """Note what the model's attributes do not take, or cannot be read with."""
    instance = pending.instance
    before = pending.before or type(instance)().__dict__
    sent = [part for part in pending.row.assignments if not isinstance(part.value, NewRow)]
    found = blamed(instance, {part.attribute.lookup for part in sent}, before)
    for part in sent:
        name = part.attribute.lookup
        if name in raised or name in found:
            empty = part.value is None and not part.attribute.null
            error = NULL if empty else raised.get(name) or ValueError(name)
            pending.refused[part.attribute.own_name] = refusal(error)


def _updated(stored: object, update: Update, part: Assignment) -> object:
    """Return the new value of a column or key.

    Raises:
        UnfitAssignmentError: there is no value that can change in this way.
    """
    try:
        inner = None if is_database_default(stored) else stored
        value = update.result(_key_of(inner, part) if part.keys else inner)
        if part.attribute.kind == "json":
            check_json(value)
    except UnfitUpdateError as error:
        raise UnfitAssignmentError(part.name, error.text) from error
    except UnfitValueError as error:
        raise UnfitAssignmentError(
            part.name, worded("This has to be {}.", error.expected)
        ) from error
    return value


def _key_of(value: object, part: Assignment) -> object:
    """Return what a JSON value holds under a path of keys, ``ABSENT`` if nothing."""
    for key in part.keys:
        if isinstance(value, dict):
            value = value.get(key, ABSENT)
        elif isinstance(value, list):
            value = value[_index(key, value, part)]
        else:
            return ABSENT
    return value


def _index(key: str, items: list[Any], part: Assignment) -> int:
    # "00" must not be a second name for "0": grants and exclusions list only one.
    index = int(key) if key.isdecimal() else -1
    if not 0 <= index < len(items) or key != str(index):
        raise UnfitAssignmentError(part.name)
    return index


def _with_key(stored: object, value: object, part: Assignment) -> object:
    """Put a value into a JSON value, making the objects on the way that are not there."""
    root = {} if stored is None or is_database_default(stored) else stored
    inner: Any = root
    for position, key in enumerate(part.keys):
        last = position == len(part.keys) - 1
        if isinstance(inner, list):
            index = _index(key, inner, part)
            if last:
                inner[index] = value
            else:
                inner = inner[index]
        elif isinstance(inner, dict):
            if last:
                inner[key] = value
            else:
                inner = inner.setdefault(key, {})
        else:
            raise UnfitAssignmentError(part.name)
    return root


class UnfitAssignmentError(LookupError):
    """The stored value does not allow the new one, such as a JSON value without the key. Internal."""

    def __init__(
        self, name: str, text: str = "The stored value has no object or list at this path."
    ) -> None:
        super().__init__(text)
        self.name, self.text = name, text
