"""What a backend is: something that executes plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.shape import ResultSet


class Backend(Protocol):
    """Executes plans on one kind of database."""

    def read(self, plan: ReadPlan) -> ResultSet:
        """Fetch the rows of a plan, each in the order of its columns and flags.

        Raises:
            UnsupportedQueryError: this database cannot do what the plan asks for.
            UnavailableError: the database is away.
        """
        ...
