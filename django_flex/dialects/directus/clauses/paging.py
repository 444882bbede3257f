"""``limit``, ``offset``, ``page`` and ``meta``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.exceptions import InvalidValueError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import NO_LIMIT, Count
from django_flex.query.terms import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.limits import Limits

TOTAL, FILTERED = "total_count", "filter_count"
META = (TOTAL, FILTERED)


@dataclass(frozen=True, slots=True)
class Meta(Count):
    """What ``meta`` asks for, which is counted exactly."""

    wanted: tuple[str, ...] = META


def parse_limit(value: object, limits: Limits) -> int:
    """Return how many rows are asked for: ``-1`` means all, and nothing the default.

    The pipeline reduces it to ``MAX_LIMIT``.
    """
    if not isinstance(value, int):
        return limits.default_limit
    return NO_LIMIT if value < 0 else value


def offset_of(asked: Mapping[str, object], limit: int, place: str) -> int:
    """Return how many rows are skipped; ``page`` counts pages of ``limit`` rows from 1.

    Raises:
        QueryError: both were sent, or there are no pages.
    """
    page, offset = asked.get("page"), asked.get("offset")
    if not isinstance(page, int) or page < 2:  # noqa: PLR2004 - 0 is the first page, too
        return offset if isinstance(offset, int) else 0
    if offset is not None:
        raise QueryError("'page' and 'offset' are two ways to say where a page begins", path=place)
    if limit == NO_LIMIT:
        raise QueryError("There are no pages of all rows", path=place, hint="limit=20")
    return (page - 1) * limit


def parse_meta(value: object) -> Meta | None:
    """Return which counts are asked for.

    Raises:
        InvalidValueError: there is no such count.
    """
    if value is None:
        return None
    assert isinstance(value, list)  # noqa: S101 - for mypy: it is normalised
    for name in value:
        if name not in {*META, "*"}:
            raise InvalidValueError(
                worded("There is no count '{}'", excerpt(name)),
                path="meta",
                hint=nearest(name, META) or "total_count, filter_count, *",
            )
    wanted = META if "*" in value else tuple(name for name in META if name in value)
    return Meta("exact", wanted=wanted)
