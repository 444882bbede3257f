"""``meta: total_count`` beside a filter: a second count, which goes through the same pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex import engine
from django_flex.dialects.directus.clauses.paging import FILTERED, META, TOTAL
from django_flex.engine.pipeline import answer
from django_flex.engine.reading import READ

if TYPE_CHECKING:
    from django_flex.engine.call import Call, ResolvedCall
    from django_flex.plan.shape import FlexResult

_NARROWING = frozenset({"filter", "search"})


def execute(call: Call) -> FlexResult:
    """Return the result of a call, with the number of all rows if it was asked for."""
    if call.operation != "list" or not _counts_twice(call):
        return engine.execute(call)
    return engine.execute(call, _with_total)


def _counts_twice(call: Call) -> bool:
    query = call.payload.get("query")
    if not isinstance(query, Mapping) or "export" in query:
        return False
    narrowed = not _NARROWING.isdisjoint(query) or "keys" in call.payload
    meta = query.get("meta")
    return narrowed and isinstance(meta, list) and not {TOTAL, "*"}.isdisjoint(meta)


def _with_total(resolved: ResolvedCall) -> FlexResult:
    """Answer a list, then count all rows that the caller may see as one that shows nothing."""
    result = answer(READ, resolved)
    payload = {"query": {"limit": 0, "meta": [FILTERED]}}
    counted = answer(READ, replace(resolved, call=replace(resolved.call, payload=payload)))
    meta: dict[str, Any] = {**result.data["meta"], TOTAL: counted.data["meta"][FILTERED]}
    ordered = {name: meta[name] for name in META if name in meta}
    return replace(result, data={**result.data, "meta": ordered})
