"""How many requests a caller may make, in which time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


PERIODS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of requests, or of units of capacity, in a number of seconds."""

    requests: int
    seconds: int


CLOSED = Rate(0, PERIODS["m"])


@dataclass(frozen=True, slots=True)
class Rates:
    """What one ``rate_limit`` says: a rate for each operation that it names, and for the rest.

    ``units`` has the rates of the capacity that requests consume, by the kind of its units.
    """

    by_operation: Mapping[str, Rate] = field(default_factory=dict)
    default: Rate | None = None
    units: Mapping[str, Rate] = field(default_factory=dict)

    def of(self, operation: str) -> Rate | None:
        """Return the rate of an operation, ``None`` if none is set."""
        return self.by_operation.get(operation, self.default)

    def __bool__(self) -> bool:
        """Whether any rate is set."""
        return self.default is not None or bool(self.by_operation) or bool(self.units)


NO_RATES = Rates()


#: Used in place of rates that are invalid.
NOBODY = Rates(default=CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The rate limits of a whole API version: the general rates, and how requests are counted.

    ``cache`` is an alias of ``CACHES``; ``fail_open`` lets requests pass while it is away;
    ``trusted_proxies`` is the number of proxies before the application.
    """

    rates: Rates = NO_RATES
    cache: str = "default"
    fail_open: bool = False
    trusted_proxies: int = 0
