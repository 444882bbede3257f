"""Until when an answer is of use, for all requests that are sent on the way to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("dynamodb_ends", default=None)


@contextmanager
def until(ends: float | None) -> Iterator[None]:
    """Let no request go on after a time; inside another one, the earlier of both counts.

    Args:
        ends: a time of ``time.monotonic()``, ``None`` for the time that is configured.
    """
    outer = _ends.get()
    token = _ends.set(outer if ends is None else ends if outer is None else min(outer, ends))
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left() -> float | None:
    """Return how long a request may take, ``None`` without a deadline."""
    ends = _ends.get()
    return None if ends is None else ends - time.monotonic()
