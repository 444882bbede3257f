"""Confirmations: a write is only done if it was tried before, by the same caller, with this result.

A dry run returns a confirmation: a sealed text that is opened only for the same caller, API version
and arguments, for five minutes. Nothing is stored until it is used.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec
from django.core.cache import caches

from django_flex.exceptions import ConfirmationError, UnavailableError
from django_flex.plan.json_values import encode
from django_flex.sealing import BrokenSealError, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.mcp.callers import Caller
    from django_flex.plan.written import Written

#: The argument of the tools that a confirmation is sent in.
ARGUMENT = "confirmation"
#: Seconds in which a confirmation has to be used.
LIFETIME = 300
#: Longer than any confirmation; a longer text is not opened.
_LONGEST = 500
#: In place of the key of a row that is added first, which is another one each time.
_NEW = "$add"


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What is in a confirmation: when it ends, what the dry run gave, and what makes it unique."""

    ends: int
    outcome: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A valid confirmation: the digest of what the dry run gave, and a key that no other one has."""

    outcome: bytes
    key: str


def issue(caller: Caller, arguments: Mapping[str, object], outcome: bytes = b"") -> str:
    """Return the confirmation of a dry run.

    Args:
        caller: who tried it.
        arguments: of the tool, without any confirmation.
        outcome: the digest of what it gave.
    """
    content = _Sealed(int(time.time()) + LIFETIME, outcome, secrets.token_bytes(12))
    return seal(msgspec.msgpack.encode(content), _context(caller, arguments))


def check(caller: Caller, arguments: Mapping[str, object], text: object) -> Confirmation:
    """Return the content of a confirmation.

    Args:
        caller: who sent it.
        arguments: of the tool, without the confirmation.
        text: as sent.

    Raises:
        ConfirmationError: it is no confirmation, it is too old, or it belongs to another caller, to
            other arguments or to another version: all look alike.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ConfirmationError(ARGUMENT)
    try:
        sealed = unseal(text, _context(caller, arguments))
        found = msgspec.msgpack.decode(sealed, type=_Sealed)
    except (BrokenSealError, msgspec.DecodeError) as error:
        raise ConfirmationError(ARGUMENT) from error
    if found.ends < time.time():
        raise ConfirmationError(ARGUMENT)
    return Confirmation(found.outcome, f"mcp-{blake2b(text.encode(), digest_size=16).hexdigest()}")


def use_once(caller: Caller, confirmation: Confirmation) -> None:
    """Use a confirmation up, where no ``Idempotency-Key`` keeps it from being used again.

    Raises:
        ConfirmationError: it has been used.
        UnavailableError: the cache is unavailable; nothing was done.
    """
    cache = caches[caller.settings.idempotency.cache]
    try:
        first = cache.add(f"django_flex.{confirmation.key}", 1, timeout=2 * LIFETIME)
    except Exception as error:
        raise UnavailableError from error
    if not first:
        raise ConfirmationError(ARGUMENT)


def outcome_of(done: Written, sent: Mapping[str, object]) -> bytes:
    """Return a digest of what a write has done: with which rows, and what was sent as it is stored.

    It does not depend on what the caller is shown, except for the values. Those that the server
    makes, such as times and the key of a new row, are another one each time.

    Args:
        done: by the write, or by its dry run.
        sent: the values, by name.
    """
    names = sorted(name for name, value in sent.items() if _is_settled(value))
    compared = [
        [
            row.operation,
            None if row.operation == "add" else row.pk,
            {name: row.value[name] for name in names if name in row.value} if row.value else {},
        ]
        for row in done.rows
    ]
    return blake2b(encode(compared), digest_size=16).digest()


def approver(expected: bytes, outcome: Callable[[Written], bytes]) -> Callable[[Written], None]:
    """Return a function that undoes a write whose outcome is not that of its dry run."""

    def approve(done: Written) -> None:
        if outcome(done) != expected:
            raise ConfirmationError(ARGUMENT)

    return approve


def _is_settled(value: object) -> bool:
    """Whether what is stored for a value follows from it, and is shown as one value."""
    if isinstance(value, Mapping):
        return _NEW not in value
    if isinstance(value, list | tuple):
        return not any(isinstance(one, Mapping) for one in value)
    return True


def _context(caller: Caller, arguments: Mapping[str, object]) -> bytes:
    who = caller.actor.identity
    about = [__name__, caller.settings.version, who.kind, who.key, arguments]
    return msgspec.json.encode(about, order="deterministic")
