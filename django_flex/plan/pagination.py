"""What a reply says about its page: where it stands, what comes next, and how many rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.permissions.cursors import Position
from django_flex.query.parser import serialize

if TYPE_CHECKING:
    from django_flex.permissions.cursors import Keyset
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.shape import ResultSet


def pagination(plan: ReadPlan, found: ResultSet) -> dict[str, Any]:
    """Return the ``pagination`` of a list."""
    said: dict[str, Any] = {
        "offset": plan.offset,
        "limit": plan.limit,
        "has_more": found.has_more,
    }
    if plan.keyset is not None:
        said |= _neighbours(plan, plan.keyset, found)
    elif found.has_more:
        query = serialize(plan.asked, plan.json_places)
        said["next"] = {**query, "offset": plan.offset + plan.limit}
    if found.count is not None:
        said |= {"count": found.count.number, "count_kind": found.count.kind}
    ordered = plan.order_by or plan.asked.search is not None or plan.keyset is not None
    if ordered and plan.asked.shape == "map" and not plan.cells:
        # JavaScript sorts integer-like keys of an object, so the order has to be said apart.
        said["ids"] = [row[0] for row in found.rows]
    return said


def _neighbours(plan: ReadPlan, keyset: Keyset, found: ResultSet) -> dict[str, Any]:
    """Return the queries of the next and of the previous page, where there is one."""
    query = serialize(plan.asked, plan.json_places)
    after, before = _places(keyset, found)
    said: dict[str, Any] = {}
    if found.has_more and after is not None:
        said["next"] = {**query, "cursor": keyset.cursor(after)}
    if found.has_previous and before is not None:
        said["prev"] = {**query, "cursor": keyset.cursor(before)}
    return said


def _places(keyset: Keyset, found: ResultSet) -> tuple[Position | None, Position | None]:
    """Return the places behind the last and before the first row of the page."""
    if found.ends is not None:
        first, last = found.ends
        return Position(last), Position(first, backward=True)
    here = keyset.position
    if here is None:
        return None, None
    # Of an empty page the way back begins with the row at whose side it was looked for.
    return (
        Position(here.values, inclusive=True),
        Position(here.values, backward=True, inclusive=True),
    )
