"""Rows that are locked or written, as the caller is shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.plan.sizes import ReplySize, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.backends.base import Backend
    from django_flex.plan.nodes import ReadPlan


def shown(
    backend: Backend, plan: ReadPlan, keys: Sequence[object], using: str, most: int
) -> dict[object, dict[str, object]]:
    """Return what the caller may read of some rows, by key.

    Args:
        backend: that of the model.
        plan: what is read of a row.
        keys: of the rows.
        using: the database.
        most: bytes that all of it may have.

    Raises:
        ReplyTooLargeError: it has more.
    """
    reply_size = ReplySize(most)
    found = backend.read_back(plan, keys, using, reply_size) if keys else {}
    make = plan.make_object
    if reply_size.to_measure is not None:
        make = measured(plan.output, most)
    return {key: make(one) for key, one in found.items()}
