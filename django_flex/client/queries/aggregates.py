"""Counts, sums and the like, as data: ``Agg.sum("price")``."""

from __future__ import annotations

from dataclasses import dataclass

from django_flex.client.exceptions import UnknownOperator

FUNCTIONS = frozenset(
    {
        "count", "count_distinct", "count_all", "sum", "sum_distinct",
        "avg", "avg_distinct", "min", "max", "stddev", "variance",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agg:
    """The ``function`` of ``path`` over the rows of a group; without a path, of the rows themselves.

    Raises:
        UnknownOperator: there is no such function.
    """

    function: str
    path: str = ""

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise UnknownOperator(
                f"There is no aggregate {self.function!r}; there are {', '.join(sorted(FUNCTIONS))}"
            )
        if not self.path and self.function not in {"count", "count_all"}:
            raise UnknownOperator(f"{self.function} needs the path of what it is taken of")

    @classmethod
    def count(cls, path: str = "") -> Agg:
        """Return the number of rows, or of values of ``path`` that are not null."""
        return cls("count", path)

    @classmethod
    def count_distinct(cls, path: str) -> Agg:
        """Return the number of different values of ``path``."""
        return cls("count_distinct", path)

    @classmethod
    def sum(cls, path: str) -> Agg:
        """Return the sum of ``path``."""
        return cls("sum", path)

    @classmethod
    def avg(cls, path: str) -> Agg:
        """Return the average of ``path``."""
        return cls("avg", path)

    @classmethod
    def min(cls, path: str) -> Agg:
        """Return the least value of ``path``."""
        return cls("min", path)

    @classmethod
    def max(cls, path: str) -> Agg:
        """Return the greatest value of ``path``."""
        return cls("max", path)
