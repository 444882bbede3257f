"""Several operations as one request: one transaction, or each on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import router

from django_flex.engine.request import default_operation, find_entry
from django_flex.engine.writing import run_once
from django_flex.exceptions import (
    FlexError,
    QueryError,
    ResourceNotFoundError,
    UnsupportedQueryError,
)
from django_flex.plan.shape import FlexResult
from django_flex.query.batch import check_size, parse_batch, with_references

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.query.batch import Operation

Answer: TypeAlias = "Callable[[FlexRequest, Settings, Policy, Entry | None], FlexResult]"


def run_batch(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry | None, answer: Answer
) -> FlexResult:
    """Answer a batch with the replies of its operations, in order.

    Args:
        request: the batch.
        settings: of the API version.
        policy: whose entries may be named.
        entry: the only model of the door, ``None`` where all exposed ones may be named.
        answer: answers one operation.

    Raises:
        FlexError: of an atomic batch the first error in it; nothing of the batch happened.
    """
    batch = parse_batch(request.payload, settings.limits, lenient=request.lenient)
    steps = [_step(request, one, policy, entry) for one in batch.operations]

    def perform() -> FlexResult:
        return _run_all(steps, settings, policy, answer, atomic=batch.atomic)

    if not batch.atomic:
        if batch.dry_run or request.idempotency_key is not None:
            raise QueryError("Only an atomic batch can be undone or repeated", path="_atomic")
        return perform()
    return run_once(request, settings, _database(steps), perform, dry_run=batch.dry_run)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a batch, with the model that it is about."""

    operation: Operation
    request: FlexRequest
    entry: Entry


def _step(request: FlexRequest, one: Operation, policy: Policy, entry: Entry | None) -> Step:
    try:
        found = _entry(one.payload.get("_model"), policy, entry)
        operation = default_operation(one.payload)
    except FlexError as error:
        raise _placed(error, one.place) from None
    asked = replace(
        request,
        resource=found.name,
        operation=operation,
        payload=one.payload,
        if_match=None,
        idempotency_key=None,
    )
    return Step(one, asked, found)


def _entry(name: Any, policy: Policy, entry: Entry | None) -> Entry:
    """Return the model that an operation names; a door with one model serves that one alone."""
    if name is None and entry is not None:
        return entry
    if not isinstance(name, str):
        raise QueryError("Which model?", path="_model", hint='"_model": "booking"')
    if entry is None:
        return find_entry(policy, name)
    if name not in {entry.name, *entry.url_names}:
        raise ResourceNotFoundError("There is no such model", path="_model")
    return entry


def _run_all(
    steps: list[Step], settings: Settings, policy: Policy, answer: Answer, *, atomic: bool
) -> FlexResult:
    replies: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    for step in steps:
        one = step.operation
        try:
            payload = with_references(one.payload, replies, one.place)
            check_size(payload, settings.limits, one.place)
            asked = replace(step.request, payload=payload)
            result = answer(asked, settings, policy, step.entry)
        except FlexError as error:
            placed = _placed(error, one.place)
            if atomic:
                raise placed from error
            results.append({"status_code": placed.status, **placed.to_dict()})
            continue
        results.append(result.data)
        if one.name is not None:
            key = {} if result.created is None else {"id": result.created}
            replies[one.name] = {**key, **result.data}
    return FlexResult(data={"results": results})


def _placed(error: FlexError, place: str) -> FlexError:
    """Say in which operation an error is."""
    if not (error.path or "").startswith(place):
        error.path = f"{place}.{error.path}" if error.path else place
    return error


def _database(steps: list[Step]) -> str:
    """Return the one database of all models; one transaction cannot span two."""
    found = {router.db_for_write(step.entry.resource.model) for step in steps}
    if len(found) > 1:
        raise UnsupportedQueryError(
            "These models are kept in different databases", path="_batch", hint='"_atomic": false'
        )
    return found.pop()
