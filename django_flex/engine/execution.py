"""A call from any door to its result: admitted, answered, and reported to the log and the signal."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from django_flex import audit
from django_flex.access.limits import for_operator, limits_of
from django_flex.access.roles import resolve_grant
from django_flex.capacity import accounts_of, charged, check_capacity
from django_flex.engine.aggregating import AGGREGATE
from django_flex.engine.batch import answer_batch
from django_flex.engine.call import ResolvedCall, find_entry, with_granted
from django_flex.engine.pipeline import Stages, answer
from django_flex.engine.prepared import answer_read
from django_flex.engine.reading import READ
from django_flex.engine.time_zone import in_time_zone
from django_flex.engine.writing import WRITE
from django_flex.exceptions import (
    AuthenticationRequiredError,
    FlexError,
    OperationDeniedError,
    RowRuleError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import Part, worded
from django_flex.metering import READ_UNITS, UNITS
from django_flex.plan.shape import FlexResult
from django_flex.query.operations import (
    ACTIONS,
    BATCH,
    CORE_OPERATIONS,
    READ_OPERATIONS,
    WRITE_OPERATIONS,
)
from django_flex.signals import query_executed
from django_flex.throttling import throttle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from django_flex.conf import Settings
    from django_flex.engine.call import Answer, Call
    from django_flex.plan.streams import Stream
    from django_flex.policy.model import Entry

#: The stages of each operation.
STAGES: Mapping[str, Stages[Any, Any, Any, Any]] = {
    "get": READ,
    "list": READ,
    "aggregate": AGGREGATE,
    **dict.fromkeys(WRITE_OPERATIONS, WRITE),
}
#: What takes a call through its stages, for each operation.
ANSWERS: Mapping[str, Answer] = {
    **{name: partial(answer, stages) for name, stages in STAGES.items()},
    **dict.fromkeys(("get", "list"), answer_read),
}


def execute(call: Call, answer_with: Answer | None = None) -> FlexResult:
    """Return the result of a call; a ``FlexError`` becomes an error result.

    Args:
        call: what is asked, and by whom.
        answer_with: answers it once the grant is known; for operations that are not the engine's.
    """
    started = time.perf_counter()
    try:
        result = admit(call, answer_with)
    except FlexError as error:
        result = call.dialect.error(error)
    observe(call, result, started)
    return with_status(result, call.settings) if call.settings.always_http_200 else result


def execute_or_raise(call: Call) -> FlexResult:
    """Return the result of a call that is a part of something larger, which its errors may end.

    Raises:
        FlexError: whatever is wrong with the call, or with the database.
    """
    started = time.perf_counter()
    try:
        result = admit(call)
    except FlexError as error:
        observe(call, call.dialect.error(error), started)
        raise
    observe(call, result, started)
    return result


def admit(call: Call, answer_with: Answer | None = None) -> FlexResult:
    """Find the model and the caller's grant, count the call, and let it through the pipeline.

    Args:
        call: what is asked, and by whom.
        answer_with: answers it once the grant is known; ``None`` for the operations of ``ANSWERS``.

    Raises:
        AuthenticationRequiredError: the caller is anonymous, and has no grant on the model, or none
            for the operation.
        FlexError: whatever is wrong with the call, or with the database.
    """
    if call.settings.require_authentication and not call.actor.is_authenticated:
        raise AuthenticationRequiredError
    if call.operation == BATCH:
        with charged():  # its operations find their accounts themselves
            return answer_batch(call, execute_or_raise)
    entry = call.entry or find_entry(call.policy, call.resource, call.actor)
    if answer_with is None and call.served is not None and call.operation not in call.served:
        grant = resolve_grant(call.policy, entry, call.actor).grant
        denied = with_granted(OperationDeniedError(call.operation, entry.name), grant, call)
        # If all callers share one grant, the operations served and granted are the same.
        raise denied if entry.everyone is None else _as_told(denied, call)
    resolved = _resolved(call, entry)
    headers = _throttled(resolved)
    call = resolved.call
    zone = call.settings.time_zone if call.time_zone is None else call.time_zone
    try:
        with in_time_zone(zone), _charged(resolved):
            result = (answer_with or ANSWERS.get(call.operation, _refuse))(resolved)
    except FlexError as error:
        refused = _as_told(with_granted(error, resolved.granted.grant, call), call)
        if refused is error and not headers:
            raise
        cause = error.__cause__ if type(refused) is type(error) else error
        raise refused.with_headers({**headers, **refused.headers}) from cause
    return replace(result, headers={**headers, **result.headers}) if headers else result


def _resolved(call: Call, entry: Entry) -> ResolvedCall:
    """Return a call with the caller's grant on the model, under the caps of the role."""
    granted = resolve_grant(call.policy, entry, call.actor)
    call.actor.role = granted.grant.role if granted.grant is not None else None
    if call.by_operator:
        granted = for_operator(granted)
    limits = limits_of(call.settings.limits, granted.grant)
    if limits is not call.settings.limits:
        call = replace(call, settings=replace(call.settings, limits=limits))
    return ResolvedCall(call, entry, granted)


