"""Values that are derived from a column: a part of a date or of a text, or a JSON key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.aggregates import TEXT_PARTS, TRUNCATIONS
from django_flex.query.operators import TRANSFORMS
from django_flex.schema.aggregates import computed

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute

#: The kinds of what transforms give.
_KINDS = {"date": "date", "time": "time", "year": "integer", "part": "integer", "text": "text"}


def part_result(text: str, kind: str, part: str) -> Attribute | None:
    """Return the attribute of a part of a column, ``None`` if its kind has no such part.

    Args:
        text: the path of the column, as it was asked for.
        kind: of the column.
        part: a truncation or a transform.
    """
    if part in TRUNCATIONS:
        return computed(text, kind) if kind in TRUNCATIONS[part].kinds else None
    row = TEXT_PARTS.get(part) or TRANSFORMS[part]
    return computed(text, _KINDS[row.result]) if kind in row.kinds else None


def json_word_result(text: str) -> Attribute:
    """Return the attribute of a key in a JSON column."""
    return computed(text, "json")
