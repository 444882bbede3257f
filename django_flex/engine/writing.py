"""The stages of a write, in one transaction once it is planned; what every write has to go through."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django.utils.http import parse_etags

from django_flex.analysis.writes.authorize import authorize_mutation
from django_flex.analysis.writes.faults import check_faults
from django_flex.engine.call import limits_within
from django_flex.engine.keys import telling_keys
from django_flex.engine.pipeline import Stages
from django_flex.engine.replaying import readable_parts
from django_flex.engine.showing import shown
from django_flex.exceptions import DuplicateError, PreconditionFailedError, StaleRowError
from django_flex.exceptions.places import Part
from django_flex.idempotency import attempt_for, once, once_apart, succeeded
from django_flex.plan.json_values import entity_tag
from django_flex.plan.planner import make_write_plan
from django_flex.plan.sizes import ReplySize
from django_flex.plan.written import WriteResult, shape_written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from django_flex.backends.base import Backend
    from django_flex.engine.call import Call, ResolvedCall
    from django_flex.idempotency import WriteAttempt
    from django_flex.plan.nodes import ReadPlan, WritePlan
    from django_flex.plan.shape import FlexResult
    from django_flex.query.ast import Mutation
    from django_flex.resolved import AuthorizedMutation


#: How often a write is tried while other writes change its rows, and the shortest and the longest
#: time that it lets them go first, in seconds.
ATTEMPTS, FIRST_WAIT, LONGEST_WAIT = 8, 0.01, 0.2


def parse(resolved: ResolvedCall) -> Mutation:
    """Return what is to be written. Raises ``QueryError``: it makes no sense."""
    return resolved.call.dialect.parse_mutation(resolved)


def write(
    resolved: ResolvedCall, backend: Backend, authorized: AuthorizedMutation, plan: WritePlan
) -> WriteResult:
    """Write a plan in the transaction that is open, and read back what the reply shows.

    Raises:
        FlexError: whatever the rules, the rows or the database have against it.
    """
    mutation, using = authorized.asked, backend.database(plan.rules.resource)
    most = limits_within(resolved.call).max_reply_bytes
    precondition = None
    if mutation.if_match is not None:
        # The tag of a get with the same ``_fields``, compared when the row is locked.
        precondition = partial(check_tag, mutation.if_match, backend, plan.returning, using, most)
    if not backend.validates:
        check_faults((*plan.rows, *plan.edits))
    with telling_keys(resolved):
        rows = backend.write(plan, using, precondition)
    written = WriteResult(rows, {})
    if plan.returning is not None and plan.rules.operation != "delete":
        reply_size = ReplySize(most)
        found = backend.read_back(plan.returning, [row.pk for row in rows], using, reply_size)
        written = WriteResult(rows, found, reply_size.to_measure)
    if resolved.call.approve is not None:
        resolved.call.approve(shape_written(plan, written))
    return written


def transact(
    resolved: ResolvedCall,
    backend: Backend,
    authorized: AuthorizedMutation,
    reply: Callable[[], FlexResult],
) -> FlexResult:
    """Write, shape and reply in one transaction: a reply that fails undoes the write.

    Raises:
        FlexError: what ``reply`` raises; what the database has against the commit.
    """
    call, resource, mutation = resolved.call, resolved.entry.resource, authorized.asked
    if mutation.if_match is not None:
        backend.capabilities.require("locks", "If-Match")
    using, label, dry_run = backend.database(resource), resource.label, mutation.dry_run
    once_more = partial(write_once, call, backend, using, reply, label, dry_run=dry_run)
    try:
        return _unless_stale(once_more)
    except DuplicateError:
        if mutation.operation != "upsert":
            raise
        # Another request added the row between our look and our write: now it is there to edit.
        return once_more()


def _unless_stale(perform: Callable[[], FlexResult]) -> FlexResult:
    """Write, and look again if a row has changed since a backend without locks looked at it."""
    for attempt in range(ATTEMPTS - 1):
        with suppress(StaleRowError):
            return perform()
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter, nothing secret
    return perform()


def write_once(
    call: Call,
    backend: Backend,
    using: str,
    perform: Callable[[], FlexResult],
    *labels: str,
    dry_run: bool,
) -> FlexResult:
    """Write in a transaction; with an ``Idempotency-Key`` only if it was not run before.

    ``labels`` are those of the models that it is about, in order.
    """
    transaction = partial(
        backend.transaction,
        using,
        call.settings.limits,
        dry_run=dry_run,
        started=call.started,
        # At the command line and in the background no client waits for the whole write.
        each_statement=call.by_operator,
    )
    if dry_run:
        backend.capabilities.require("dry_runs", Part.DRY_RUN)
    if call.idempotency_key is not None:
        # Whether the reply is stored has to depend on whether all of it was written.
        backend.capabilities.require("transactions", "Idempotency-Key")
    if call.idempotency_key is None or dry_run:
        with transaction():
            return perform()
    attempt = _attempt(call.idempotency_key, call, labels)
    alias = backend.django_alias(using)
    if alias is not None:
        apart = partial(_for_the_key, call, alias)
        return once(attempt, call.settings, alias, transaction, perform, apart)

    def written() -> FlexResult:
        with transaction():
            return succeeded(perform)

    return once_apart(attempt, call.settings, partial(_for_the_key, call), written)


def _attempt(key: str, call: Call, labels: Sequence[str]) -> WriteAttempt:
    attempt = attempt_for(
        key,
        settings=call.settings,
        actor=call.actor,
        operation=call.operation,
        resource=",".join(labels),
        payload=call.payload,
    )
    return replace(attempt, readable=frozenset(readable_parts(call, labels)))


def _for_the_key(call: Call, alias: str) -> AbstractContextManager[None]:
    """Return a transaction of Django's in which only the reply to an ``Idempotency-Key`` is stored.

    The write has a deadline of its own. It must not be too late to store the reply.
    """
    backends, limits = call.settings.backends, call.settings.limits
    return backends.default.transaction(alias, limits, each_statement=True)


def check_tag(
    wanted: str, backend: Backend, plan: ReadPlan | None, using: str, most: int, pk: object
) -> None:
    """Compare a row with ``If-Match``.

    Args:
        wanted: the header.
        backend: that of the model.
        plan: what the caller is shown of a row, ``None`` for nothing.
        using: the database.
        most: bytes that it may have.
        pk: the key of the row.

    Raises:
        PreconditionFailedError: the row has changed.
    """
    if wanted.strip() == "*":
        return
    found = None if plan is None else shown(backend, plan, [pk], using, most).get(pk)
    if found is None or entity_tag(found) not in parse_etags(wanted):
        raise PreconditionFailedError


WRITE = Stages(
    parse=parse,
    authorize=authorize_mutation,
    plan=make_write_plan,
    check_cost=None,
    read=write,
    shape=shape_written,
    transact=transact,
)
