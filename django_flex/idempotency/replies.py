"""A reply as bytes, and the same reply again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from django_flex.exceptions import IdempotencyKeyReusedError
from django_flex.plan.json_values import encode
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.idempotency.attempts import Attempt

REPLAYED = "Idempotency-Replayed"


def succeeded(perform: Callable[[], FlexResult]) -> FlexResult:
    """Run a write whose failure is to undo the transaction around it.

    Raises:
        FlexError: the error of the result, if it has one.
    """
    result = perform()
    if result.error is not None:
        raise result.error
    return result


def pack(result: FlexResult) -> bytes:
    """Return a reply as it is kept."""
    return encode(
        {
            "status": result.status_code,
            "data": result.data,
            "headers": dict(result.headers),
            "created": result.created,
        }
    )


def replay(attempt: Attempt, fingerprint: str, reply: bytes) -> FlexResult:
    """Return a kept reply once more.

    Raises:
        IdempotencyKeyReusedError: it answers something else than what is asked now.
    """
    if fingerprint != attempt.fingerprint:
        raise IdempotencyKeyReusedError
    kept = msgspec.json.decode(reply)
    return FlexResult(
        data=kept["data"],
        status_code=kept["status"],
        headers={**kept["headers"], REPLAYED: "true"},
        created=kept["created"],
    )
