"""Rows as a stream of bytes, in any format."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.exceptions import FlexError, InternalError

if TYPE_CHECKING:
    from django_flex.plan.nodes import Row

logger = logging.getLogger("django_flex")

#: The number of bytes that are sent at once.
PIECE = 131_072


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamFormat:
    """How rows become bytes: what is before them, each chunk of them, what is after them.

    A chunk becomes pieces that are not much larger than ``PIECE``, unless a row is. ``failure``
    tells of an error in the middle; without it the stream is cut off there.
    """

    head: bytes
    rows: Callable[[Iterable[Row]], Iterator[bytes]]
    between: bytes
    tail: bytes
    failure: Callable[[FlexError], bytes] | None


def in_pieces(encoded: Iterable[bytes], between: bytes) -> Iterator[bytes]:
    """Join what was encoded, none of it empty, to pieces of some size."""
    some = bytearray()
    try:
        for one in encoded:
            if some:
                some += between
            some += one
            if len(some) > PIECE:
                yield bytes(some)
                some.clear()
    except FlexError:
        if some:
            yield bytes(some)  # the rows before the one that is wrong
        raise
    if some:
        yield bytes(some)


class Stream:
    """The bytes of a reply, generated as they are read. The reader has to close it.

    Args:
        name: the format's.
        written: how rows become bytes.
        chunks: the rows, some at a time; an error in the middle comes out of it.

    Attributes:
        rows: how many went out so far.
        error: what ended it early.
        ended: is called once, with the stream, when nothing more will come.
    """

    def __init__(self, name: str, written: StreamFormat, chunks: Iterator[list[Row]]) -> None:
        self.name = name
        self.rows = 0
        self.error: FlexError | None = None
        self.ended: Callable[[Stream], None] | None = None
        self._format = written
        self._chunks = chunks
        self._pieces = self._make()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """End the stream; the remaining rows are not read."""
        self._pieces.close()
        ended, self.ended = self.ended, None
        if ended is not None:
            ended(self)

    def _make(self) -> Generator[bytes]:
        try:
            yield from self._written()
        except FlexError as error:
            self.error = error
        except Exception as error:
            # Log it, since the status and the headers of the reply have already been sent.
            logger.exception("Internal error in a stream")
            self.error = InternalError()
            self.error.__cause__ = error
        if self.error is not None:
            if self._format.failure is None:
                raise self.error
            yield self._format.failure(self.error)

    def _written(self) -> Iterator[bytes]:
        head, between = self._format.head, b""
        for rows in self._chunks:
            # Counted once they have been sent, or partly sent.
            self.rows += len(rows)
            for piece in self._format.rows(rows):
                yield head + between + piece
                head, between = b"", self._format.between
        yield head + self._format.tail
