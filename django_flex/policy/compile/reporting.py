"""Where in the settings we are, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_flex.policy.problems import Problem
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(slots=True)
class ProblemReporter:
    """Where in the settings we are, and the problems found so far."""

    place: str
    problems: list[Problem] = field(default_factory=list)

    def at(self, part: str) -> ProblemReporter:
        """Return a reporter one level deeper that shares the list."""
        return ProblemReporter(f"{self.place}[{part!r}]", self.problems)

    def report(self, identifier: str, message: str, hint: str | None = None) -> None:
        """Add a problem at this place."""
        self.problems.append(Problem(identifier, message, self.place, hint))


def check_names(
    written: Mapping[str, object], known: Iterable[str], reporter: ProblemReporter
) -> None:
    """Report keys that do not exist."""
    known = tuple(known)
    for key in written:
        if key not in known:
            hint = nearest(str(key), known) or f"one of {', '.join(known)}"
            reporter.report("E005", f"Unknown key {key!r}", hint)


def texts(written: object, reporter: ProblemReporter) -> list[str]:
    """Read a list of texts, or a comma list; anything empty is nothing."""
    if not written:
        return []
    if isinstance(written, str):
        written = [part.strip() for part in written.split(",")]
    if isinstance(written, list | tuple | set | frozenset):
        good = [part for part in written if isinstance(part, str) and part]
        if len(good) == len(written):
            return good
    reporter.report("E009", "A list of strings is needed")
    return []
