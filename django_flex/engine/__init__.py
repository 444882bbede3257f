"""The pipeline: parse, authorize, plan, read or write, shape, reply. Every door calls it."""

from __future__ import annotations

from django_flex.engine.call import (
    Answer,
    Call,
    ResolvedCall,
    ShapedResult,
    WireFormat,
    find_entry,
    is_named,
    resolve_call,
)
from django_flex.engine.execution import STAGES, admit, execute, execute_or_raise, with_status
from django_flex.engine.pipeline import answer
from django_flex.query.operations import ACTIONS, CORE_OPERATIONS, READ_OPERATIONS

__all__ = [
    "ACTIONS",
    "CORE_OPERATIONS",
    "READ_OPERATIONS",
    "STAGES",
    "Answer",
    "Call",
    "ResolvedCall",
    "ShapedResult",
    "WireFormat",
    "admit",
    "answer",
    "execute",
    "execute_or_raise",
    "find_entry",
    "is_named",
    "resolve_call",
    "with_status",
]