def _as_told(error: FlexError, call: Call) -> FlexError:
    """Return the error for the caller: an anonymous caller may sign in and ask again.

    A refused path stays a 403 for every caller: it has to look like one that does not exist.
    """
    if not isinstance(error, OperationDeniedError | RowRuleError) or call.by_operator:
        return error
    return error if call.actor.is_authenticated else AuthenticationRequiredError()


def _throttled(resolved: ResolvedCall) -> Mapping[str, str]:
    """Count the call, unless the operator of the project asks on behalf of the caller."""
    call, grant = resolved.call, resolved.granted.grant
    if call.by_operator or not call.counted:
        return {}
    if call.dialect.hides_models and (grant is None or not grant.operations):
        # What does not exist is not counted, and the count is in the headers.
        return {}
    operation = call.operation
    if operation not in CORE_OPERATIONS and (grant is None or operation not in grant.actions):
        operation = ACTIONS  # an action that is not granted counts as a missing one
    return throttle(
        call.settings.rate_limits,
        version=call.settings.version,
        entry=resolved.entry,
        grant=grant,
        operation=operation,
        actor=call.actor,
    )


def _charged(resolved: ResolvedCall) -> AbstractContextManager[None]:
    """Return a context that charges the caller for what the database says that the call costs.

    Raises:
        RateLimitExceededError: the caller has used up what they may consume.
        UnavailableError: the cache is unavailable, and requests may not pass uncounted.
    """
    call, entry, grant = resolved.call, resolved.entry, resolved.granted.grant
    label, limits = entry.resource.label, call.settings.rate_limits
    table = call.settings.backends.named(label).capabilities_of(label).metered_as
    if table is None:
        return nullcontext()
    if grant is None or grant.unrestricted or call.by_operator or not call.counted:
        return charged()
    accounts = accounts_of(
        limits,
        version=call.settings.version,
        entry=entry,
        grant=grant,
        actor=call.actor,
        table=table,
    )
    kinds = (READ_UNITS,) if call.operation in READ_OPERATIONS else UNITS
    check_capacity(accounts, kinds, fail_open=limits.fail_open)
    return charged(accounts)


def _refuse(resolved: ResolvedCall) -> NoReturn:
    """Refuse an operation that can be granted and not be called, or one of another app."""
    raise UnsupportedQueryError(
        worded("'{}' is not supported by this version", resolved.call.operation), path=Part.ACTION
    )


def with_status(result: FlexResult, settings: Settings) -> FlexResult:
    """Put the status into the object, where every reply is to be HTTP 200."""
    if not settings.always_http_200:
        return result
    name = settings.policy.schema.shown("status_code")
    return replace(result, data={name: result.status_code, **result.data})


def observe(call: Call, result: FlexResult, started: float) -> None:
    """Log how a call ended and send the signal; for a stream, once it has ended.

    ``started`` is when it began (``time.perf_counter()``). Both also get refused calls.
    """
    if result.stream is not None:
        result.stream.ended = partial(_observe_stream, call, started)
    elif call.settings.audit_queries or query_executed.receivers:
        _observe(call, result, (time.perf_counter() - started) * 1_000)


def _observe_stream(call: Call, started: float, stream: Stream) -> None:
    """Report how a stream ended, and how many rows were sent."""
    result = FlexResult() if stream.error is None else call.dialect.error(stream.error)
    observe(call, replace(result, rows=stream.rows), started)


def _count(call: Call, result: FlexResult) -> int:
    """Return how many rows a reply has, or a stream that has ended."""
    if result.error is not None:
        return 0
    return call.dialect.rows_in(result) if result.rows is None else result.rows


def _observe(call: Call, result: FlexResult, milliseconds: float) -> None:
    settings = call.settings
    record = audit.make_record(
        user=call.actor.user,
        role=call.actor.role,
        version=settings.version,
        model=call.resource,
        action=call.operation,
        names=call.dialect.names_in(call.payload, call.operation),
        result=result,
        rows=_count(call, result),
        ms=milliseconds,
        door=call.door,
        operator=call.operator,
    )
    if settings.audit_queries:
        audit.log(record)
    query_executed.send_robust(
        sender=None, request=call, result=result, milliseconds=milliseconds, record=record
    )
