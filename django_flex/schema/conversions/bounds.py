"""The greatest values that columns of whole numbers and days hold."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models

MAX_INTEGER = 2**63 - 1
MAX_SMALL = 2**15 - 1
MAX_PART = 2**31 - 1


def greatest(kind: str, field: object) -> Any:
    """Return the greatest whole number or day of a column, ``None`` for other kinds.

    Args:
        kind: that of the column, or of the items of an array or a range.
        field: Django's field, or ``None`` where a backend has none.
    """
    if kind == "date":
        return date.max
    if kind != "integer":
        return None
    if isinstance(field, models.SmallIntegerField | models.PositiveSmallIntegerField):
        return MAX_SMALL
    if isinstance(field, models.BigIntegerField | models.PositiveBigIntegerField):
        return MAX_INTEGER
    return MAX_PART if isinstance(field, models.IntegerField) else MAX_INTEGER
