"""A list as a stream: a page is read at once, an export while it is being consumed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from django_flex.capacity import charged, current_accounts
from django_flex.engine.time_zone import in_time_zone
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.plan.shape import PageInfo, Streamed
from django_flex.plan.streams import Stream

if TYPE_CHECKING:
    from django_flex.engine.call import Call
    from django_flex.plan.nodes import ReadPlan, Row
    from django_flex.query.ast import Query


def open_stream(query: Query, plan: ReadPlan, call: Call) -> Streamed:
    """Return a stream of the rows; the first of them have been read.

    Raises:
        FlexError: the query is invalid, or the database cannot start to read.
    """
    backend = call.settings.backends.of(plan.resource)
    backend.capabilities.require("streams", Part.FORMAT)
    # What belongs to a reply that has more in it than rows.
    asked = {
        Part.CURSOR: query.page.cursor,
        Part.COUNT: query.page.count,
        Part.AGGREGATE: query.aggregate,
    }
    for part, value in asked.items():
        if value is not None:
            raise UnsupportedQueryError(worded("A stream has no '{}'", part), path=part)
    limits = call.settings.limits
    written = call.dialect.stream_format(query.stream, plan, limits.max_reply_bytes)
    has_more = False
    if plan.limit <= limits.max_limit:
        # In a stream each row is checked against the cap separately.
        unmeasured = replace(limits, max_reply_bytes=sys.maxsize)
        found = backend.read(plan, unmeasured, call.started)
        has_more = found.has_more
        chunks: Iterator[list[Row]] = iter([found.rows])
    else:
        chunks = _export(plan, call)
    stream = Stream(str(query.stream), written, chunks)
    return Streamed(stream, PageInfo(plan.offset, plan.limit, has_more))


def _export(plan: ReadPlan, call: Call) -> Iterator[list[Row]]:
    zone = call.settings.time_zone if call.time_zone is None else call.time_zone

    accounts = current_accounts()

    @contextmanager
    def setting() -> Iterator[None]:
        with in_time_zone(zone), charged(accounts):
            yield

    chunks = call.settings.backends.of(plan.resource).stream(plan, call.settings.limits, setting)
    # Read immediately, so that an error in the query is an ordinary error reply.
    return chain([next(chunks, [])], chunks)
