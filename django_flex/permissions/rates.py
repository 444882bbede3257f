"""Rate limits as written, ``60`` or ``"100/h"`` or by operation, into numbers.

A limit that cannot be read lets nobody through: left out, it would let everybody through.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.query.parser import OPERATIONS
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.permissions.grants import Notes
    from django_flex.permissions.policy import Entry, Grant

PERIODS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST = 366 * PERIODS["d"]
DEFAULT = "default"
#: What a rate may look like, for messages.
EXAMPLES = "60 for each minute, or '100/h', '5/10m' with s, m, h or d"
_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,7})?([smhd])")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: int


CLOSED = Rate(0, PERIODS["m"])


@dataclass(frozen=True, slots=True)
class Rates:
    """What one place in the settings says: a rate for each operation it names, and for the rest."""

    by_operation: Mapping[str, Rate] = field(default_factory=dict)
    default: Rate | None = None

    def of(self, operation: str) -> Rate | None:
        """Return the rate of an operation; ``None`` if this place says nothing about it."""
        return self.by_operation.get(operation, self.default)

    def __bool__(self) -> bool:
        """Whether this place says anything."""
        return self.default is not None or bool(self.by_operation)


NO_RATES = Rates()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """What holds for a whole API version: the widest rates, and how requests are counted.

    ``cache`` is an alias of ``CACHES``; ``fail_open`` lets requests pass while it is away;
    ``trusted_proxies`` is the number of proxies before the application.
    """

    rates: Rates = NO_RATES
    cache: str = "default"
    fail_open: bool = False
    trusted_proxies: int = 0


def rate_of(limits: RateLimits, entry: Entry, grant: Grant | None, operation: str) -> Rate | None:
    """Return the rate that applies: the grant's, else the entry's, else the one for everything."""
    rate = None if grant is None else grant.rate_limit.of(operation)
    return rate or entry.rate_limit.of(operation) or limits.rates.of(operation)


def compile_rates(written: Any, notes: Notes, actions: Collection[str] = ()) -> Rates:
    """Compile a ``rate_limit``; ``None`` says nothing, whatever is broken lets nobody through.

    Args:
        written: what the settings say.
        notes: takes what is wrong with it.
        actions: ids of the model actions that may be named beside the operations.
    """
    if written is None:
        return NO_RATES
    if not isinstance(written, Mapping):
        return Rates(default=_read(written, notes))
    if not written:
        notes.report("E016", "An empty dictionary says no rate", "None for no limit")
        return Rates(default=CLOSED)
    return _by_operation(written, notes, {**OPERATIONS, **{name: name for name in actions}})


def _by_operation(written: Mapping[Any, Any], notes: Notes, operations: Mapping[str, str]) -> Rates:
    found: dict[str, Rate] = {}
    default = _read(written[DEFAULT], notes.at(DEFAULT)) if DEFAULT in written else None
    for name, rate in written.items():
        if name == DEFAULT:
            continue
        operation = operations.get(name)
        if operation is None:
            known = (DEFAULT, *operations)
            hint = nearest(str(name), known) or f"one of {', '.join(known)}"
            notes.report("E016", f"Unknown operation {name!r}", hint)
            default = CLOSED
        elif operation in found:
            notes.at(name).report("E016", f"'{operation}' has a rate already, by another name")
            found[operation] = CLOSED
        else:
            found[operation] = _read(rate, notes.at(name))
    return Rates(found, default)


def _read(written: Any, notes: Notes) -> Rate:
    rate = read_rate(written)
    if rate is None:
        notes.report("E016", f"{written!r} is no rate", EXAMPLES)
    return rate or CLOSED


def read_rate(written: Any) -> Rate | None:
    """Read ``60`` (each minute) or ``"100/10m"``; ``None`` if it is neither."""
    if isinstance(written, int) and not isinstance(written, bool):
        return Rate(written, PERIODS["m"]) if written > 0 else None
    parts = _RATE.fullmatch(written) if isinstance(written, str) else None
    if parts is None:
        return None
    seconds = int(parts[2] or 1) * PERIODS[parts[3]]
    return Rate(int(parts[1]), seconds) if seconds <= LONGEST else None
