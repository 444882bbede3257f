"""What is measured, as data: figures with their targets, printed as tables and kept as JSON."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

OURS = "django_flex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound of a figure."""

    word: Literal["at most", "at least"]
    bound: float

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps to the bound."""
        return figure <= self.bound if self.word == "at most" else figure >= self.bound

    def __str__(self) -> str:
        return f"{self.word} {self.bound:g}"


def at_most(bound: float) -> Target:
    """Return an upper bound."""
    return Target(word="at most", bound=bound)


def at_least(bound: float) -> Target:
    """Return a lower bound."""
    return Target(word="at least", bound=bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a table: what was measured of whom, and what that is compared with ours.

    ``figure`` is what a target is about, in the words of ``means``: a ratio, mostly.
    """

    name: str
    value: float | None
    unit: str = "ms"
    figure: float | None = None
    means: str = ""
    target: Target | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the target is held; without one there is nothing to miss."""
        return self.target is None or self.figure is None or self.target.holds(self.figure)

    @property
    def verdict(self) -> str:
        """The target and whether it is held."""
        if self.target is None or self.figure is None:
            return self.note
        said = "holds" if self.holds else "MISSED"
        return f"{self.target}: {said}" + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The figures of one case."""

    section: str
    case: str
    title: str
    figures: tuple[Figure, ...]

    @property
    def holds(self) -> bool:
        """Whether every target is held."""
        return all(figure.holds for figure in self.figures)

    def as_json(self) -> dict[str, Any]:
        """Return the table as it is kept."""
        return {**asdict(self), "holds": self.holds}


class Taken(Protocol):
    """What one request takes, and how many times as long as that ours takes."""

    @property
    def seconds(self) -> float: ...

    @property
    def ratio(self) -> float: ...


def compared(
    taken: Mapping[str, Taken | None],
    *,
    floors: Container[str],
    targets: Mapping[str, Target],
) -> tuple[Figure, ...]:
    """Compare each contender with ours.

    Args:
        taken: by contender, ``None`` for one that could not run.
        floors: those that ours is a part or a multiple of; of the others it is said how many times
            ours they take.
        targets: by contender.
    """
    return tuple(
        _compared(name, one, is_floor=name in floors, target=targets.get(name))
        for name, one in taken.items()
    )


def _compared(name: str, taken: Taken | None, *, is_floor: bool, target: Target | None) -> Figure:
    if taken is None:
        return Figure(name=name, value=None, note="not installed")
    value = round(taken.seconds * 1_000, 4)
    if name == OURS:
        return Figure(name=name, value=value)
    figure = taken.ratio if is_floor else 1 / taken.ratio
    means = "ours is x of it" if is_floor else "times ours"
    return Figure(name=name, value=value, figure=round(figure, 3), means=means, target=target)


def printed(table: Table) -> str:
    """Return a table as text."""
    lines = [table.title]
    for one in table.figures:
        value = "-" if one.value is None else number(one.value, one.unit)
        figure = "" if one.figure is None else f"{one.figure:7.2f} {one.means}"
        lines.append(f"  {one.name:24} {value:>10} {one.unit:7}{figure:32} {one.verdict}".rstrip())
    return "\n".join(lines)


def number(value: float, unit: str) -> str:
    """Return a value with the places that its unit deserves."""
    return f"{value:,.3f}" if unit == "ms" else f"{value:,.1f}" if unit == "MB" else f"{value:,.0f}"
