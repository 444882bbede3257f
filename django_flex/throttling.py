"""Rate limits: every request of a caller counts, and those beyond the limit are refused.

Requests are counted by ``django_ratelimit.core.get_usage``, in fixed windows, one counter for
each API version, model, operation and caller. The role only determines what the count is compared
with, so that changing roles does not reset the counter.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from importlib.util import module_from_spec
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import ceil
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from unicodedata import category, combining, normalize, numeric
from unicodedata import name as name_of

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
#: What questions for a description are counted as: the rate of no operation, but the default.
DESCRIPTION = "options"
#: The limit that is passed to ``get_usage``. It is part of its key, so it is the same for all
#: roles. It is not 0, which ``get_usage`` returns if it could not count.
COUNTED = 1
#: Longer than any address with its scope and port; a longer string is not an address.
MAX_ADDRESS = 100
#: Longer than any name of a user.
MAX_NAME = 400
#: Categories of Unicode that collations ignore: controls, marks, modifiers, what is no character.
_IGNORED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Lm", "Mc", "Me", "Mn"})
#: What they ignore of other categories, and what makes two letters of one.
_DROPPED = dict.fromkeys((0xB7, 0x345, 0x6DE, 0x180A, 0x1CD3, 0x1CF2, 0x1CF3, 0xFE73))
#: The letter in the name of a character: LATIN SMALL LETTER O WITH STROKE.
_LATIN = re.compile(
    r"(?:COMBINING )?LATIN (?:CAPITAL |SMALL )?LETTER "
    r"(?:SMALL CAPITAL |INSULAR |VOLAPUK |OLD POLISH |ANGLICANA |SIGMOID )?([A-Z]{1,2}|ETH)\b"
)
_NAMED = {"ETH": "D"}
NETWORK_BITS = 64
UNKNOWN = ("address", "unknown")
CODE = ("code", "")


def throttle(
    limits: RateLimits,
    *,
    version: str | None,
    entry: Entry | None,
    grant: Grant | None,
    operation: str,
    actor: Actor,
) -> Mapping[str, str]:
    """Count a request, and refuse it if it exceeds the rate limit.

    Args:
        limits: those of the API version.
        version: its name.
        entry: the entry of the model, ``None`` if the request is about all of them.
        grant: the caller's, if they have a role on the model.
        operation: canonical, or ``DESCRIPTION``.
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
    label = "" if entry is None else entry.resource.label
    group = repr(("django_flex", version, label, operation))
    usage = _count(limits.cache, group, repr(caller(actor, limits.trusted_proxies)), rate.seconds)
    if usage is None:
        return _uncounted(limits)
    # The window ends at the end of the second that ``get_usage`` returns.
    wait = max(1, usage["time_left"] + 1)
    headers = _headers(operation, rate, max(0, rate.requests - usage["count"]), wait)
    if usage["count"] > rate.requests:
        raise RateLimitExceededError(retry_after=wait, headers=headers)
    return headers


def throttle_login(
    limits: RateLimits,
    rate: Rate | None,
    *,
    find_name: Callable[[], str],
    meta: Mapping[str, object],
) -> None:
    """Count an attempt to log in, by its address and by the name, and refuse one too many.

    By the address, so that nobody tries many names; by the name, so that many addresses do not try
    one. Whether there is such a user makes no difference.

    Args:
        limits: which cache counts; ``fail_open`` is not for passwords.
        rate: attempts that may be made; ``None`` for any number.
        find_name: returns the name that is tried, whatever was sent for it. It may ask the database,
            so an address that has tried too often does not get there.
        meta: of the request.

    Raises:
        RateLimitExceededError: the caller has to wait.
        UnavailableError: the cache is unavailable.
    """
    if rate is None:
        return
    _count_attempt(limits, rate, network(client_address(meta, limits.trusted_proxies)))
    _count_attempt(limits, rate, ("name", _alike(find_name())))


def _count_attempt(limits: RateLimits, rate: Rate, counted: tuple[str, str]) -> None:
    group = repr(("django_flex", "login"))
    usage = _count(limits.cache, group, repr(counted), rate.seconds)
    if usage is None:
        raise UnavailableError
    if usage["count"] > rate.requests:
        raise RateLimitExceededError(retry_after=max(1, usage["time_left"] + 1))


def _alike(name: str) -> str:
    """Return the same text for all names that a database may take for one.

    Collations ignore case, accents, strokes, characters without a width, and the script of digits.
    Whatever they ignore and this does not would be one more spelling to guess passwords with.
    """
    text = name[:MAX_NAME].translate(_DROPPED)
    # Only upper case makes one of i and of i without a dot.
    parts = normalize("NFKD", text.upper())
    kept = "".join(_plain(one) for one in parts).casefold()
    # Some collations take a sharp s for one s, others for two.
    return kept.replace(" ", "").replace("ss", "s")


def _plain(one: str) -> str:
    """Return the ASCII letter or digit that a character is a form of, nothing if it is ignored."""
    if one.isascii() and one.isprintable():
        return one
    letter = _LATIN.match(name_of(one, ""))
    if letter is not None:
        return _NAMED.get(letter[1], letter[1])
    if ord(one) in _DROPPED or combining(one) or category(one) in _IGNORED:
        return ""
    number = numeric(one, None)
    return one if number is None else str(ceil(number))  # half of two is written as a two


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
