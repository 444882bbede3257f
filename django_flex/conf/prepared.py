"""Where the reads of an API version are kept that were asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from django_flex.policy.model import Policy

#: How many bytes of reads are kept for each statement in the statement cache.
BYTES_FOR_STATEMENT = 20_000


def prepared_reads(policy: Policy, statements: int, *, checked: bool) -> BoundedCache[Any]:
    """Return the reads of a version, none yet.

    Args:
        policy: of the version.
        statements: how many statements are cached; with 0 no read is kept either.
        checked: whether each use is compared with what would be parsed and authorized.
    """
    return BoundedCache(statements * BYTES_FOR_STATEMENT, policy, checked=checked)
