"""An explanation as text for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.why.values import Explanation, NameAnswer


def as_text(found: Explanation) -> str:
    """Return an explanation as text, without a newline at its end."""
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> Iterator[str]:
    yield f"{found.request}: {found.outcome}"
    if found.model:
        yield f"{found.operation} {found.model} as {found.role or 'nobody'}"
    if found.grant:
        yield f"  to allow it: {found.grant}"
    yield from _block("Role", found.role_steps)
    yield from _block("Names", [line for one in found.names for line in _name(one)])
    yield from _block("Rows", found.rules)
    yield from _block("Row", () if found.row is None else found.row.lines)
    for part in found.parts:
        yield ""
        yield from _lines(part)


def _block(title: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _name(one: NameAnswer) -> Iterator[str]:
    if one.allowed:
        lines = f": {'; '.join(one.by)}" if one.by else ""
        yield f"+ {one.clause} {one.text}{lines}"
        return
    yield f"- {one.clause} {one.text}: {one.problem}"
    if one.grant:
        yield f"    to allow it: {one.grant}"
