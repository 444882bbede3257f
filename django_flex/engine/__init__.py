"""The pipeline, whole: parse, authorize, plan, execute, shape. Every door ends here."""

from __future__ import annotations

from django_flex.engine.pipeline import arun, run
from django_flex.engine.programmatic import FlexQuery
from django_flex.engine.request import (
    ACTIONS,
    CORE_OPERATIONS,
    READ_OPERATIONS,
    FlexRequest,
    default_operation,
    find_entry,
)

__all__ = [
    "ACTIONS",
    "CORE_OPERATIONS",
    "READ_OPERATIONS",
    "FlexQuery",
    "FlexRequest",
    "arun",
    "default_operation",
    "find_entry",
    "run",
]
