"""Writes that are collected, and sent together: all of them, or none."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django_flex.backends.dynamodb.planning import identity
from django_flex.backends.dynamodb.steps import items_of
from django_flex.dynamodb.configuration import configuration, configuration_with
from django_flex.dynamodb.core import requests, values
from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Operator
from django_flex.dynamodb.core.updates import Assignment, Change, Update
from django_flex.dynamodb.exceptions import (
    ConditionFailedError,
    RequestFailedError,
    ThrottledError,
    TransactionCanceledError,
)
from django_flex.dynamodb.transport import call
from django_flex.dynamodb.wire.attempts import THROTTLED, pause
from django_flex.exceptions import (
    DuplicateError,
    InvalidValueError,
    LimitExceededError,
    StaleRowError,
    TimeLimitExceededError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.schema import Item
    from django_flex.exceptions import FlexError

#: How many items one transaction writes at most.
MOST = 100
#: How large these are at most together, in bytes; DynamoDB counts the larger of before and after.
LARGEST = 4 * 1024 * 1024
#: Reasons that are gone a little later: another transaction had an item, or capacity was short.
_CONFLICT = "TransactionConflict"
_PASSING = {_CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded", *THROTTLED}
_CONDITION = "ConditionalCheckFailed"
#: Those that stay, as reasons and as errors of one write: a local index has no room for more items
#: of one hash key, or an item would become too large by what another write has just added to it.
_FULL = {"ItemCollectionSizeLimitExceeded", "ItemCollectionSizeLimitExceededException"}
_INVALID = {"ValidationError", "ValidationException"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What becomes of one item.

    Attributes:
        table: its table.
        key: its key.
        before: the item as it was read; ``None`` if there is none.
        after: the item as it will be; ``None`` if it is deleted.
        guarded: the stored attributes that have to be as they were read when it is written.
        written: whether there is anything to write.
    """

    table: Table
    key: Item
    before: Item | None
    after: Item | None
    guarded: frozenset[str] = frozenset()
    written: bool = False


@dataclass(slots=True)
class Unit:
    """The items that a transaction reads and writes, by table and key.

    Attributes:
        ends: when it has taken too long (``time.monotonic()``), ``None`` for never.
        pending: the items.
    """

    ends: float | None = None
    pending: dict[str, Pending] = field(default_factory=dict)

    def item(self, table: Table, key: Item) -> Item | None:
        """Return an item as the transaction leaves it so far."""
        return self._pending(table, key).after

    def _pending(self, table: Table, key: Item) -> Pending:
        name = f"{table.schema.name} {identity(key)}"
        if name not in self.pending:
            if self.ends is not None and time.monotonic() > self.ends:
                raise TimeLimitExceededError
            found = items_of(table, [key], consistent=True).get(identity(key))
            self.pending[name] = Pending(table=table, key=key, before=found, after=found)
        return self.pending[name]

    def add(self, table: Table, item: Item) -> None:
        """Write an item that is new.

        Raises:
            DuplicateError: there is one with this key.
        """
        key = requests.key_of(table.schema, item)
        if self._pending(table, key).after is not None:
            raise DuplicateError
        self._set(table, key, item, frozenset())

    def change(self, table: Table, key: Item, after: Item | None, guarded: frozenset[str]) -> None:
        """Write an item that was read, or delete it.

        Args:
            table: its table.
            key: its key.
            after: as it will be, ``None`` if it is deleted.
            guarded: the stored attributes on which the write depends.
        """
        self._set(table, key, after, guarded)

    def _set(self, table: Table, key: Item, after: Item | None, guarded: frozenset[str]) -> None:
        pending = self._pending(table, key)
        name = f"{table.schema.name} {identity(key)}"
        self.pending[name] = replace(
            pending, after=after, guarded=pending.guarded | guarded, written=True
        )

    def guard(self, table: Table, key: Item, names: frozenset[str]) -> None:
        """Have the write of an item depend on more attributes."""
        self._set(table, key, self.item(table, key), names)

    def has_written(self, table: Table) -> bool:
        """Whether there is a write to a table that has not been sent."""
        return any(one.written and one.table is table for one in self.pending.values())

    def commit(self, *, dry_run: bool = False) -> None:
        """Send all writes.

        Args:
            dry_run: send none of them, and only refuse those that could not be sent.

        Raises:
            DuplicateError: there is an item with the key of one that is new.
            StaleRowError: one is not as it was read.
            LimitExceededError: there are too many, or they are too large.
        """
        written = [one for one in self.pending.values() if one.written]
        actions = [(one, action) for one in written if (action := _action(one)) is not None]
        _check_together([one for one, _ in actions])
        if dry_run or not actions:
            return
        if len(actions) == 1:
            _send_one(*actions[0])
        else:
            _send_together(actions)


