"""What the tests of rate limits share: entries, callers and caches that fail."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.core.cache.backends.base import BaseCache

from django_flex.access.actor import Actor
from django_flex.exceptions import RateLimitExceededError
from django_flex.policy.model import Entry, Grant
from django_flex.policy.rates import Rate, RateLimits, Rates
from django_flex.throttling import throttle

HOUR = 3_600


def entry(label: str = "testapp.booking", rates: Rates | None = None, name: str = "b") -> Entry:
    resource: Any = SimpleNamespace(label=label)
    return Entry(name=name, resource=resource, rate_limit=rates or Rates())


def grant(*, requests: int | None = None, unrestricted: bool = False) -> Grant:
    rates = Rates() if requests is None else Rates(default=Rate(requests, HOUR))
    return Grant(role="staff", rate_limit=rates, unrestricted=unrestricted)


def user(pk: Any) -> Actor:
    return Actor(SimpleNamespace(pk=pk, is_authenticated=True, is_active=True))


def visitor(address: Any = "", **meta: Any) -> Actor:
    return Actor(None, SimpleNamespace(META={"REMOTE_ADDR": address, **meta}))


def limits(requests: int, seconds: int = HOUR, **others: Any) -> RateLimits:
    return RateLimits(rates=Rates(default=Rate(requests, seconds)), **others)


def ask(found: RateLimits, actor: Actor, **others: Any) -> Mapping[str, str]:
    """Make a request of a caller, by default to list bookings without a role."""
    about = {"version": None, "entry": entry(), "grant": None, "operation": "list", **others}
    return throttle(found, actor=actor, **about)


def passes(found: RateLimits, actor: Actor, **others: Any) -> bool:
    """Make a request and return whether it was let through."""
    try:
        ask(found, actor, **others)
    except RateLimitExceededError:
        return False
    return True


class FailingCache(BaseCache):
    """A cache that is away: it raises what the settings say, or knows no key of its own."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._error: Exception | None = params["OPTIONS"]["error"]

    def add(self, key: Any, value: Any, timeout: Any = None, version: Any = None) -> bool:
        if self._error is not None:
            raise self._error
        return False

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        raise ValueError(key)
