"""``Idempotency-Key``: a write that is sent again happens once and gets the same reply.

This is also an app: with ``"django_flex.idempotency"`` in ``INSTALLED_APPS`` replies are stored in
the database, in the transaction of the write. Without it they are stored in a cache.
"""

from __future__ import annotations

from django_flex.idempotency.attempts import EVERY_ROW, ROWS_OF, WriteAttempt, attempt_for
from django_flex.idempotency.execution import once, once_apart
from django_flex.idempotency.replies import succeeded

__all__ = ["EVERY_ROW", "ROWS_OF", "WriteAttempt", "attempt_for", "once", "once_apart", "succeeded"]
