"""``Idempotency-Key``: a write that is sent again is done once and answered the same.

This is an app, too: with ``"django_flex.idempotency"`` in ``INSTALLED_APPS`` the replies are kept
in the database, in the transaction of the write itself. Without it a cache keeps them.
"""

from __future__ import annotations

from django_flex.idempotency.attempts import Attempt, attempt_for
from django_flex.idempotency.execution import once

__all__ = ["Attempt", "attempt_for", "once"]
