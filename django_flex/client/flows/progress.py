"""How far something long has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a long read or write is: rows ``done`` of ``total``, if that is known, in ``seconds``."""

    done: int
    total: int | None
    seconds: float

    @property
    def rate(self) -> float:
        """Rows for each second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def remaining(self) -> float | None:
        """The seconds that are probably left, if the total is known."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate
