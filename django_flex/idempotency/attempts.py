"""What identifies a write: the caller, the key and the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from django.core.files.base import File

from django_flex.exceptions import RequestError, UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.plan.json_values import encode, plain
from django_flex.throttling import client_address, parse_address

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
    from django_flex.plan.shape import FlexResult

Transaction: TypeAlias = Callable[[], AbstractContextManager[None]]
Perform: TypeAlias = "Callable[[], FlexResult]"
HEADER = "Idempotency-Key"
#: What follows the label of a model in a part that says which of its rows the caller may read.
EVERY_ROW, ROWS_OF = " every row", " rows of "
MAX_KEY_LENGTH = 255
#: A string of structured fields (RFC 9651), in which only quotes and backslashes are escaped.
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPE = re.compile(r"\\(.)")
#: Keys of the body that repeat the operation and the resource.
_SAID_APART = frozenset({"_model", "_action"})
_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAttempt:
    """One request to write.

    Attributes:
        scope: the caller.
        key: what was sent.
        fingerprint: a hash of the request.
        readable: what the caller may read of the models now, each part as one text. Of a stored
            reply it says what the caller could read then.
    """

    scope: str
    key: str
    fingerprint: str
    readable: frozenset[str] = frozenset()

    def may_read(self, parts: Iterable[str]) -> bool:
        """Whether the caller may still read what a stored reply was made of.

        Args:
            parts: what they could read then. Of rows it says which, unless it was every row.
        """
        for part in parts:
            label, rows, _ = part.partition(ROWS_OF)
            if part not in self.readable and not (rows and label + EVERY_ROW in self.readable):
                return False
        return True

    @property
    def id(self) -> str:
        """Return the name under which the reply is stored, which has a fixed length."""
        return _digest([self.scope, self.key])


def attempt_for(
    key: str,
    *,
    settings: Settings,
    actor: Actor,
    operation: str,
    resource: str,
    payload: Mapping[str, object],
) -> WriteAttempt:
    """Return the attempt for a write with an ``Idempotency-Key``.

    Args:
        key: the value of the header, with or without the quotes of a structured field.
        settings: those of the API version; keys of different versions are different.
        actor: the caller, who never gets the reply to another caller.
        operation: canonical, as in ``Call``.
        resource: the label of the model, because two models may have the same name.
        payload: the query object.

    Raises:
        RequestError: the key is empty, too long, or not printable ASCII.
        UnsupportedQueryError: the caller cannot be identified.
    """
    sent = {name: value for name, value in payload.items() if name not in _SAID_APART}
    asked = {name: _with_digests(value) for name, value in sent.items()}
    return WriteAttempt(
        scope=_text([settings.version, *_caller(actor, settings)]),
        key=parse_key(key),
        fingerprint=_digest([operation, resource, plain(asked)]),
    )


def _with_digests(value: object) -> object:
    """Return a value with hashes of files in place of them: another content is another request."""
    if isinstance(value, File):
        digest = blake2b(digest_size=32)
        for chunk in value.chunks():
            digest.update(chunk if isinstance(chunk, bytes) else chunk.encode())
        return {"$file": [value.name, value.size, digest.hexdigest()]}
    if isinstance(value, Mapping):
        return {key: _with_digests(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_digests(part) for part in value]
    return value


def parse_key(text: str) -> str:
    """Return a key from what was sent, with or without the quotes of a structured field.

    Raises:
        RequestError: it is empty, too long, or not printable ASCII.
    """
    key = text.strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        if quoted is None:
            raise _bad(worded("its quotes do not match"))
        key = _ESCAPE.sub(r"\1", quoted[1])
    if not key:
        raise _bad(worded("it is empty"))
    if len(key) > MAX_KEY_LENGTH:
        raise _bad(worded("it has more than {} characters", MAX_KEY_LENGTH))
    if not (key.isascii() and key.isprintable()):
        raise _bad(worded("only printable ASCII is allowed"))
    return key


def _bad(reason: str) -> RequestError:
    return RequestError(
        worded("The Idempotency-Key cannot be used: {}", reason),
        path=HEADER,
        hint='a UUID, as in Idempotency-Key: "0b8a6ea3-2d7f-4d0c-9a6b-4a1f3f4a7f55"',
    )


def _caller(actor: Actor, settings: Settings) -> list[str]:
    """Return what identifies the caller: a user, else an address, else code without a user."""
    who = actor.identity
    if who.key is not None:
        return ["user", who.kind, who.key]
    if not who.is_anonymous:
        raise UnsupportedQueryError(
            "An Idempotency-Key needs a user with a primary key", path=HEADER
        )
    if actor.request is None:
        return ["code"]
    proxies = settings.rate_limits.trusted_proxies
    address = parse_address(client_address(actor.request.META, proxies))
    if address is None:
        raise UnsupportedQueryError(
            "An Idempotency-Key needs a caller with an address, or one who is signed in",
            path=HEADER,
        )
    return ["address", str(address)]


def _text(value: object) -> str:
    return encode(value).decode()


def _digest(value: object) -> str:
    return blake2b(_canonical.encode(value), digest_size=32).hexdigest()
