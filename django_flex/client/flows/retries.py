"""When a request is sent again, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django_flex.client.dialects.replies import retry_after
from django_flex.client.exceptions import TransportError
from django_flex.client.messages import Reply, Request

#: The server refused these without doing anything.
_REFUSED = frozenset({429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Send a request up to ``total`` times more, if it failed in a way that may pass.

    A read is sent again after a fault of the connection and after the ``statuses``. So is a write
    whose ``Idempotency-Key`` keeps the server from doing it twice. Any other write is only sent
    again if the server certainly did not begin it. The wait is random, up to ``backoff`` seconds,
    doubled each time (full jitter); ``Retry-After`` is honoured up to ``max_delay`` seconds.
    """

    total: int = 3
    backoff: float = 0.2
    max_delay: float = 20.0
    statuses: frozenset[int] = frozenset({429, 502, 503, 504})

    def after_fault(self, attempt: int, request: Request, fault: TransportError) -> bool:
        """Say whether to send again after attempt number ``attempt``, counted from 0."""
        return attempt < self.total and (repeatable(request) or not fault.sent)

    def after_reply(self, attempt: int, request: Request, reply: Reply) -> bool:
        """Say whether to send again after this reply."""
        if attempt >= self.total or reply.status not in self.statuses:
            return False
        return repeatable(request) or reply.status in _REFUSED

    def delay(self, attempt: int, reply: Reply | None, random: Callable[[], float]) -> float | None:
        """Return how many seconds to wait, or ``None`` if that would be longer than allowed."""
        wanted = retry_after(reply) if reply is not None else None
        jitter: float = random() * min(self.max_delay, self.backoff * 2.0**attempt)
        if wanted is None:
            return jitter
        if wanted > self.max_delay:
            return None
        return min(self.max_delay, wanted + jitter)


#: Send everything once.
NO_RETRIES = Retry(total=0)


def repeatable(request: Request) -> bool:
    """Say whether the request has one effect, however often it arrives."""
    return request.safe or "Idempotency-Key" in request.headers
