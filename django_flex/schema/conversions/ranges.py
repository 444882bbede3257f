"""Ranges: values with two ends, of which each belongs to the range or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django_flex.exceptions.places import worded
from django_flex.query.filters import RANGE_KEYS

#: Whether each end belongs to a range, the first one being the default.
BOUNDS = ("[)", "[]", "(]", "()")
_ENDS = 2


class RangeError(ValueError):
    """A value is no range; ``expected`` says what would be one."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class AnyRange(Protocol):
    """A range of any driver: ``None`` for an end that is unbounded, and all of it if it is empty."""

    @property
    def lower(self) -> Any:
        """The lower end."""

    @property
    def upper(self) -> Any:
        """The upper end."""

    @property
    def lower_inc(self) -> bool:
        """Whether the lower end belongs to the range."""

    @property
    def upper_inc(self) -> bool:
        """Whether the upper end belongs to the range."""

    @property
    def isempty(self) -> bool:
        """Whether nothing is in the range."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range of a backend that has no type of its own for it; called like those of drivers."""

    lower: Any = None
    upper: Any = None
    bounds: str = BOUNDS[0]
    empty: bool = False

    @property
    def lower_inc(self) -> bool:
        """Whether the lower end belongs to the range."""
        return not self.empty and self.lower is not None and self.bounds[0] == "["

    @property
    def upper_inc(self) -> bool:
        """Whether the upper end belongs to the range."""
        return not self.empty and self.upper is not None and self.bounds[1] == "]"

    @property
    def isempty(self) -> bool:
        """Whether nothing is in the range."""
        return self.empty


def looks_like_range(value: object) -> bool:
    """Whether a value is meant as a range, and not as something that may be in one."""
    return isinstance(value, Mapping | list | tuple) or _is_range(value)


def _is_range(value: object) -> bool:
    return hasattr(value, "lower_inc") and hasattr(value, "isempty")


def parse_range(value: Any, bounds: str = BOUNDS[0]) -> Range:
    """Return a range as it was sent: an object, a list with two items, or a range of a driver.

    Args:
        value: what was sent; its ends are left as they are.
        bounds: those of a list.

    Raises:
        RangeError: it is none of these.
    """
    if _is_range(value):
        value = as_object(value)
    if isinstance(value, list | tuple):
        if len(value) != _ENDS:
            raise RangeError("a list of two items, the lower and the upper end")
        return Range(value[0], value[1], bounds)
    if not isinstance(value, Mapping):
        raise RangeError('a range such as {"lower": 1, "upper": 5} or [1, 5]')
    unknown = sorted(str(key) for key in value.keys() - RANGE_KEYS)
    if unknown or not value:
        raise RangeError("an object with 'lower', 'upper' and 'bounds', or {\"empty\": true}")
    if "empty" in value:
        if dict(value) != {"empty": True} or value["empty"] is not True:
            raise RangeError('{"empty": true} alone for a range with nothing in it')
        return Range(empty=True)
    bounds = value.get("bounds", BOUNDS[0])
    if bounds not in BOUNDS:
        raise RangeError(worded("'bounds' that are one of {}", ", ".join(BOUNDS)))
    return Range(value.get("lower"), value.get("upper"), bounds)


def as_object(value: AnyRange) -> dict[str, object]:
    """Return a range as the object that stands for it in JSON."""
    if value.isempty:
        return {"empty": True}
    bounds = f"{'[' if value.lower_inc else '('}{']' if value.upper_inc else ')'}"
    return {"lower": value.lower, "upper": value.upper, "bounds": bounds}
