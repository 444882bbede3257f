"""One request from its parsing to its result."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from asgiref.sync import sync_to_async

from django_flex import audit
from django_flex.engine.aggregating import run_aggregate
from django_flex.engine.batch import run_batch
from django_flex.engine.reading import run_read
from django_flex.engine.request import (
    ACTIONS,
    BATCH,
    CORE_OPERATIONS,
    READ_OPERATIONS,
    find_entry,
)
from django_flex.engine.time_zone import in_time_zone
from django_flex.engine.writing import run_write
from django_flex.exceptions import (
    AuthenticationRequiredError,
    FlexError,
    OperationDeniedError,
    UnsupportedQueryError,
)
from django_flex.permissions.caps import for_operator, limits_of
from django_flex.permissions.roles import resolve_role
from django_flex.plan.shape import FlexResult
from django_flex.query.mutations import WRITE_OPERATIONS
from django_flex.signals import query_executed
from django_flex.throttling import throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing
    from django_flex.plan.streams import Stream

#: Answers a request of a caller whose standing is known.
Execute: TypeAlias = "Callable[[FlexRequest, Settings, Policy, Entry, Standing], FlexResult]"


def run(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
    execute: Execute | None = None,
) -> FlexResult:
    """Answer a request; an error of ours becomes a result that says so.

    Args:
        request: what is asked, and by whom.
        settings: of the API version.
        policy: in place of the version's own, for doors with grants of their own.
        entry: the model's entry, when the door knows it already.
        execute: what is done when the caller's role is known; for operations that are not ours.
    """
    try:
        result = observed(request, settings, policy or settings.policy, entry, execute)
    except FlexError as error:
        result = FlexResult.from_error(error)
    return with_status(result, settings)


async def arun(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
) -> FlexResult:
    """Answer a request from asynchronous code; the ORM works in Django's own thread."""
    return await sync_to_async(run, thread_sensitive=True)(request, settings, policy, entry)


def observed(
    request: FlexRequest,
    settings: Settings,
    policy: Policy,
    entry: Entry | None,
    execute: Execute | None = None,
) -> FlexResult:
    """Run the pipeline and tell the log and the signal how it ended.

    Raises:
        FlexError: whatever is wrong with the request, or with the database.
    """
    started = time.perf_counter()
    try:
        result = answer(request, settings, policy, entry, execute)
    except FlexError as error:
        elapsed = (time.perf_counter() - started) * 1_000
        _observe(request, settings, FlexResult.from_error(error), elapsed)
        raise
    if result.stream is not None:
        result.stream.ended = partial(_observe_stream, request, settings, started)
        return result
    _observe(request, settings, result, (time.perf_counter() - started) * 1_000)
    return result


def _observe_stream(
    request: FlexRequest, settings: Settings, started: float, stream: Stream
) -> None:
    """Tell how a stream ended, with as many rows as went out."""
    result = FlexResult() if stream.error is None else FlexResult.from_error(stream.error)
    elapsed = (time.perf_counter() - started) * 1_000
    _observe(request, settings, replace(result, rows=stream.rows), elapsed)


def answer(
    request: FlexRequest,
    settings: Settings,
    policy: Policy,
    entry: Entry | None,
    execute: Execute | None = None,
) -> FlexResult:
    """Run the pipeline.

    Raises:
        FlexError: whatever is wrong with the request, or with the database.
    """
    if settings.require_authentication and not request.actor.is_authenticated:
        raise AuthenticationRequiredError
    if request.operation == BATCH:
        return run_batch(request, settings, policy, entry, observed)
    found = entry or find_entry(policy, request.resource)
    if execute is None and request.served is not None and request.operation not in request.served:
        raise OperationDeniedError(request.operation, found.name)
    standing = resolve_role(policy, found, request.actor)
    request.actor.role = standing.grant.role if standing.grant is not None else None
    if request.by_operator:
        standing = for_operator(standing)
    headers = _throttled(request, settings, found, standing)
    limits = limits_of(settings.limits, standing.grant)
    if limits is not settings.limits:
        settings = replace(settings, limits=limits)
    zone = settings.time_zone if request.time_zone is None else request.time_zone
    try:
        with in_time_zone(zone, found.resource.model):
            result = (execute or _execute)(request, settings, policy, found, standing)
    except FlexError as error:
        error.headers = {**headers, **error.headers}
        raise
    return replace(result, headers={**headers, **result.headers}) if headers else result


def _throttled(
    request: FlexRequest, settings: Settings, entry: Entry, standing: Standing
) -> Mapping[str, str]:
    """Count the request, unless the operator of the project asks in the name of the caller."""
    if request.by_operator:
        return {}
    return throttle(
        settings.rate_limits,
        version=settings.version,
        entry=entry,
        grant=standing.grant,
        operation=_counted(request.operation, standing),
        actor=request.actor,
    )


def _counted(operation: str, standing: Standing) -> str:
    """Return what a request counts as: an action that is not granted as one that there is not."""
    granted = standing.grant is not None and operation in standing.grant.actions
    return operation if granted or operation in CORE_OPERATIONS else ACTIONS


def _execute(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    if request.operation == "aggregate":
        return run_aggregate(request, settings, policy, entry, standing)
    if request.operation in READ_OPERATIONS:
        return run_read(request, settings, policy, entry, standing)
    if request.operation in WRITE_OPERATIONS:
        return run_write(request, settings, policy, entry, standing)
    raise UnsupportedQueryError(
        f"'{request.operation}' is not supported by this version", path="_action"
    )


def with_status(result: FlexResult, settings: Settings) -> FlexResult:
    """Put the status into the object, where every reply is to be HTTP 200."""
    if not settings.always_http_200:
        return result
    return replace(result, data={"status_code": result.status_code, **result.data})


def _observe(
    request: FlexRequest, settings: Settings, result: FlexResult, milliseconds: float
) -> None:
    """Log what was asked and send the signal; both hear of refused requests, too."""
    if not (settings.audit_queries or query_executed.receivers):
        return
    record = audit.make_record(
        user=request.actor.user,
        role=request.actor.role,
        version=settings.version,
        model=request.resource,
        action=request.operation,
        payload=request.payload,
        result=result,
        ms=milliseconds,
    )
    if settings.audit_queries:
        audit.log(record)
    query_executed.send_robust(
        sender=None, request=request, result=result, milliseconds=milliseconds, record=record
    )
