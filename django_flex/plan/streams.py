"""Rows as a stream of bytes: newline-delimited JSON, CSV, or one JSON array."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import FlexError, InternalError, UnsupportedQueryError
from django_flex.plan.json_values import encode
from django_flex.plan.nodes import Branch, ListLeaf

if TYPE_CHECKING:
    from django_flex.plan.nodes import Layout, ReadPlan, Row

logger = logging.getLogger("django_flex")

#: What a spreadsheet takes for the start of a formula, in both widths.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Format:
    """How rows become bytes: what is before them, each lot of them, what is after them.

    ``failure`` tells of an error in the middle; without it the stream is cut off there.
    """

    head: bytes
    rows: Callable[[Iterable[Row]], bytes]
    between: bytes
    tail: bytes
    failure: Callable[[FlexError], bytes] | None


def format_of(plan: ReadPlan) -> Format:
    """Return the format that a plan's rows are asked for in.

    Raises:
        UnsupportedQueryError: lists inside rows, which no CSV can hold.
    """
    if plan.asked.stream == "csv":
        return _csv(plan)
    make = plan.make_object

    def joined(rows: Iterable[Row], between: bytes) -> bytes:
        if plan.cells:  # combinations of values, which are no rows with a key
            return between.join(encode(make(row)) for row in rows)
        return between.join(encode({"id": row[0]} | make(row)) for row in rows)

    if plan.asked.stream == "json":
        return Format(
            head=b"[\n",
            rows=lambda rows: joined(rows, b",\n"),
            between=b",\n",
            tail=b"\n]\n",
            failure=None,
        )
    return Format(
        head=b"",
        rows=lambda rows: joined(rows, b"\n") + b"\n",
        between=b"",
        tail=b"",
        failure=lambda error: encode({"error": error.message, **error.to_dict()}) + b"\n",
    )


# --- CSV (RFC 4180) -------------------------------------------------------------------------------


def _csv(plan: ReadPlan) -> Format:
    make, layout = plan.make_object, plan.layout

    def lines(rows: Iterable[Row]) -> bytes:
        return _lines(_cells(make(row), layout) for row in rows)

    head = _lines([map(_text, _names(layout, ""))])
    return Format(head=head, rows=lines, between=b"", tail=b"", failure=None)


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode(errors="replace")


def _names(layout: Layout, prefix: str) -> Iterator[str]:
    """Yield the path of each value of a row."""
    for member in layout:
        if isinstance(member, ListLeaf):
            raise UnsupportedQueryError(
                f"'{prefix}{member.name}' is a list, which CSV cannot hold",
                path="fields",
                hint="ask for ndjson, or leave it out",
            )
        if isinstance(member, Branch):
            yield from _names(member.members, f"{prefix}{member.name}.")
        else:
            yield f"{prefix}{member.name}"


def _cells(shaped: Any, layout: Layout) -> Iterator[Any]:
    """Yield the cells of a row; those of a related object that is null are all empty."""
    for member in layout:
        value = None if shaped is None else shaped.get(member.name)
        if isinstance(member, Branch):
            yield from _cells(value, member.members)
        else:
            yield _cell(value)


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        return _text(value)
    text = encode(value).decode()
    if not text.startswith('"'):
        return text  # an object, a list, true or false
    text = text[1:-1]
    return text if _is_number(text) else _text(text)


def _is_number(text: str) -> bool:
    """Whether a text is a decimal number, which a spreadsheet may read with its sign."""
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _text(value: str) -> str:
    """Return a text that no spreadsheet runs as a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


# --- The stream -----------------------------------------------------------------------------------


class Stream:
    """The bytes of a reply, made as they are taken. Whoever takes them has to close it.

    Args:
        name: the format's.
        written: how rows become bytes.
        lots: the rows, some at a time; an error in the middle comes out of it.

    Attributes:
        rows: how many went out so far.
        error: what ended it early.
        ended: is called once, with the stream, when nothing more will come.
    """

    def __init__(self, name: str, written: Format, lots: Iterator[list[Row]]) -> None:
        self.name = name
        self.rows = 0
        self.error: FlexError | None = None
        self.ended: Callable[[Stream], None] | None = None
        self._format = written
        self._lots = lots
        self._pieces = self._make()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Give back what the stream holds; the rest of the rows is not read."""
        self._pieces.close()
        close = getattr(self._lots, "close", None)
        if close is not None:
            close()
        ended, self.ended = self.ended, None
        if ended is not None:
            ended(self)

    def _make(self) -> Generator[bytes]:
        try:
            yield from self._written()
        except FlexError as error:
            self.error = error
        except Exception as error:
            # Nobody else will see it: the status and the head of the reply are gone out already.
            logger.exception("Internal error in a stream")
            self.error = InternalError()
            self.error.__cause__ = error
        if self.error is not None:
            if self._format.failure is None:
                raise self.error
            yield self._format.failure(self.error)

    def _written(self) -> Iterator[bytes]:
        head, between = self._format.head, b""
        for rows in self._lots:
            if rows:
                made = self._format.rows(rows)
                self.rows += len(rows)
                yield head + between + made
                head, between = b"", self._format.between
        yield head + self._format.tail
