"""A list as a stream: a page of it is read at once, an export as it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import chain
from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.reads import read
from django_flex.backends.orm.streams import is_held, rows_of
from django_flex.engine.time_zone import in_time_zone
from django_flex.exceptions import UnsupportedQueryError
from django_flex.plan.shape import FlexResult
from django_flex.plan.streams import Stream, format_of

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.plan.nodes import ReadPlan, Row

#: What belongs to a reply that has more in it than rows.
_OF_PAGES = ("cursor", "count")


def open_stream(plan: ReadPlan, request: FlexRequest, settings: Settings) -> FlexResult:
    """Return a result whose rows are in its ``stream``; the first of them have been read.

    Raises:
        FlexError: what is wrong with the query, or keeps the database from beginning.
    """
    asked = plan.asked
    for name in _OF_PAGES:
        if getattr(asked.page, name) is not None:
            raise UnsupportedQueryError(f"A stream has no '{name}'", path=name)
    if asked.aggregate is not None:
        raise UnsupportedQueryError("A stream has no 'aggregate'", path="aggregate")
    written = format_of(plan)
    pagination: dict[str, Any] = {"offset": plan.offset, "limit": plan.limit, "has_more": False}
    if plan.limit <= settings.limits.max_limit:
        found = read(plan, settings.limits)
        if found.has_more:
            pagination |= {"has_more": True, "next": {"offset": plan.offset + plan.limit}}
        lots: Iterator[list[Row]] = iter([found.rows])
    else:
        lots = _export(plan, request, settings)
    stream = Stream(str(asked.stream), written, lots)
    return FlexResult(data={"pagination": pagination}, stream=stream)


def _export(plan: ReadPlan, request: FlexRequest, settings: Settings) -> Iterator[list[Row]]:
    zone = settings.time_zone if request.time_zone is None else request.time_zone

    def setting() -> AbstractContextManager[None]:
        return in_time_zone(zone, plan.resource.model)

    lots = rows_of(plan, settings.limits, setting)
    if is_held(plan):
        # ATOMIC_REQUESTS: the transaction ends before the rows are taken, and with it any cursor.
        return lots
    first = next(lots, [])
    return _Begun(first, lots)


class _Begun(Iterator["list[Row]"]):
    """Rows of which the first have been read already."""

    def __init__(self, first: list[Row], lots: Iterator[list[Row]]) -> None:
        self._lots = lots
        self._all = chain([first], lots)

    def __next__(self) -> list[Row]:
        return next(self._all)

    def close(self) -> None:
        """End the reading."""
        self._lots.close()  # type: ignore[attr-defined]  # a generator
