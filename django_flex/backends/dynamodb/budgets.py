"""What one request may read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.exceptions import TimeLimitExceededError

if TYPE_CHECKING:
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.query.limits import Limits


@dataclass(slots=True)
class Budget:
    """How much one request may still read, and until when.

    Attributes:
        left: items, whether they match or not.
        ends: when it has taken too long (``time.monotonic()``), ``None`` for never.
    """

    left: int
    ends: float | None = None

    def take(self, items: int) -> None:
        """Count items that were read.

        Raises:
            TimeLimitExceededError: it has taken too long.
        """
        self.left -= items
        if self.ends is not None and time.monotonic() > self.ends:
            raise TimeLimitExceededError


def budget_of(table: Table, limits: Limits, started: float | None = None, least: int = 0) -> Budget:
    """Return what a read may cost; it may always read as many items as are asked for."""
    begun = time.monotonic() if started is None else started
    return Budget(max(table.max_evaluated, least), begun + limits.read_timeout)
