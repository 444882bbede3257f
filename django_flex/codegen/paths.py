"""What may be asked of a row, by the way to it: descriptions list paths, types are nested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.describe import (
        AggregateDescription,
        FieldDescription,
        ReachDescription,
        RelationDescription,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row: itself, if anything may be done with it, and what is named inside it."""

    itself: FieldDescription | None
    inside: Mapping[str, FieldDescription]


@dataclass(slots=True)
class Level:
    """The columns and relations at the end of a way, by name."""

    columns: dict[str, FieldDescription] = field(default_factory=dict)
    inside: dict[str, dict[str, FieldDescription]] = field(default_factory=dict)
    relations: dict[str, RelationDescription] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """Return what is known of a column."""
        return Column(self.columns.get(name), self.inside.get(name, {}))

    @property
    def names(self) -> list[str]:
        """The names of all columns and relations, in the order of the description."""
        return list(dict.fromkeys((*self.columns, *self.inside, *self.relations)))

    @property
    def key(self) -> FieldDescription | None:
        """The primary key, if it can be read."""
        for one in self.columns.values():
            if one.column.primary_key and one.readable:
                return one
        return None


def levels_of(reach: ReachDescription) -> Mapping[str, Level]:
    """Return what is at the end of each way over relations; ``""`` is the row itself."""
    levels: dict[str, Level] = {"": Level()}
    for relation in reach.relations:
        levels[relation.path] = Level()
    for relation in reach.relations:
        way, _, name = relation.path.rpartition(".")
        levels[way].relations[name] = relation
    for one in reach.fields:
        way, name, rest = _placed(one.path, levels)
        if rest:
            levels[way].inside.setdefault(name, {})[rest] = one
        else:
            levels[way].columns[name] = one
    return levels


def _placed(path: str, levels: Mapping[str, Level]) -> tuple[str, str, str]:
    """Return the way to a column, its name, and what is named inside it."""
    names = path.split(".")
    for end in range(len(names) - 1, -1, -1):
        way = ".".join(names[:end])
        if way in levels:
            return way, names[end], ".".join(names[end + 1 :])
    raise AssertionError


def names_of(one: FieldDescription) -> list[str]:
    """Return the paths of a field: a foreign key has a second name, ``customer_id``."""
    way, dot, _ = one.path.rpartition(".")
    other = one.column.other_name
    return [one.path, *([f"{way}{dot}{other}"] if other else [])]


def aggregates_of(reach: ReachDescription) -> list[AggregateDescription]:
    """Return the aggregates of columns and of related rows."""
    found = [one for field in reach.fields for one in field.aggregates]
    return [*found, *(one.count for one in reach.relations if one.count is not None)]
