"""Serializes replies to store them, and loads them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from django_flex.exceptions import IdempotencyKeyReusedError, OutcomeUnknownError
from django_flex.plan.json_values import encode
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.idempotency.attempts import WriteAttempt

REPLAYED = "Idempotency-Replayed"


def succeeded(perform: Callable[[], FlexResult]) -> FlexResult:
    """Run a write, and raise its error to roll back the transaction around it.

    Raises:
        FlexError: the error of the result, if it has one.
    """
    result = perform()
    if result.error is not None:
        raise result.error
    return result


def pack(attempt: WriteAttempt, result: FlexResult) -> bytes:
    """Return the reply to an attempt as bytes."""
    return encode(
        {
            "readable": sorted(attempt.readable),
            "status": result.status_code,
            "data": result.data,
            "headers": dict(result.headers),
            "created": result.created,
        }
    )


def pack_unknown(attempt: WriteAttempt) -> bytes:
    """Return that nobody knows whether an attempt has written: to repeat it could write twice."""
    return encode({"readable": sorted(attempt.readable), "unknown": True})


def replay(attempt: WriteAttempt, fingerprint: str, reply: bytes) -> FlexResult:
    """Return a stored reply.

    Raises:
        IdempotencyKeyReusedError: it is the reply to another request, or may have what the caller may
            not read any more.
        OutcomeUnknownError: whether that request has written is not known.
    """
    if fingerprint != attempt.fingerprint:
        raise IdempotencyKeyReusedError
    stored = msgspec.json.decode(reply)
    if not attempt.may_read(stored["readable"]):
        raise IdempotencyKeyReusedError
    if "unknown" in stored:
        raise OutcomeUnknownError
    return FlexResult(
        data=stored["data"],
        status_code=stored["status"],
        headers={**stored["headers"], REPLAYED: "true"},
        created=stored["created"],
    )
