"""One write from its parsing to its result: authorized first, then all of it or nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import router
from django.utils.http import parse_etags

from django_flex.backends.orm.reads import read_back
from django_flex.backends.orm.transactions import writing
from django_flex.backends.orm.writes import write
from django_flex.exceptions import DuplicateError, PreconditionFailedError
from django_flex.idempotency import attempt_for, once
from django_flex.permissions.mutations import authorize_mutation
from django_flex.plan.json_values import entity_tag
from django_flex.plan.planner import make_write_plan
from django_flex.plan.written import WrittenRow, shape_written
from django_flex.query.mutations import parse_mutation

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing
    from django_flex.plan.nodes import ReadPlan, WritePlan
    from django_flex.plan.shape import FlexResult


def run_write(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    """Answer a write.

    Raises:
        FlexError: whatever is wrong with it; nothing is written then.
    """
    mutation = parse_mutation(
        request.payload,
        settings.limits,
        resource=entry.name,
        operation=request.operation,
        if_match=request.if_match,
        lenient=request.lenient,
    )
    limits = settings.limits
    authorized = authorize_mutation(mutation, policy, request.actor, entry, limits, standing)
    plan = make_write_plan(authorized)
    using = router.db_for_write(entry.resource.model)

    def perform() -> FlexResult:
        return _write(plan, using)

    try:
        return run_once(request, settings, using, perform, dry_run=mutation.dry_run)
    except DuplicateError:
        if mutation.operation != "upsert":
            raise
        # Another request added the row between our look and our write: now it is there to edit.
        return run_once(request, settings, using, perform, dry_run=mutation.dry_run)


def run_once(
    request: FlexRequest,
    settings: Settings,
    using: str,
    perform: Callable[[], FlexResult],
    *,
    dry_run: bool,
) -> FlexResult:
    """Run a write in its transaction; with an ``Idempotency-Key`` only if it was not run before."""

    def transaction() -> AbstractContextManager[None]:
        return writing(using, settings.limits, dry_run=dry_run)

    if request.idempotency_key is None or dry_run:
        with transaction():
            return perform()
    attempt = attempt_for(
        request.idempotency_key,
        settings=settings,
        actor=request.actor,
        operation=request.operation,
        resource=request.resource,
        payload=request.payload,
    )
    return once(attempt, settings, using, transaction, perform)


def _write(plan: WritePlan, using: str) -> FlexResult:
    works = write(plan, using, _precondition(plan, using))
    rows = [WrittenRow(work.pk, work.operation) for work in works]
    reads = plan.returning is not None and plan.rules.operation != "delete"
    if plan.returning is None or not reads:
        return shape_written(plan, rows, {})
    found = read_back(plan.returning, [row.pk for row in rows], using)
    return shape_written(plan, rows, found)


def _precondition(plan: WritePlan, using: str) -> Callable[[Any], None] | None:
    """Return what compares a locked row with ``If-Match``: the tag of a get with ``_fields``."""
    wanted = plan.asked.if_match
    if wanted is None:
        return None

    return partial(check_tag, wanted, plan.returning, using)


def check_tag(wanted: str, shown: ReadPlan | None, using: str, pk: Any) -> None:
    """Compare a row with ``If-Match``.

    Args:
        wanted: the header.
        shown: what the caller is shown of a row, ``None`` for nothing.
        using: the database.
        pk: the key of the row.

    Raises:
        PreconditionFailedError: it is another one by now.
    """
    if wanted.strip() == "*":
        return
    found = {} if shown is None else read_back(shown, [pk], using)
    if shown is None or pk not in found:
        raise PreconditionFailedError
    if entity_tag(shown.make_object(found[pk])) not in parse_etags(wanted):
        raise PreconditionFailedError
