"""Rows into the objects of a reply, by closures built once per query. Nothing here does I/O.

The one exception is a file's size, which only its storage knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from django_flex.exceptions import ObjectNotFoundError
from django_flex.plan.nodes import Leaf
from django_flex.query.parser import serialize

if TYPE_CHECKING:
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import Branch, Layout, ReadPlan
    from django_flex.query.ast import Path

Row: TypeAlias = tuple[Any, ...]
Shaper: TypeAlias = Callable[[Row], Any]
MISSING = object()


@dataclass(frozen=True, slots=True)
class ResultSet:
    """What a backend found: rows in the order of the plan's columns, and whether more follow."""

    rows: list[Row]
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexResult:
    """The reply to one query, successful or not, before it is put into HTTP.

    ``data`` holds Python values (``Decimal``, ``datetime``, …); ``to_dict`` gives exactly what the
    JSON of every door holds.
    """

    data: dict[str, Any] = field(default_factory=dict)
    status_code: int = 200
    error: FlexError | None = None

    @property
    def ok(self) -> bool:
        """Whether the query was answered."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return the reply as plain JSON values."""
        from django_flex.plan.json_values import plain

        return plain(self.data)

    @classmethod
    def from_error(cls, error: FlexError) -> FlexResult:
        """Return the reply to a query that failed."""
        return cls(data=error.to_dict(), status_code=error.status, error=error)


def shape(plan: ReadPlan, result_set: ResultSet) -> FlexResult:
    """Build the reply of a get or list.

    Raises:
        ObjectNotFoundError: a get found no row.
    """
    make = object_shaper(plan.layout, len(plan.columns))
    if plan.asked.operation == "get":
        if not result_set.rows:
            raise ObjectNotFoundError
        return FlexResult(data=make(result_set.rows[0]))
    return FlexResult(
        data={
            "pagination": _pagination(plan, result_set),
            "results": _results(plan, result_set, make),
        }
    )


def _pagination(plan: ReadPlan, result_set: ResultSet) -> dict[str, Any]:
    pagination: dict[str, Any] = {
        "offset": plan.offset,
        "limit": plan.limit,
        "has_more": result_set.has_more,
    }
    if result_set.has_more:
        query = serialize(plan.asked, plan.json_places)
        pagination["next"] = {**query, "offset": plan.offset + plan.limit}
    if plan.order_by and plan.asked.shape == "map":
        # JavaScript sorts integer-like keys of an object, so the order has to be said apart.
        pagination["ids"] = [row[0] for row in result_set.rows]
    return pagination


def _results(plan: ReadPlan, result_set: ResultSet, make: Shaper) -> Any:
    if plan.asked.shape == "list":
        return [{"id": row[0]} | make(row) for row in result_set.rows]
    return {str(row[0]): make(row) for row in result_set.rows}


def object_shaper(layout: Layout, flags_at: int) -> Shaper:
    """Return a function from a row to the object that a layout describes.

    Args:
        layout: the members of the object.
        flags_at: where in a row the visibility flags begin.
    """
    members = [(member.name, _member_shaper(member, flags_at)) for member in layout]
    if any(isinstance(member, Leaf) and (member.keys or member.picks) for member in layout):
        return lambda row: {
            name: value for name, get in members if (value := get(row)) is not MISSING
        }
    return lambda row: {name: get(row) for name, get in members}


def _member_shaper(member: Leaf | Branch, flags_at: int) -> Shaper:
    if isinstance(member, Leaf):
        return _leaf_shaper(member, flags_at)
    make = object_shaper(member.members, flags_at)
    if member.flag is not None:
        flag = flags_at + member.flag
        return lambda row: make(row) if row[flag] else None
    if member.presence is not None:
        presence = member.presence
        return lambda row: None if row[presence] is None else make(row)
    return make


def _leaf_shaper(leaf: Leaf, flags_at: int) -> Shaper:
    get: Shaper = itemgetter(leaf.index)
    convert = _converter(leaf)
    if convert is not None:
        get = _after(get, convert)
    if not leaf.flags:
        return get
    flags = tuple(flags_at + flag for flag in leaf.flags)
    visible = get
    return lambda row: visible(row) if all(row[flag] for flag in flags) else None


def _after(get: Shaper, convert: Callable[[Any], Any]) -> Shaper:
    return lambda row: convert(get(row))


def _converter(leaf: Leaf) -> Callable[[Any], Any] | None:
    if leaf.picks:
        return _picker(leaf.picks)
    if leaf.keys:
        keys = leaf.keys
        return lambda value: _pick(value, keys)
    if leaf.kind == "float":
        return lambda value: value if value is None or math.isfinite(value) else None
    if leaf.kind == "file":
        storage = leaf.field.storage
        return lambda name: _file(storage, name)
    return None


def _file(storage: Any, name: str | None) -> dict[str, Any] | None:
    if not name:
        return None
    try:
        size = storage.size(name)
    except (OSError, NotImplementedError):
        size = None  # a row may outlive its file; the reply still says which file it was
    return {"url": storage.url(name), "name": name, "size": size}


def _picker(picks: tuple[Path, ...]) -> Callable[[Any], dict[str, Any]]:
    """Return a function that keeps parts of a JSON value, nested as their keys are."""

    def pick(value: Any) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for keys in picks:
            part = _pick(value, keys)
            if part is not MISSING:
                _put(kept, keys, part)
        return kept

    return pick


def _put(kept: dict[str, Any], keys: Path, part: Any) -> None:
    for key in keys[:-1]:
        below = kept.setdefault(key, {})
        if not isinstance(below, dict):
            return  # the whole of it is there already
        kept = below
    kept[keys[-1]] = part


def _pick(value: Any, keys: Path) -> Any:
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value
