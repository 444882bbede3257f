"""The size of a reply in bytes, computed before its values are decoded, copied or repeated.

Small replies are not measured: for columns of bounded size the number of rows is enough, for
strings and JSON values the length of the raw value. Only if the result may be too large are the
objects measured one by one, until the cap is exceeded.
"""

from __future__ import annotations

import math
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import ReplyTooLargeError
from django_flex.plan.files import asks_storage
from django_flex.plan.json_values import encode
from django_flex.plan.nodes import Branch, Leaf, ListLeaf, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.plan.nodes import AggregatePlan, ChildPlan, Layout, Row, SelectOutput, Shaper
    from django_flex.schema.resources import Attribute

#: The maximum number of bytes of a value as JSON, for kinds of bounded size.
_SIZES = {
    "boolean": 5,
    "integer": 20,
    "float": 25,
    "date": 12,
    "datetime": 36,
    "time": 22,
    "duration": 32,
    "uuid": 38,
    "file": 4_096,  # a URL may be signed
}
#: The maximum size of one character: as an escape in a string, as UTF-8 in a JSON value.
_ESCAPED, _UTF8 = 6, 4
#: The size of a byte that is escaped in the text of a key.
_ESCAPED_IN_KEY = 3
#: A JSON value, which may have escapes and spaces, shrinks at most by this factor in a reply.
_JSON_SHRINK_FACTOR = 3
#: The names in a range, and its bounds.
_RANGE = 40
#: A point: its names, and three numbers.
_POINT = 45 + 3 * _SIZES["float"]
#: A string column with longer values than this counts as unbounded.
_LONG = 1_000
#: The cost of a value of unbounded size.
HEAVY = 10
#: The cost of a question to the storage of a file, which may be on another server.
ASKED = 50
#: JSON values that a backend has decoded; how many members they have says nothing of their size.
_DECODED = frozenset({dict, list})
#: Kinds whose size depends on the length of the raw value.
_MEASURED = frozenset({"text", "json", "binary"})


def weigh(
    layout: Layout, flags_at: int = 0, key: Attribute | None = None, *, bare: bool = False
) -> Weight:
    """Return the size of rows with this layout; the lists in them are weighed separately.

    Args:
        layout: the members of an object.
        flags_at: where in a row the visibility flags begin.
        key: the column whose value a row is shown as, in place of an object.
        bare: whether a row is shown as the only value of its object.
    """
    leaves = list(_leaves(layout, ()))
    if key is not None:
        leaves = [(Leaf(key.name, 0, key.kind, key), ())]
    sizes = [_size_of(leaf) for leaf, _ in leaves]
    most: Counter[int] = Counter()
    least: Counter[int] = Counter()
    masked: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for (leaf, flags), size in zip(leaves, sizes, strict=True):
        if size is None and leaf.kind == "composite":
            for part in _open_parts(leaf):
                most[part] += _ESCAPED_IN_KEY * _UTF8
        elif size is None:
            most[leaf.index] += _UTF8 if leaf.kind == "json" else _ESCAPED
            least_size = _least_size(leaf)
            if flags and least_size:
                masked[leaf.index, tuple(flags_at + flag for flag in flags)] += least_size
            least[leaf.index] += 0 if flags else least_size
    measurable = all(
        leaf.kind in _MEASURED or size or _open_parts(leaf)
        for (leaf, _), size in zip(leaves, sizes, strict=True)
    )
    closed = sum(
        _closed_size(leaf) for (leaf, _), size in zip(leaves, sizes, strict=True) if not size
    )
    names, lowest = (0, 0) if bare else _names(layout, shown=True)
    taken = [index for leaf, _ in leaves for index in leaf.indexes or (leaf.index,)]
    columns = len({*taken})
    return Weight(
        each=2 + names + sum(4 + (size or 0) for size in sizes) + closed
        if measurable
        else math.inf,
        least=2 + lowest,
        open=tuple((index, by, least[index]) for index, by in most.items()),
        masked=tuple((index, flags, by) for (index, flags), by in masked.items()),
        repeats=columns < len(taken),
        extra=sum(HEAVY if size is None else 1 for size in sizes)
        + ASKED * sum(asks_storage(leaf) for leaf, _ in leaves)
        - columns,
    )


