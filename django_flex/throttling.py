"""Rate limits: every request of a caller counts, and those beyond the limit are refused.

Requests are counted by ``django_ratelimit.core.get_usage``, in fixed windows, one counter for
each API version, model, operation and caller. The role only decides what the count is compared
with, so that nobody gets a fresh counter by changing roles.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import module_from_spec
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from django_ratelimit import core

from django_flex.exceptions import RateLimitExceededError, UnavailableError
from django_flex.permissions.rates import rate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_flex.permissions.policy import Entry, Grant
    from django_flex.permissions.rates import Rate, RateLimits
    from django_flex.permissions.roles import Actor

logger = logging.getLogger("django_flex.throttling")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
#: The limit that the core is told. It is part of the core's key, so it is the same for all roles;
#: and it is not 0, which is what the core answers when it could not count.
COUNTED = 1
#: Longer than any address with its scope and port: the rest is no address.
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
    """Count a request, and refuse it if it is one too many.

    Args:
        limits: of the API version.
        version: its name.
        entry: the model that is asked about.
        grant: the caller's, if they have a role on the model.
        operation: canonical.
        actor: the caller.

    Returns:
        The headers of the reply; none where no limit applies.

    Raises:
        RateLimitExceededError: the caller has to wait.
        UnavailableError: the cache is away, and requests are not to pass uncounted.
    """
    rate = rate_of(limits, entry, grant, operation)
    if rate is None or (grant is not None and grant.unrestricted):
        return NO_HEADERS
    # What a tuple looks like says where each part ends: no two groups or callers run together.
    group = repr(("django_flex", version, entry.resource.label, operation))
    usage = _count(limits.cache, group, repr(caller(actor, limits.trusted_proxies)), rate.seconds)
    if usage is None:
        return _uncounted(limits)
    # The window ends with the second that the core names, not before it.
    wait = max(1, usage["time_left"] + 1)
    headers = _headers(operation, rate, max(0, rate.requests - usage["count"]), wait)
    if usage["count"] > rate.requests:
        raise RateLimitExceededError(retry_after=wait, headers=headers)
    return headers


def _count(alias: str, group: str, value: str, seconds: int) -> Mapping[str, int] | None:
    """Count one request; ``None`` if the cache is away."""
    try:
        usage = get_usage(alias)(
            None,
            group=group,
            key=lambda *_: value,
            rate=(COUNTED, seconds),
            increment=True,
        )
    except Exception:
        # Each cache has errors of its own for being away, and no common class to name here.
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

    The core takes its options from Django's settings, which are the project's, for its own use of
    the package: another cache there, or ``RATELIMIT_ENABLE = False``, would be our limits gone. An
    instance of the module that is ours alone has options that are ours alone.
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


def caller(actor: Actor, trusted_proxies: int) -> tuple[str, str]:
    """Return who is counted: the user, else the address, else all Python code together."""
    pk = getattr(actor.user, "pk", None)
    if actor.is_authenticated and pk is not None:
        return "user", str(pk)
    if actor.request is None:
        return CODE
    return network(client_address(actor.request.META, trusted_proxies))


def client_address(meta: Mapping[str, Any], trusted_proxies: int) -> str:
    """Return the address that the outermost trusted proxy, or else the server, was called from.

    Each proxy appends the address that called it. What stands before those of our own proxies was
    written by the client, and may be anything.
    """
    if trusted_proxies:
        forwarded = str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")
        if forwarded != [""]:
            return forwarded[-min(trusted_proxies, len(forwarded))]
    return str(meta.get("REMOTE_ADDR") or "")


def network(text: str) -> tuple[str, str]:
    """Return what is counted for an address: IPv4 itself, the /64 of IPv6, one for all others.

    Whoever has one IPv6 address has the 2**64 of its network.
    """
    address = _parsed(text.strip())
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return "address", str(address)
    return "network", str(int(address) >> NETWORK_BITS)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as servers and proxies write it: bare, ``[IPv6]``, either with a port."""
    if len(text) > MAX_ADDRESS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None
