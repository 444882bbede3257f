"""Several operations in one request: in one transaction, or each separately."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from django_flex.access.roles import resolve_grant
from django_flex.engine.call import find_entry, is_named, with_granted
from django_flex.engine.writing import write_once
from django_flex.exceptions import (
    AuthenticationRequiredError,
    FlexError,
    InternalError,
    InvalidValueError,
    LimitExceededError,
    OperationDeniedError,
    QueryError,
    ResourceNotFoundError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import Part, dotted, inside, worded
from django_flex.plan.json_values import encode
from django_flex.query.operations import BATCH, READ_OPERATIONS

if TYPE_CHECKING:
    from django_flex.backends.base import Backend
    from django_flex.backends.registry import Backends
    from django_flex.engine.call import Call
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry
    from django_flex.query.ast import Operation

logger = logging.getLogger("django_flex")
Execute: TypeAlias = "Callable[[Call], FlexResult]"


def answer_batch(call: Call, execute: Execute) -> FlexResult:
    """Answer a batch with the replies to its operations, in order, under one deadline for all.

    If none of them writes, there is no transaction: each sees what is stored when it runs.

    Args:
        call: the batch; only the model of its door may be named, where that has one.
        execute: returns the result of one operation.

    Raises:
        FlexError: the first error in an atomic batch, of which nothing has been stored.
    """
    batch = call.dialect.parse_batch(call)
    steps = batch_steps(call, batch.operations)
    if any(step.call.operation not in READ_OPERATIONS for step in steps):
        steps = [replace(step, call=replace(step.call, writes=True)) for step in steps]

    def perform() -> FlexResult:
        return _answer_all(steps, execute, atomic=batch.atomic)

    if not any(step.call.writes for step in steps):
        return perform()  # nothing to roll back or to repeat, so no lock is taken
    if not batch.atomic:
        if batch.dry_run or call.idempotency_key is not None:
            raise QueryError(
                "A dry run or an Idempotency-Key needs an atomic batch", path=Part.ATOMIC
            )
        return perform()
    if call.idempotency_key is not None:
        _check_granted(steps)
    labels = (step.entry.resource.label for step in steps)
    backend, using = _database(steps, call.settings.backends)
    backend.capabilities.require("transactions", Part.ATOMIC)
    return write_once(call, backend, using, perform, *labels, dry_run=batch.dry_run)


def batch_steps(call: Call, operations: tuple[Operation, ...]) -> list[BatchStep]:
    """Return the operations of a batch, each with its model and as a call of its own.

    Raises:
        FlexError: there are none, too many, or one that names no model or operation.
    """
    _check_operations(operations, call.settings.limits.max_batch)
    return [_step(call, one) for one in operations]


def _check_operations(operations: tuple[Operation, ...], most: int) -> None:
    """Refuse a batch that is empty or too long, or in which a name means two operations."""
    if not operations:
        raise InvalidValueError("A non-empty list of operations is needed", path=Part.BATCH)
    if len(operations) > most:
        raise LimitExceededError(
            worded("Too many operations: {}", len(operations)),
            path=Part.BATCH,
            hint=worded("at most {}", most),
        )
    names = [one.name for one in operations if one.name is not None]
    if len(set(names)) < len(names):
        raise QueryError("Two operations have the same name", path=Part.BATCH)


@dataclass(frozen=True, slots=True)
class BatchStep:
    """One operation of a batch, with the model that it is about."""

    operation: Operation
    call: Call
    entry: Entry


def _step(call: Call, one: Operation) -> BatchStep:
    try:
        found = _entry(call.dialect.resource_of(one.payload), call)
        operation = call.dialect.operation_of(one.payload)
        if operation == BATCH:
            raise QueryError("A batch cannot contain a batch")
    except FlexError as error:
        raise _placed(error, one.place) from None
    step = replace(
        call,
        entry=found,
        resource=found.name,
        operation=operation,
        payload=one.payload,
        if_match=None,
        idempotency_key=None,
    )
    return BatchStep(one, step, found)


def _check_granted(steps: list[BatchStep]) -> None:
    """Refuse a batch with an operation that its caller may not do, before a reply is repeated.

    The reply may be older than the grants.

    Raises:
        OperationDeniedError: of the first such operation, with its place.
        AuthenticationRequiredError: the same, for an anonymous caller.
    """
    for step in steps:
        call, operation = step.call, step.call.operation
        grant = resolve_grant(call.policy, step.entry, call.actor).grant
        wanted = {"add", "edit"} if operation == "upsert" else {operation}
        if grant is not None and wanted <= grant.operations:
            continue
        denied: FlexError = with_granted(
            OperationDeniedError(operation, step.entry.name), grant, call
        )
        if not (call.actor.is_authenticated or call.by_operator):
            denied = AuthenticationRequiredError()
        raise _placed(denied, step.operation.place)


def _entry(name: object, call: Call) -> Entry:
    """Return the model that an operation names; a door with one model serves that one alone."""
    entry = call.entry
    if name is None and entry is not None:
        return entry
    if not isinstance(name, str):
        raise QueryError(
            "A model is needed", path=Part.MODEL, hint=worded('"{}": "booking"', Part.MODEL)
        )
    if entry is None:
        return find_entry(call.policy, name, call.actor)
    if not is_named(entry, name):
        raise ResourceNotFoundError("There is no such model", path=Part.MODEL)
    return entry


def _answer_all(steps: list[BatchStep], execute: Execute, *, atomic: bool) -> FlexResult:
    replies: dict[str, object] = {}
    results: list[FlexResult] = []
    dialect, limits = steps[0].call.dialect, steps[0].call.settings.limits
    room = limits.max_reply_bytes
    for step in steps:
        one = step.operation
        try:
            payload = dialect.with_references(one.payload, replies, one.place, limits)
            result = execute(replace(step.call, payload=payload, room=room))
        except FlexError as error:
            placed = _placed(error, one.place)
            if atomic:
                raise placed from error
            results.append(dialect.error(placed))
            continue
        except Exception:
            if atomic:
                raise
            # The operations before it are stored, so the client has to get their replies.
            logger.exception("An operation of a batch failed")
            failed = _placed(InternalError(), one.place)
            results.append(dialect.error(failed))
            continue
        results.append(result)
        room = max(0, room - len(encode(result.data)))
        if one.name is not None:
            key = {} if result.created is None else {step.entry.resource.key_name: result.created}
            replies[one.name] = {**key, **result.data}
    return dialect.reply_to_batch(results)


def _placed(error: FlexError, place: str) -> FlexError:
    """Return an error whose path says in which operation it is."""
    path = error.said.path
    if not path:
        return error.with_path(place)
    if dotted(path).startswith(place):
        return error
    return error.with_path(inside(place, *([path] if isinstance(path, str) else path)))


def _database(steps: list[BatchStep], backends: Backends) -> tuple[Backend, str]:
    """Return the one backend and database of all models; one transaction cannot span two."""
    found = {
        (backend := backends.of(resource), backend.database(resource))
        for resource in (step.entry.resource for step in steps)
    }
    if len(found) > 1:
        raise UnsupportedQueryError(
            "These models are stored in different databases",
            path=Part.BATCH,
            hint=worded('"{}": false', Part.ATOMIC),
        )
    return found.pop()
