"""Rate limits: every request of a caller counts, and those beyond the limit are refused.

Requests are counted by ``django_ratelimit.core.get_usage``, in fixed windows, one counter for
each API version, model, operation and caller. The role only determines what the count is compared
with, so that changing roles does not reset the counter.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import module_from_spec
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from django_ratelimit import core

from django_flex.access.limits import rate_of
from django_flex.exceptions import RateLimitExceededError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_flex.access.actor import Actor
    from django_flex.policy.model import Entry, Grant
    from django_flex.policy.rates import Rate, RateLimits

logger = logging.getLogger("django_flex.throttling")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
#: The limit that is passed to ``get_usage``. It is part of its key, so it is the same for all
#: roles. It is not 0, which ``get_usage`` returns if it could not count.
COUNTED = 1
#: Longer than any address with its scope and port; a longer string is not an address.
MAX_ADDRESS = 100
NETWORK_BITS = 64
UNKNOWN = ("address", "unknown")
CODE = ("code", "")


def throttle(
    limits: RateLimits,
    *,
    version: str | None,
    entry: Entry,
    grant: Grant | None,
    operation: str,
    actor: Actor,
) -> Mapping[str, str]:
    """Count a request, and refuse it if it exceeds the rate limit.

    Args:
        limits: those of the API version.
        version: its name.
        entry: the entry of the model.
        grant: the caller's, if they have a role on the model.
        operation: canonical.
        actor: the caller.

    Returns:
        The headers of the reply; empty if no limit applies.

    Raises:
        RateLimitExceededError: the caller has to wait.
        UnavailableError: the cache is unavailable, and requests may not pass uncounted.
    """
    rate = rate_of(limits, entry, grant, operation)
    if rate is None or (grant is not None and grant.unrestricted):
        return NO_HEADERS
    # The text of a tuple shows where each part ends, so different callers have different keys.
    group = repr(("django_flex", version, entry.resource.label, operation))
    usage = _count(limits.cache, group, repr(caller(actor, limits.trusted_proxies)), rate.seconds)
    if usage is None:
        return _uncounted(limits)
    # The window ends at the end of the second that ``get_usage`` returns.
    wait = max(1, usage["time_left"] + 1)
    headers = _headers(operation, rate, max(0, rate.requests - usage["count"]), wait)
    if usage["count"] > rate.requests:
        raise RateLimitExceededError(retry_after=wait, headers=headers)
    return headers


def _count(alias: str, group: str, value: str, seconds: int) -> Mapping[str, int] | None:
    """Count one request; ``None`` if the cache is unavailable."""
    try:
        usage = get_usage(alias)(
            None,
            group=group,
            key=lambda *_: value,
            rate=(COUNTED, seconds),
            increment=True,
        )
    except Exception:
        # Each cache backend has its own errors for this, without a common class.
        logger.exception("The cache '%s' cannot count requests", alias)
        return None
    if not usage["limit"]:
        logger.error("The cache '%s' cannot count requests", alias)
        return None
    counted: Mapping[str, int] = usage
    return counted


@cache
def get_usage(alias: str) -> Callable[..., Any]:
    """Return ``get_usage`` of ``django_ratelimit.core``, counting in one of ``CACHES``.

    It takes its options from Django's settings, which the project sets for its own use of that
    package: another cache there, or ``RATELIMIT_ENABLE = False``, would disable our limits. So this
    loads a separate instance of the module, with separate options.
    """
    own = module_from_spec(core.__spec__)
    core.__spec__.loader.exec_module(own)
    vars(own).update(settings=SimpleNamespace(RATELIMIT_USE_CACHE=alias))
    usage: Callable[..., Any] = own.get_usage
    return usage


def _uncounted(limits: RateLimits) -> Mapping[str, str]:
    if limits.fail_open:
        return NO_HEADERS
    raise UnavailableError


def _headers(operation: str, rate: Rate, remaining: int, wait: int) -> dict[str, str]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left."""
    return {
        "RateLimit-Policy": f'"{operation}";q={rate.requests};w={rate.seconds}',
        "RateLimit": f'"{operation}";r={remaining};t={wait}',
    }


def caller(actor: Actor, trusted_proxies: int) -> tuple[str, ...]:
    """Return what is counted: the user, else the address, else all Python code together."""
    who = actor.identity
    if who.key is not None:
        return "user", who.kind, who.key
    if actor.request is None:
        return CODE
    return network(client_address(actor.request.META, trusted_proxies))


def client_address(meta: Mapping[str, object], trusted_proxies: int) -> str:
    """Return the address that the outermost trusted proxy, or else the server, was called from.

    Each proxy appends the address that called it. Anything before the addresses that our own
    proxies added comes from the client, and may be made up.
    """
    if trusted_proxies:
        forwarded = str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")
        if forwarded != [""]:
            return forwarded[-min(trusted_proxies, len(forwarded))]
    return str(meta.get("REMOTE_ADDR") or "")


def network(text: str) -> tuple[str, str]:
    """Return what is counted for an address: IPv4 itself, the /64 of IPv6, one for all others.

    A client with one IPv6 address can use all 2**64 of its network.
    """
    address = parse_address(text)
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return "address", str(address)
    return "network", str(int(address) >> NETWORK_BITS)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as servers and proxies write it: bare, ``[IPv6]``, either with a port.

    Returns:
        The address, as IPv4 if the IPv6 address maps one; ``None`` if the text is not an address.
    """
    text = text.strip()
    if len(text) > MAX_ADDRESS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    wrapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return wrapped or found
