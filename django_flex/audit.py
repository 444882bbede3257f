"""One line in the log per query, for the setting ``AUDIT_QUERIES``.

The line holds names, never values: which fields and filters were used, not what was looked for.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

logger = logging.getLogger("django_flex.audit")


def record(
    *, user: Any, resource: str, operation: str, payload: Mapping[str, Any], status: int, ms: float
) -> None:
    """Log one query: who, what, which clauses, with which status, in how many milliseconds."""
    filters = payload.get("filters")
    keys = sorted(filters) if isinstance(filters, dict) else []
    logger.info(
        "user=%s model=%s action=%s fields=%s filters=%s status=%d ms=%.1f",
        getattr(user, "pk", None),
        _plain(resource),
        _plain(operation),
        _plain(payload.get("fields", "*")),
        _plain(keys),
        status,
        ms,
    )


def _plain(value: object) -> str:
    """Return text on one line, so that a client cannot forge further lines of the log."""
    return str(value)[:500].encode("unicode_escape").decode()
