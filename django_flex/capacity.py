"""Limits on the capacity that a caller consumes, where a database tells what requests cost.

What a request costs is known when it has been answered. So it is charged then, to a counter for
each API version, model, kind of units and caller, and the next request of the caller is refused if
the counter has reached the limit. Requests that run at the same time can therefore exceed it
together.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING
from zlib import crc32

from django.core.cache import caches

from django_flex.access.limits import units_rate_of
from django_flex.exceptions import RateLimitExceededError, UnavailableError
from django_flex.metering import UNITS, Meter, metered
from django_flex.throttling import caller

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from django_flex.access.actor import Actor
    from django_flex.policy.model import Entry, Grant
    from django_flex.policy.rates import Rate, RateLimits

logger = logging.getLogger("django_flex.throttling")
#: Caches count whole numbers, and the smallest cost is half a unit.
PARTS = 2
#: Seconds that a counter is kept beyond the end of its window.
SPARE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one caller may consume of one table.

    Attributes:
        table: its name in the database.
        kind: of the units.
        rate: how many of them, in which time.
        cache: which of ``CACHES`` counts.
        owner: a text that is another one for each counter.
    """

    table: str
    kind: str
    rate: Rate
    cache: str
    owner: str

    @property
    def seconds_left(self) -> int:
        """How long the window goes on. Windows of different callers end at different times."""
        period = self.rate.seconds
        return period - (int(time.time()) - crc32(self.owner.encode())) % period

    @property
    def key(self) -> str:
        """The key of the counter of this window in the cache."""
        ends = int(time.time()) + self.seconds_left
        text = repr((self.owner, self.rate.seconds, ends))
        return f"django_flex:units:{sha256(text.encode()).hexdigest()}"


def accounts_of(
    limits: RateLimits,
    *,
    version: str | None,
    entry: Entry,
    grant: Grant | None,
    actor: Actor,
    table: str,
) -> tuple[Account, ...]:
    """Return what a caller is charged to for a table; empty if nothing limits that.

    Args:
        limits: those of the API version.
        version: its name.
        entry: the entry of the model.
        grant: the caller's, if they have a role on the model.
        actor: the caller.
        table: its name in the database.
    """
    rates = {kind: units_rate_of(limits, entry, grant, kind) for kind in UNITS}
    if not any(rates.values()):
        return ()
    who = caller(actor, limits.trusted_proxies)
    return tuple(
        Account(
            table=table,
            kind=kind,
            rate=rate,
            cache=limits.cache,
            owner=repr((version, entry.resource.label, kind, who)),
        )
        for kind, rate in rates.items()
        if rate is not None
    )


def check_capacity(accounts: Iterable[Account], kinds: Collection[str], *, fail_open: bool) -> None:
    """Refuse a request of a caller who has used up what they may consume.

    Args:
        accounts: the caller's.
        kinds: of the units that the request consumes.
        fail_open: let the request pass while the cache is unavailable.

    Raises:
        RateLimitExceededError: the caller has to wait.
        UnavailableError: the cache is unavailable, and requests may not pass uncounted.
    """
    for one in accounts:
        if one.kind not in kinds:
            continue
        wait, used = max(1, one.seconds_left), _used(one)
        if used is None and not fail_open:
            raise UnavailableError
        if used is not None and used >= one.rate.requests * PARTS:
            headers = {
                "RateLimit-Policy": f'"{one.kind}";q={one.rate.requests};w={one.rate.seconds}',
                "RateLimit": f'"{one.kind}";r=0;t={wait}',
            }
            raise RateLimitExceededError(retry_after=wait, headers=headers)


@dataclass(slots=True)
class _Bill:
    meter: Meter = field(default_factory=Meter)
    accounts: dict[str, Account] = field(default_factory=dict)

    def add(self, accounts: Iterable[Account]) -> None:
        for one in accounts:
            self.accounts[f"{one.owner} {one.rate.seconds}"] = one
            self.meter.names.add(one.table)


_current: ContextVar[_Bill | None] = ContextVar("django_flex_bill", default=None)


def current_accounts() -> tuple[Account, ...]:
    """Return what the current request is charged to, for what is read after it has returned."""
    bill = _current.get()
    return () if bill is None else tuple(bill.accounts.values())


@contextmanager
def charged(accounts: Iterable[Account] = ()) -> Iterator[None]:
    """Charge what is consumed inside, when it ends; also if it fails.

    A transaction around several calls is sent after them: the context around it charges their
    accounts, too.
    """
    outer, bill = _current.get(), _Bill()
    bill.add(accounts)
    token = _current.set(bill)
    try:
        with metered(bill.meter):
            yield
    finally:
        _current.reset(token)
        for one in bill.accounts.values():
            _charge(one, bill.meter.total(one.table, one.kind))
        if outer is not None:
            outer.add(bill.accounts.values())


def _used(one: Account) -> int | None:
    """Return what has been charged in this window; ``None`` if the cache is unavailable."""
    try:
        cache, key = caches[one.cache], one.key
        if cache.add(key, 0, one.rate.seconds + SPARE):
            return 0
        found: int | None = cache.get(key)
    except Exception:
        # Each cache backend has its own errors for this, without a common class.
        logger.exception("The cache '%s' cannot count units", one.cache)
        return None
    if found is None:
        logger.error("The cache '%s' cannot count units", one.cache)
    return found


def _charge(one: Account, units: float) -> None:
    """Count what was consumed. The request has been answered, so a failure is only logged."""
    parts = ceil(units * PARTS)
    if not parts:
        return
    try:
        cache, key = caches[one.cache], one.key
        if not cache.add(key, parts, one.rate.seconds + SPARE):
            cache.incr(key, parts)
    except Exception:
        logger.exception("The cache '%s' cannot count units", one.cache)
