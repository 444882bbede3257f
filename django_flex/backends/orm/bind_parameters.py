"""Values that are separate from a query, so that its SQL can be run again with other values.

A value that a caller sent, or that a row rule is bound to, goes into a queryset as a
``BindParameter``. The lookups that Django creates for it mark their parameters. So it is known to
which lookup each parameter of the compiled SQL belongs, and a lookup of the same class can create
the parameter for the next value.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from types import NoneType
from typing import Any, Protocol
from uuid import UUID

#: Of other types a value may be an expression, or can be read once only.
PLAIN_TYPES = frozenset(
    {
        bool,
        bytes,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
        Decimal,
        float,
        int,
        NoneType,
        str,
        UUID,
    }
)


class MarkedLookup(Protocol):
    """A lookup of Django's that marks its parameters.

    ``flex_name`` is the number of the bind parameter, and which of its lookups this is; copies of a
    lookup keep it. ``flex_kind`` is Django's class, ``flex_value`` the value that it was built
    with, ``flex_sql`` what it was compiled to.
    """

    flex_name: tuple[int, int]
    flex_kind: type[Any]
    flex_value: object
    flex_sql: str
    lhs: object


@dataclass(frozen=True, slots=True, eq=False)
class BindParameter:
    """A value in which requests with the same cache key differ.

    ``lookups`` are those that Django built from it, each of which has to be found again in the SQL.
    They include lookups that could not be marked, which are never found.
    """

    number: int
    value: Any
    lookups: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class KeyArgument:
    """The key of a row, or the keys of several rows: values that do not belong to a plan."""

    value: Any

    @property
    def number(self) -> int:
        """How many values it is."""
        value = self.value.value if isinstance(self.value, BindParameter) else self.value
        return len(value)


@dataclass(frozen=True, slots=True)
class MarkedParameter:
    """The ``position``-th parameter of a lookup, here with the value of one request."""

    lookup: MarkedLookup
    position: int
    value: object

    def __eq__(self, other: object) -> bool:
        """Whether both are the same parameter of the same value."""
        return isinstance(other, MarkedParameter) and self._identity == other._identity

    def __hash__(self) -> int:
        """Hash what makes it equal."""
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.lookup.flex_name, self.lookup.flex_kind, self.lookup.lhs, self.position
