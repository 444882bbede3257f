"""Pages of related rows inside the rows of a reply, which each dialect shows in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django_flex.plan.nodes import Branch, ListLeaf

if TYPE_CHECKING:
    from django_flex.plan.nodes import ChildPlan, Layout, SelectOutput
    from django_flex.plan.results import RelatedPage

#: What a dialect shows in place of a page.
ShowPage: TypeAlias = "Callable[[RelatedPage], object]"


def with_pages(row: Mapping[str, Any], output: SelectOutput, show: ShowPage) -> dict[str, Any]:
    """Return the object of a row with each ``RelatedPage`` as a dialect shows it, inner ones first."""
    return _object(row, output.layout, output.children, show)


def _object(
    row: Mapping[str, Any], layout: Layout, children: Sequence[ChildPlan], show: ShowPage
) -> dict[str, Any]:
    shown = dict(row)
    for member in layout:
        value = row.get(member.name)
        if value is None:
            continue  # a related row that does not exist, or is hidden
        if isinstance(member, Branch):
            shown[member.name] = _object(value, member.members, children, show)
        elif isinstance(member, ListLeaf):
            shown[member.name] = _list(value, children[member.number], show)
    return shown


def _list(found: Any, child: ChildPlan, show: ShowPage) -> object:
    rows = found.rows if child.paged else found
    if child.output.has_pages:
        rows = [with_pages(row, child.output, show) for row in rows]
    return show(replace(found, rows=rows)) if child.paged else rows
