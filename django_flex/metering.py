"""What requests to a database cost, where it tells: units, as they are consumed, and statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

#: The two kinds of units, as rate limits call them.
READ_UNITS, WRITE_UNITS = UNITS = ("read_units", "write_units")


@dataclass(slots=True)
class Meter:
    """Takes what is consumed while it is the current one.

    Attributes:
        names: the tables, by their names in the database, that somebody is charged for. A backend
            asks the database for costs only if there is one.
        readings: what was consumed: the table, the kind and the number of units. It is a list since
            several threads may read for one request.
    """

    names: set[str] = field(default_factory=set)
    readings: list[tuple[str, str, float]] = field(default_factory=list)

    def add(self, name: str, kind: str, units: float) -> None:
        """Take what a request has consumed of a table."""
        self.readings.append((name, kind, units))

    def total(self, name: str, kind: str) -> float:
        """Return what was consumed of a table."""
        return sum(units for *what, units in self.readings if what == [name, kind])


_current: ContextVar[Meter | None] = ContextVar("django_flex_meter", default=None)


def current_meter() -> Meter | None:
    """Return what takes the costs of requests now; ``None`` if nobody asks for them."""
    return _current.get()


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Have a meter take the costs of all requests inside; one around it does not get them."""
    token = _current.set(meter)
    try:
        yield
    finally:
        _current.reset(token)


@dataclass(slots=True)
class Statements:
    """Counts the statements that read while it is the current one.

    Attributes:
        run: all of them.
        kept: those whose SQL was in the statement cache.
    """

    run: int = 0
    kept: int = 0


_counting: ContextVar[Statements | None] = ContextVar("django_flex_statements", default=None)


def count_statement(*, kept: bool) -> None:
    """Count a statement that is about to run, if somebody counts."""
    counting = _counting.get()
    if counting is not None:
        counting.run += 1
        counting.kept += kept


@contextmanager
def counted(counting: Statements) -> Iterator[None]:
    """Have all statements inside counted; a count around it does not get them."""
    token = _counting.set(counting)
    try:
        yield
    finally:
        _counting.reset(token)
