"""What all parts of a statement share: names of columns, aliases, everything and nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from django_flex.resolved import Column

# Django drops an empty Q from any combination, so "nothing" and "everything" have to be explicit.
MATCH_NONE = Q(pk__in=[])
MATCH_ALL = ~Q(pk__in=[])


@dataclass(slots=True)
class StatementContext:
    """A statement or subquery that is being built: its database, and its aliases."""

    using: str
    first: int = 0
    aliases: dict[str, object] = field(default_factory=dict)

    def alias(self, expression: object) -> str:
        """Name an expression, to be compared like a column."""
        name = f"flex_{self.first + len(self.aliases)}"
        self.aliases[name] = expression
        return name


def path_of(column: Column) -> str:
    """Return Django's name of a column, seen from the row."""
    return "__".join((*hop_lookups(column), column.attribute.lookup))


def hop_lookups(column: Column) -> tuple[str, ...]:
    """Return Django's names of the relations that lead to a column."""
    return tuple(hop.lookup for hop in column.hops)
