"""Sort keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.query.ast import Nulls
    from django_flex.resolved.conditions import Value


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Ordering:
    """One sort key."""

    column: Value
    descending: bool
    nulls: Nulls | None
