"""Rows as newline-delimited JSON, as one JSON array, or as CSV."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.utils.translation import get_language, override

from django_flex.dialects.csv import csv_format
from django_flex.dialects.flex.envelope import related_page
from django_flex.exceptions import FlexError
from django_flex.languages import error_in_language
from django_flex.plan.json_values import encode
from django_flex.plan.related_pages import ShowPage, with_pages
from django_flex.plan.sizes import measured, shows_again
from django_flex.plan.streams import StreamFormat, in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.plan.nodes import ReadPlan, Row, SelectOutput, Shaper


def format_of(
    name: str | None, plan: ReadPlan, most: int, show: ShowPage = related_page
) -> StreamFormat:
    """Return how rows are written in a format.

    Args:
        name: of the format.
        plan: of the rows.
        most: the maximum size of a row in bytes.
        show: what is shown in place of a page of related rows.

    Raises:
        UnsupportedQueryError: lists inside rows, which no CSV can hold.
    """
    make = plan.make_object
    if shows_again(plan.output):
        make = measured(plan.output, most, each=True)
    if name == "csv":
        return csv_format(plan, make)

    if plan.output.has_pages:
        make = _showing_pages(make, plan.output, show)

    if not plan.cells:  # combinations of values have no key
        make = plan.output.with_keys(make, plan.resource.key_name, plan.resource.pk)

    def joined(rows: Iterable[Row], between: bytes) -> Iterator[bytes]:
        return in_pieces((encode(make(row)) for row in rows), between)

    if name == "json":
        return StreamFormat(
            head=b"[\n",
            rows=lambda rows: joined(rows, b",\n"),
            between=b",\n",
            tail=b"\n]\n",
            failure=None,
        )
    return StreamFormat(
        head=b"",
        rows=lambda rows: (piece + b"\n" for piece in joined(rows, b"\n")),
        between=b"",
        tail=b"",
        failure=partial(_failure, get_language()),
    )


def _failure(language: str | None, error: FlexError) -> bytes:
    """Return the last line of a stream that fails, in the language in which it began."""
    with override(language):
        return encode(error_in_language(error).to_dict()) + b"\n"


def _showing_pages(make: Shaper, output: SelectOutput, show: ShowPage) -> Shaper:
    return lambda row: with_pages(make(row), output, show)
