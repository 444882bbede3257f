"""Rows as CSV (RFC 4180), without cells that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import math
import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.plan.json_values import encode
from django_flex.plan.nodes import Branch, ListLeaf
from django_flex.plan.streams import StreamFormat, in_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django_flex.plan.nodes import Layout, ReadPlan, Row, Shaper

# A spreadsheet runs a cell that starts with one of these signs, in either width, or with white space
# before one (OWASP, "CSV Injection"). Many expect another separator than the comma. For them each
# `;`, tab or `|` in a string starts a cell, and each line break a row, since a quote only counts at
# the start of a cell. Commas need no escape: readers that split at commas also understand quotes.
_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\t"
_SEPARATORS = r";|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
#: What may precede a sign that still counts: quotes, escapes, spaces, invisible characters.
_SKIPPED = r"[ \\\"\0\xa0\u3000\u200b\ufeff]*"
FORMULA = re.compile(rf"{_SKIPPED}[{_SIGNS}\r\n]")
INNER_FORMULA = re.compile(rf"[{_SEPARATORS}](?={_SKIPPED}[{_SIGNS}])")

#: Types whose texts have neither a sign at the start of a cell nor what separates cells.
_HARMLESS = frozenset({date, datetime, time, UUID})


def csv_format(plan: ReadPlan, make: Shaper) -> StreamFormat:
    """Return the format of a plan's rows: a line of names, then one for each row.

    Raises:
        UnsupportedQueryError: there are lists inside rows, which CSV cannot represent.
    """
    layout = plan.layout

    def lines(rows: Iterable[Row]) -> Iterator[bytes]:
        return in_pieces(_lines(_cells(make(row), layout) for row in rows), b"")

    (head,) = _lines([map(_text, _names(layout, ""))])
    return StreamFormat(head=head, rows=lines, between=b"", tail=b"", failure=None)


def _lines(rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    # A file in memory would take four bytes for each character of a piece.
    written: list[str] = []
    write_line = csv.writer(_Sink(written.append)).writerow
    for row in rows:
        write_line(row)
        yield written.pop().encode(errors="replace")


class _Sink(NamedTuple):
    """What ``csv`` needs of a file."""

    write: Callable[[str], object]


def _names(layout: Layout, prefix: str) -> Iterator[str]:
    """Yield the path of each value of a row."""
    for member in layout:
        if isinstance(member, ListLeaf):
            raise UnsupportedQueryError(
                worded("'{}{}' is a list, which CSV cannot represent", prefix, member.name),
                path="fields",
                hint="request ndjson, or leave it out",
            )
        if isinstance(member, Branch):
            yield from _names(member.members, f"{prefix}{member.name}.")
        else:
            yield f"{prefix}{member.name}"


def _cells(shaped: Any, layout: Layout) -> Iterator[object]:
    """Yield the cells of a row; those of a related object that is null are all empty."""
    for member in layout:
        value = None if shaped is None else shaped.get(member.name)
        if isinstance(member, Branch):
            yield from _cells(value, member.members)
        else:
            yield cell(value)


def cell(value: object) -> object:
    """Return a value as ``csv`` writes it; a text so that no spreadsheet finds a formula in it."""
    if type(value) is str:  # others are objects that may only look like one
        return _text(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # as in JSON
    text = encode(value).decode()
    if text == "null":  # of an object that has no text
        return None
    if text.startswith('"'):  # otherwise it is an object, a list, true or false
        text = msgspec.json.decode(text) if "\\" in text else text[1:-1]
    return text if type(value) in _HARMLESS or _is_number(text) else _text(text)


def _is_number(text: str) -> bool:
    """Whether a string is a decimal number, which keeps its sign."""
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _text(value: str) -> str:
    """Return a string in which no spreadsheet finds a formula, whatever separates its cells."""
    if INNER_FORMULA.search(value):
        value = INNER_FORMULA.sub(r"\g<0>'", value)
    return f"'{value}" if FORMULA.match(value) else value
