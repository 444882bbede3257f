"""Turns the result of a handler into values: what the caller may read of rows, and ``meta``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard

from django.db.models import Model, QuerySet

from django_flex.actions.declare.definitions import Scope
from django_flex.analysis.actions import authorize_shown
from django_flex.engine import showing
from django_flex.engine.outcomes import ActionResult, BulkResult
from django_flex.plan.planner import make_plan
from django_flex.plan.written import WrittenRow
from django_flex.schema.conversions.keys import is_complete, shown_key
from django_flex.schema.introspection import key_name_of, key_of, label_of

if TYPE_CHECKING:
    from django_flex.actions.run.runs import Run
    from django_flex.exceptions import FlexError
    from django_flex.plan.shape import FlexResult

_PAIR = 2


def reply(run: Run, returned: object) -> FlexResult:
    """Return the reply to a call, in its dialect."""
    meta, value = _split_result(returned)
    meta = {**run.context.meta, **meta}
    if value is None and run.definition.scope is Scope.INSTANCE:
        value = run.row
    if isinstance(value, Model):
        result = ActionResult(meta, _row(run, value))
    elif _are_rows(value):
        result = ActionResult(meta, rows=_rows(run, list(value)))
    else:
        result = ActionResult(meta, value)
    return run.call.dialect.reply_to_action(result, {})


def reply_many(run: Run, returned: object, errors: Mapping[object, FlexError]) -> FlexResult:
    """Return the reply to a bulk call, in its dialect."""
    meta, value = _split_result(returned)
    if isinstance(value, Mapping):
        meta, value = {**meta, **value}, None
    matched, done, failed = run.counts
    result = BulkResult(
        matched=matched,
        succeeded=done,
        failed=failed,
        event=str(run.event_id) if run.tracked else None,
        meta={**run.context.meta, **meta},
        rows=_rows(run, list(value) if _are_rows(value) else run.done),
        errors=errors,
    )
    return run.call.dialect.reply_to_action(result, {})


def _split_result(returned: object) -> tuple[Mapping[str, object], object]:
    """Return ``meta`` and the result; a handler may return only a result."""
    if isinstance(returned, tuple) and len(returned) == _PAIR:
        meta, value = returned
        if meta is None or isinstance(meta, Mapping):
            return meta or {}, value
    return {}, returned


def _are_rows(value: object) -> TypeGuard[Iterable[Model]]:
    if isinstance(value, QuerySet):
        return issubclass(value.model, Model)
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(one, Model) for one in value)
    )


def _row(run: Run, row: Model) -> WrittenRow:
    if not is_complete(row.pk):
        return WrittenRow(shown_key(run.key), "delete", key_name=run.entry.resource.key_name)
    return _rows(run, [row])[0]


def _rows(run: Run, rows: Sequence[Model]) -> tuple[WrittenRow, ...]:
    """Return rows with their readable fields; more than ``MAX_LIMIT`` with their keys only."""
    found: dict[object, dict[str, object]] = {}
    if 0 < len(rows) <= run.settings.limits.max_limit:
        model = type(rows[0])
        ours = label_of(model._meta.concrete_model or model) in run.entry.resource.kinds
        shown = run.shown if ours else authorize_shown(run.reach, None, label_of(model))
        if shown is not None:
            keys = [row.pk for row in rows if type(row) is model and is_complete(row.pk)]
            most = run.settings.limits.max_reply_bytes
            backend = run.settings.backends.of(shown.resource)
            plan = make_plan(shown, run.settings.backends.capabilities_for(shown.resource))
            using = run.using if backend is run.backend else backend.database(shown.resource)
            found = showing.shown(backend, plan, keys, using, most)
    name = key_name_of(type(rows[0])) if rows else "id"
    return tuple(WrittenRow(key_of(row), "edit", found.get(row.pk), name) for row in rows)
