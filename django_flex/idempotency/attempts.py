"""What makes two writes the same one: who sends them, under which key, asking for what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from django_flex.exceptions import InvalidValueError, UnsupportedQueryError
from django_flex.plan.json_values import encode, plain
from django_flex.throttling import client_address

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.permissions.roles import Actor

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255
#: A string as structured fields (RFC 9651) write it: only quotes and backslashes are escaped.
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPE = re.compile(r"\\(.)")
#: They say in the body what the operation and the resource say already.
_SAID_APART = frozenset({"_model", "_action"})
_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sending of a write: whose it is (``scope``), its key, and what it asks for, hashed."""

    scope: str
    key: str
    fingerprint: str

    @property
    def id(self) -> str:
        """Return the name under which the reply is kept; of fixed length, unlike its parts."""
        return _digest([self.scope, self.key])


def attempt_for(
    key: str,
    *,
    settings: Settings,
    actor: Actor,
    operation: str,
    resource: str,
    payload: Mapping[str, Any],
) -> Attempt:
    """Return the attempt that a write with an ``Idempotency-Key`` is.

    Args:
        key: the header's value, with or without the quotes of a structured field.
        settings: of the API version; each has keys of its own.
        actor: the caller; nobody is answered with the reply to another.
        operation: canonical, as in ``FlexRequest``.
        resource: the name of the entry.
        payload: the query object.

    Raises:
        InvalidValueError: the key is empty, too long, or not printable ASCII.
        UnsupportedQueryError: the user has no primary key to tell them from others by.
    """
    asked = {name: value for name, value in payload.items() if name not in _SAID_APART}
    return Attempt(
        scope=_text([settings.version, *_caller(actor, settings)]),
        key=_parsed(key),
        fingerprint=_digest([operation, resource, plain(asked)]),
    )


def _parsed(text: str) -> str:
    key = text.strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        if quoted is None:
            raise _bad("its quotes do not match")
        key = _ESCAPE.sub(r"\1", quoted[1])
    if not key:
        raise _bad("it is empty")
    if len(key) > MAX_KEY_LENGTH:
        raise _bad(f"it has more than {MAX_KEY_LENGTH} characters")
    if not (key.isascii() and key.isprintable()):
        raise _bad("only printable ASCII is allowed")
    return key


def _bad(reason: str) -> InvalidValueError:
    return InvalidValueError(
        f"The Idempotency-Key cannot be used: {reason}",
        path=HEADER,
        hint='a UUID, as in Idempotency-Key: "0b8a6ea3-2d7f-4d0c-9a6b-4a1f3f4a7f55"',
    )


def _caller(actor: Actor, settings: Settings) -> list[str]:
    """Return who the caller is: a user, else an address."""
    if not actor.user.is_authenticated:
        return ["anonymous", _address(actor, settings)]
    if actor.user.pk is None:
        raise UnsupportedQueryError(
            "An Idempotency-Key needs a user with a primary key", path=HEADER
        )
    return ["user", str(actor.user.pk)]


def _address(actor: Actor, settings: Settings) -> str:
    if actor.request is None:
        return ""
    return client_address(actor.request.META, settings.rate_limits.trusted_proxies)


def _text(value: Any) -> str:
    return encode(value).decode()


def _digest(value: Any) -> str:
    return blake2b(_canonical.encode(value), digest_size=32).hexdigest()