def _least_size(leaf: Leaf) -> int:
    """Return how many thirds of a byte of the reply each character of a raw value is, at least."""
    if leaf.keys or leaf.picks or leaf.kind not in _MEASURED or leaf.column.custom:
        return 0
    return 1 if leaf.kind == "json" else _JSON_SHRINK_FACTOR


def _leaves(layout: Layout, flags: tuple[int, ...]) -> Iterator[tuple[Leaf, tuple[int, ...]]]:
    """Yield all values of a row, with the flags that all have to be true for it to be shown."""
    for member in layout:
        if isinstance(member, Leaf):
            yield member, (*flags, *member.flags)
        elif isinstance(member, Branch):
            yield from _leaves(member.members, (*flags, *member.flags))


def _names(layout: Layout, *, shown: bool) -> tuple[int, int]:
    """Return the bytes of all names in a row, and of those that are in every row."""
    every, least = 0, 0
    for member in layout:
        size = 6 * len(member.name) + 8
        every += size
        # A key of a JSON value that is not there is left out, with its name.
        if shown and not (isinstance(member, Leaf) and member.keys):
            least += len(member.name) + 5
        if isinstance(member, Branch):
            inner, _ = _names(member.members, shown=False)
            every += inner
    return every, least


def _size_of(leaf: Leaf) -> int | None:
    """Return the maximum size of a value, ``None`` if it depends on the row."""
    if leaf.kind == "decimal":
        return int(leaf.column.digits or 1_000) + 4
    if leaf.kind == "text":
        longest = leaf.column.length
        return None if longest is None or longest > _LONG else _ESCAPED * longest + 2
    if leaf.kind == "geometry":
        geometry = leaf.column.geometry
        return _POINT if geometry is not None and geometry.name == "Point" else None
    if leaf.kind == "composite":
        return _size_of_key(leaf.column.parts)
    if leaf.kind == "range":
        end = None if leaf.column.items is None else _SIZES.get(leaf.column.items.kind)
        return None if end is None else 2 * end + _RANGE
    return _SIZES.get(leaf.kind)


def _size_of_key(parts: tuple[Attribute, ...]) -> int | None:
    """Return the maximum size of the text of a key, ``None`` if it depends on the row."""
    sizes = [_size_of_part(part) for part in parts]
    return None if None in sizes else 2 + sum(one or 0 for one in sizes)


def _size_of_part(part: Attribute) -> int | None:
    """Return the maximum size of a part of a key in its text, ``None`` if it depends on the row."""
    if part.kind == "text":
        longest = part.length
        most = None if longest is None or longest > _LONG else _UTF8 * longest
    else:
        most = _size_of(Leaf(part.name, 0, part.kind, part))
    return None if most is None else 1 + _ESCAPED_IN_KEY * most


def _open_parts(leaf: Leaf) -> list[int]:
    """Return where the texts of unbounded size are of which a key consists.

    Empty if it has other parts of unbounded size, so that it has to be measured.
    """
    found: list[int] = []
    for part, index in zip(leaf.column.parts, leaf.indexes, strict=False):
        if _size_of_part(part) is None:
            if part.kind != "text":
                return []
            found.append(index)
    return found


def _closed_size(leaf: Leaf) -> int:
    """Return the maximum size of a key of unbounded size without its texts of unbounded size."""
    return sum(_size_of_part(part) or 1 for part in leaf.column.parts) + 2 * bool(leaf.column.parts)


