"""Exports: rows as CSV, or as one JSON array without an envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dialects.csv import csv_format
from django_flex.plan.json_values import encode
from django_flex.plan.sizes import measured, shows_again
from django_flex.plan.streams import StreamFormat, in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.plan.nodes import ReadPlan, Row


def format_of(name: str | None, plan: ReadPlan, most: int) -> StreamFormat:
    """Return how rows are written in a format, each with at most ``most`` bytes.

    Raises:
        UnsupportedQueryError: lists inside rows, which no CSV can hold.
    """
    make = plan.make_object
    if shows_again(plan.output):
        make = measured(plan.output, most, each=True)
    if name == "csv":
        return csv_format(plan, make)

    def joined(rows: Iterable[Row]) -> Iterator[bytes]:
        return in_pieces((encode(make(row)) for row in rows), b",\n")

    return StreamFormat(head=b"[\n", rows=joined, between=b",\n", tail=b"\n]\n", failure=None)
