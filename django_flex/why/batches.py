"""A batch that is asked about: each of its operations, and what that means for the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django_flex.dialects.flex.batch import REFERENCE
from django_flex.engine.batch import batch_steps
from django_flex.exceptions import FlexError
from django_flex.why.values import Explanation

if TYPE_CHECKING:
    from django_flex.engine import Call

#: Returns why a call is allowed or refused, which is called by a method and a URL.
Explain: TypeAlias = Callable[["Call", str, str], Explanation]


def explain_batch(request: str, call: Call, explain: Explain) -> Explanation:
    """Return why a batch is allowed or refused, with an explanation of each operation.

    Args:
        request: what the batch is called.
        call: the batch.
        explain: explains one operation.
    """
    try:
        batch = call.dialect.parse_batch(call)
        steps = batch_steps(call, batch.operations)
    except FlexError as error:
        told = call.dialect.error(error).error
        text = "" if told is None else f": {told.message} ({told.code})"
        return Explanation(request=request, outcome=f"refused with {error.status}{text}")
    parts = []
    for step in steps:
        payload = _without_references(step.call.payload)
        part = explain(replace(step.call, payload=payload), request, step.operation.place)
        part = replace(part, request=step.operation.place)
        if payload != step.call.payload:
            part = _as_far_as_known(part)
        parts.append(part)
    return Explanation(
        request=request,
        operation="batch",
        outcome=_outcome(parts, atomic=batch.atomic),
        parts=tuple(parts),
    )


def _outcome(parts: list[Explanation], *, atomic: bool) -> str:
    refused = next((one for one in parts if one.outcome.startswith("refused")), None)
    if refused is None:
        return "allowed, as far as each operation by itself is"
    if atomic:
        return f"nothing of it is done, because of {refused.request}"
    return "each operation is answered by itself"


def _as_far_as_known(part: Explanation) -> Explanation:
    """Return an explanation without what depends on the reply to an earlier operation."""
    denied = any(not one.allowed and one.grant for one in part.names) or part.grant
    outcome = part.outcome if denied else "depends on the reply that it refers to"
    return replace(part, outcome=outcome, row=None)


def _without_references(value: Any) -> Any:
    """Return a payload in which what comes from the reply to an earlier operation is null."""
    if isinstance(value, Mapping):
        if set(value) == {REFERENCE}:
            return None
        return {key: _without_references(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_references(part) for part in value]
    return value
