"""The operation of a query object: ``_action`` names it, or it follows from the keys."""

from __future__ import annotations

from collections.abc import Mapping

from django_flex.dialects.flex.parser import parse_operation
from django_flex.exceptions import FlexError
from django_flex.query.operations import BATCH, READ_OPERATIONS


def default_operation(payload: Mapping[str, object]) -> str:
    """Return the operation of a query object: its ``_action``, else get with a key, list without."""
    if "_batch" in payload:
        return BATCH
    has_key = "_id" in payload or "id" in payload
    return parse_operation(payload, "get" if has_key else "list")


def first_write(payload: Mapping[str, object]) -> int | None:
    """Return the position of the first operation in a batch that is not a read; ``None`` without one.

    Invalid operations do not count: the batch is refused because of them, and the reply says why.
    """
    items = payload.get("_batch")
    if not isinstance(items, list | tuple):
        return None
    return next((n for n, item in enumerate(items) if _writes(item)), None)


def _writes(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    try:
        return default_operation(item) not in READ_OPERATIONS
    except FlexError:
        return False
