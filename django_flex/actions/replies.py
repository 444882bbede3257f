"""What an action returns into the reply: rows as the caller may read them, and ``meta``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet

from django_flex.actions.definitions import Scope
from django_flex.engine import acting
from django_flex.permissions.acting import authorize_shown
from django_flex.plan.planner import make_plan
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from django_flex.actions.runs import Run

_PAIR = 2


def reply(run: Run, returned: Any) -> FlexResult:
    """Return the reply to a call; of a row the row itself, with ``meta`` merged into it."""
    meta, value = _parted(returned)
    meta = {**run.context.meta, **meta}
    if value is None and run.definition.scope is Scope.INSTANCE:
        value = run.row
    if isinstance(value, Model):
        return FlexResult(data={**_object(run, value), **meta})
    if isinstance(value, Mapping):
        return FlexResult(data={**value, **meta})
    if value is None:
        return FlexResult(data=meta)
    if _are_rows(value):
        return FlexResult(data={"meta": meta, "results": objects(run, list(value))})
    return FlexResult(data={"result": value, **meta})


def reply_many(run: Run, returned: Any, errors: Mapping[Any, Any]) -> FlexResult:
    """Return the reply to a bulk call."""
    meta, value = _parted(returned)
    if isinstance(value, Mapping):
        meta, value = {**meta, **value}, None
    matched, done, failed = run.rows
    counts = {"matched": matched, "succeeded": done, "failed": failed}
    if run.tracked:
        counts["event"] = str(run.event_id)  # type: ignore[assignment]  # beside numbers
    shown = list(value) if _are_rows(value) else run.done
    return FlexResult(
        data={
            "meta": {**counts, **run.context.meta, **meta},
            "results": objects(run, shown),
            "errors": {str(key): error for key, error in errors.items()},
        }
    )


def _parted(returned: Any) -> tuple[Mapping[str, Any], Any]:
    """Tell ``(meta, result)``, as dj-actions returns it, from a result."""
    pair = isinstance(returned, tuple) and len(returned) == _PAIR
    if pair and (returned[0] is None or isinstance(returned[0], Mapping)):
        return returned[0] or {}, returned[1]
    return {}, returned


def _are_rows(value: Any) -> bool:
    if isinstance(value, QuerySet):
        return issubclass(value.model, Model)
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(one, Model) for one in value)
    )


def _object(run: Run, row: Model) -> dict[str, Any]:
    if row.pk is None:
        return {"id": run.key, "deleted": True}
    return objects(run, [row])[str(row.pk)]


def objects(run: Run, rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return rows by key, each with what the caller may read of it; of many only their keys."""
    found: dict[Any, Any] = {}
    if 0 < len(rows) <= run.settings.limits.max_limit:
        model = type(rows[0])
        ours = issubclass(run.entry.resource.model, model._meta.concrete_model or model)
        shown = run.shown if ours else authorize_shown(run.reach, None, model)
        if shown is not None:
            keys = [row.pk for row in rows if type(row) is model and row.pk is not None]
            found = dict(acting.shown(make_plan(shown), keys, run.using))
    return {str(row.pk): found.get(row.pk, {"id": row.pk}) for row in rows}
