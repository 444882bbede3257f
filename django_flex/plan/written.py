"""Written rows into the reply. No query is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.plan.shape import FlexResult
from django_flex.query.mutations import BY_FILTER

if TYPE_CHECKING:
    from django_flex.plan.nodes import Row, WritePlan

CREATED = 201


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row that was written: its key, and whether by ``add``, ``edit`` or ``delete``."""

    pk: Any
    operation: str


def shape_written(
    plan: WritePlan, rows: Sequence[WrittenRow], found: Mapping[Any, Row]
) -> FlexResult:
    """Build the reply of a write.

    Args:
        plan: what was done.
        rows: what was written, in the order of the reply.
        found: what the caller may read of each row, by key.
    """
    objects = [_object(plan, row, found) for row in rows]
    added = [row for row in rows if row.operation == "add"]
    status = CREATED if added and len(added) == len(rows) else 200
    if plan.asked.operation in BY_FILTER:
        return FlexResult(data={"affected": len(rows), "results": objects})
    if plan.asked.many:
        return FlexResult(data={"results": objects}, status_code=status)
    # A row that a dry run would have made has no place where it could be found.
    made = added[0].pk if added and not plan.asked.dry_run else None
    return FlexResult(data=objects[0], status_code=status, created=made)


def _object(plan: WritePlan, row: WrittenRow, found: Mapping[Any, Row]) -> dict[str, Any]:
    if row.operation == "delete":
        return {"id": row.pk, "deleted": True}
    if plan.returning is None or row.pk not in found:
        return {"id": row.pk}
    return plan.returning.make_object(found[row.pk])