def _check_together(written: list[Pending]) -> None:
    """Refuse writes that no transaction of DynamoDB can hold."""
    if len(written) > MOST:
        raise LimitExceededError(
            worded("Too many rows in one write: {}", len(written)), hint=worded("at most {}", MOST)
        )
    if len({one.table.schema.options for one in written}) > 1:
        raise UnsupportedQueryError(
            "These models are stored in different databases", hint="write them by themselves"
        )
    size = sum(
        max(values.size_of_item(item or {}) for item in (one.before, one.after)) for one in written
    )
    if len(written) > 1 and size > LARGEST:
        raise LimitExceededError(
            "These rows are too large for one write", hint="write fewer of them at once"
        )


def _action(one: Pending) -> dict[str, Any] | None:
    """Return a write as an action of a transaction; ``None`` if nothing has to be sent."""
    schema = one.table.schema
    if one.before is None:
        if one.after is None:
            return None
        return {"Put": requests.put_request(schema, one.after, requests.is_new(schema))}
    condition = _as_before(one)
    if one.after is None:
        return {"Delete": requests.delete_request(schema, one.key, condition)}
    changes = _changes(one.before, one.after)
    if not changes:
        return None
    return {"Update": requests.update_request(schema, one.key, Update(changes), condition)}


def _as_before(one: Pending) -> Condition:
    """Return the condition that an item is there, and what a write depends on is as it was."""
    tests: list[Condition] = [requests.is_there(one.table.schema)]
    before = one.before or {}
    for name in sorted(one.guarded - {*one.table.schema.key.names}):
        value = before.get(name)
        if value is None:
            tests.append(Comparison(path=(name,), operator=Operator.MISSING))
        else:
            tests.append(Comparison(path=(name,), operator=Operator.EQ, values=(value,)))
    return And(tuple(tests))


def _changes(before: Item, after: Item) -> tuple[Assignment, ...]:
    found: list[Assignment] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if new is None:
            found.append(Assignment(path=(name,), change=Change.REMOVE))
        elif old is None or not values.equal(old, new):
            found.append(Assignment(path=(name,), change=Change.SET, value=new))
    return tuple(found)


_OPERATIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}


def _send_one(one: Pending, action: dict[str, Any]) -> None:
    [(name, parameters)] = action.items()
    try:
        call(_OPERATIONS[name], parameters, configuration_with(one.table.schema.options))
    except ConditionFailedError as error:
        raise _lost(one) from error
    except RequestFailedError as error:
        raise (_refusal({error.code}) or error) from error


def _lost(one: Pending) -> DuplicateError | StaleRowError:
    return DuplicateError() if one.before is None else StaleRowError()


def _send_together(actions: list[tuple[Pending, dict[str, Any]]]) -> None:
    options = configuration_with(actions[0][0].table.schema.options)
    parameters = {
        "TransactItems": [action for _, action in actions],
        # A request that is sent again, since its response was lost, must not fail by its own writes.
        "ClientRequestToken": str(uuid4()),
    }
    attempts = configuration().max_attempts
    for attempt in range(1, attempts + 1):
        try:
            call("TransactWriteItems", parameters, options)
        except TransactionCanceledError as error:
            for (one, _), reason in zip(actions, error.reasons, strict=False):
                if reason == _CONDITION:
                    raise _lost(one) from error
            causes = {reason for reason in error.reasons if reason is not None}
            if not causes or not causes <= _PASSING or attempt == attempts or not pause(attempt):
                raise _canceled(causes) from error
        else:
            return


def _canceled(causes: set[str]) -> Exception:
    """Return the error of a transaction that is not sent again."""
    if causes and causes <= _PASSING:
        if _CONFLICT in causes:
            return StaleRowError()
        return ThrottledError("the capacity of the table is used up")
    return _refusal(causes) or RequestFailedError("DynamoDB canceled a transaction")


def _refusal(causes: set[str]) -> FlexError | None:
    """Return the error of a write that DynamoDB would refuse again; ``None`` if it may not."""
    if causes & _FULL:
        return LimitExceededError("There are too many rows under the first part of this key")
    if causes & _INVALID:
        return InvalidValueError("This database cannot store or compare such a value")
    return None


_current: ContextVar[Unit | None] = ContextVar("dynamodb_unit", default=None)


def current_unit() -> Unit | None:
    """Return the writes of the transaction that is open."""
    return _current.get()


@contextmanager
def unit_of_work(*, dry_run: bool = False, ends: float | None = None) -> Iterator[None]:
    """Collect writes, and send them at the end; inside another one they are sent with its writes.

    Args:
        dry_run: forget them instead.
        ends: when it has taken too long.
    """
    outer = _current.get()
    if outer is not None:
        before = dict(outer.pending)
        try:
            yield
        except BaseException:
            outer.pending = before
            raise
        if dry_run:
            outer.pending = before
        return
    unit = Unit(ends)
    token = _current.set(unit)
    try:
        yield
        unit.commit(dry_run=dry_run)
    finally:
        _current.reset(token)