class ReplySize:
    """Bounds of the size of one reply while its rows are read.

    Args:
        most: bytes that it may have; ``None`` for any number.

    Attributes:
        most: the same.
        upper_bound: bytes that it has at most, so far.
    """

    __slots__ = ("_lower_bound", "most", "upper_bound")

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.upper_bound = 0.0
        self._lower_bound = 0.0

    @property
    def to_measure(self) -> int | None:
        """How many bytes the reply may have, where that has to be measured."""
        return self.most if self.most is not None and self.upper_bound > self.most else None

    def add_text(self, length: int) -> None:
        """Count a text of ours, which needs no escapes.

        Raises:
            ReplyTooLargeError: the reply is too large, whatever else there is in it.
        """
        self.upper_bound += length
        self._lower_bound += length
        if self.most is not None and self._lower_bound > self.most:
            raise ReplyTooLargeError(self.most)

    def add(self, rows: Sequence[Row], weight: Weight, times: int = 1) -> None:
        """Count raw rows, each of which may occur several times in the reply.

        Raises:
            ReplyTooLargeError: the reply is too large, whatever else there is in it.
        """
        count = len(rows)
        if not count:
            return  # without rows there is nothing to add, even if a row may be infinitely large
        self.upper_bound += count * weight.each * times
        self._lower_bound += count * weight.least
        for position, most, least in weight.open:
            values = [*filter(None, map(itemgetter(position), rows))]
            if not _DECODED.isdisjoint(map(type, values)):
                self.upper_bound = math.inf
                continue
            try:
                length = sum(map(len, values))
            except TypeError:  # a value of a custom type, whose length is unknown
                self.upper_bound = math.inf
                continue
            self.upper_bound += length * most * times
            self._lower_bound += length * least / _JSON_SHRINK_FACTOR
        if self.most is None:
            return
        if self.upper_bound > self.most:
            self._lower_bound += _visible(rows, weight) / _JSON_SHRINK_FACTOR
        if self._lower_bound > self.most:
            raise ReplyTooLargeError(self.most)


def _visible(rows: Sequence[Row], weight: Weight) -> int:
    """Return the length of what the caller may see of masked columns: hidden values do not count."""
    return sum(
        least * len(row[position] or ())
        for position, flags, least in weight.masked
        for row in rows
        if all(row[flag] for flag in flags)
    )


def measured(of: SelectOutput | AggregatePlan, most: int, *, each: bool = False) -> Shaper:
    """Return a function that creates the object of a row, unless all together get too large.

    Args:
        of: what the rows are.
        most: how many bytes all objects together may have.
        each: check each object against the cap separately.
    """
    make, layout = of.make_object, of.layout
    children = getattr(of, "children", ())
    measure = _ObjectSizes(most)

    def shaped(row: Row) -> dict[str, object]:
        made = make(row)
        if each:
            measure.begin()
        measure.object(made, layout, children)
        return made

    return shaped


def has_open_values(output: SelectOutput) -> bool:
    """Whether an object has values of unbounded size, including those in its lists."""
    below = (has_open_values(child.output) for child in output.children)
    return bool(output.weight.open) or any(below)


def shows_again(output: SelectOutput) -> bool:
    """Whether an object may be larger than the values that the database returns for it."""
    below = (shows_again(child.output) for child in output.children)
    return output.weight.repeats or any(below)


class _ObjectSizes:
    """The size of objects so far. A list that several of them share is measured once."""

    __slots__ = ("_lists", "most", "size")

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._lists: dict[int, int] = {}

    def begin(self) -> None:
        """Forget what was measured."""
        self.size = 0
        self._lists.clear()

    def add(self, size: int) -> None:
        """Count some bytes.

        Raises:
            ReplyTooLargeError: there are too many.
        """
        self.size += size
        if self.size > self.most:
            raise ReplyTooLargeError(self.most)

    def object(self, shaped: Any, layout: Layout, children: Sequence[ChildPlan]) -> None:
        """Count an object, value by value: none is copied more than once at a time."""
        if shaped is None:
            self.add(4)
            return
        self.add(2)
        for member in layout:
            if member.name not in shaped:
                continue
            value = shaped[member.name]
            self.add(len(member.name) + 4)
            if isinstance(member, Branch):
                self.object(value, member.members, children)
            elif isinstance(member, ListLeaf):
                self._list(value, children[member.number])
            else:
                self.add(len(encode(value)))

    def _list(self, value: Any, child: ChildPlan) -> None:
        items = value.rows if child.paged else value
        known = self._lists.get(id(items))
        if known is not None:
            self.add(known)
            return
        before = self.size
        self.add(100 if child.paged else 2)
        if child.keyset is not None:
            self.add(sum(len(cursor) + 30 for cursor in (value.after, value.before) if cursor))
        for item in items:
            if child.keys_only or child.bare:
                self.add(len(encode(item)) + 1)
            else:
                self.object(item, child.output.layout, child.output.children)
        self._lists[id(items)] = self.size - before
