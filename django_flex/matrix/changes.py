"""What one matrix opens and closes, compared with another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.matrix.rules import ALL_ROWS, NO_ROWS
from django_flex.matrix.values import ANY_OPERATOR, Cell, Matrix, Opening
from django_flex.query.operators import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """One difference: something that a role may do now (``opened``), or may no longer do.

    ``text`` says what, ``by`` are the lines of the settings that grant it, or did.
    """

    model: str
    role: str
    text: str
    opened: bool
    by: tuple[str, ...] = ()

    def __str__(self) -> str:
        sign, lines = "+" if self.opened else "-", f"  [{'; '.join(self.by)}]" if self.by else ""
        return f"{sign} {self.role} on {self.model}: {self.text}{lines}"


_NOTHING = Cell(granted_as="", rules={}, openings=())


def changes(before: Matrix, after: Matrix) -> tuple[Change, ...]:
    """Return the differences, sorted by model and role.

    The text of a rule that is another one counts as opened, since only its author knows whether it
    is narrower, unless it is known that it lets no more pass: it restricts what was free before, or
    lets nothing pass.
    """
    found: list[Change] = []
    for model in sorted({*before.models, *after.models}):
        old, new = before.models.get(model, {}), after.models.get(model, {})
        for role in sorted({*old, *new}):
            found += _of_cells(model, role, old.get(role), new.get(role))
    return tuple(found)


def opened(found: Iterable[Change]) -> tuple[Change, ...]:
    """Return the differences by which a role may do more."""
    return tuple(one for one in found if one.opened)


def _of_cells(model: str, role: str, old: Cell | None, new: Cell | None) -> Iterator[Change]:
    before, after = old or _NOTHING, new or _NOTHING
    here = {one.subject: one for one in before.openings}
    there = {one.subject: one for one in after.openings}
    for way, one, other in ((True, there, here), (False, here, there)):
        for subject, opening in one.items():
            values = _beyond(opening, other.get(subject))
            if values is not None:
                yield Change(
                    model=model,
                    role=role,
                    text=_text(opening, values),
                    opened=way,
                    by=opening.by,
                )
    if old is not None and new is not None:
        yield from _of_rules(model, role, old.rules, new.rules)


def _of_rules(
    model: str, role: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        before, after = old.get(key, ALL_ROWS), new.get(key, ALL_ROWS)
        if before != after:
            narrower = before == ALL_ROWS or after == NO_ROWS
            text = f"{key}: {before} → {after}"
            yield Change(model=model, role=role, text=text, opened=not narrower)


def _beyond(one: Opening, other: Opening | None) -> tuple[str, ...] | None:
    """Return the values that another opening of the same subject lacks, ``None`` if it has all."""
    if other is None:
        return one.values
    covered = ANY_OPERATOR in other.values and one.clause == "filter"
    missing = tuple(
        value
        for value in one.values
        if value not in other.values and not (covered and not _is_pattern(value))
    )
    return missing or None


def _is_pattern(operator: str) -> bool:
    return operator.rpartition(".")[2] in PATTERNS


def _text(one: Opening, values: tuple[str, ...]) -> str:
    named = f"{one.clause} {one.inside}{one.path}"
    return f"{named} ({', '.join(values)})" if values else named
