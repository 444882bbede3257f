"""Aggregates of related rows among the fields: which terms they are, and where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.binding.related_aggregates import find_relation_measure, related_aggregate
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.resolved import Group, Output

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.aggregates import Measure


@dataclass(slots=True)
class GroupBuilder:
    """Collects the values that are grouped under one name."""

    name: str
    members: dict[str, Output | GroupBuilder] = field(default_factory=dict)

    def put(self, path: Path, output: Output) -> None:
        """Put a value in, under the names of a path.

        Raises:
            QueryError: another value is already there.
        """
        name, *rest = path
        found = self.members.get(name)
        if not rest and found is None:
            self.members[name] = output
        elif rest and (found is None or isinstance(found, GroupBuilder)):
            group = self.members[name] = found or GroupBuilder(name)
            group.put(tuple(rest), output)
        elif not _is_same(found, output):
            raise two_outputs(name)

    def finish(self) -> Group:
        """Return what was collected."""
        return Group(
            self.name,
            tuple(m.finish() if isinstance(m, GroupBuilder) else m for m in self.members.values()),
        )


def _is_same(found: object, output: Output) -> bool:
    """Whether the same value was asked for twice, which is allowed."""
    known = getattr(getattr(found, "column", None), "key", None)
    return known is not None and known == getattr(output.column, "key", None)


def two_outputs(name: str, place: Place = Part.FIELDS) -> QueryError:
    """Return the error about two values that would have one name."""
    return QueryError(
        worded("Two outputs have the name '{}'", name),
        path=place,
        hint=worded("'alias:{}…' for one of them", name),
    )


def relation_aggregate(term: FieldTerm, access: Access) -> Measure | None:
    """Return the aggregate of the rows of one relation that a term is, if it is one."""
    if term.excluded or term.is_wildcard:
        return None
    measure = find_relation_measure(access.resource, term.path)
    # Over two relations it is an aggregate in each row of a nested list.
    return measure if measure is not None and len(measure.crossings) == 1 else None


def aggregate_output(term: FieldTerm, measure: Measure, access: Access) -> Output:
    """Authorize an aggregate of related rows.

    Raises:
        FieldDeniedError: the caller may not ask for it.
    """
    text = ".".join(term.path)
    if not access.may_aggregate(measure):
        raise field_denied(text, access)
    value = related_aggregate(measure, access, f"{access.prefix}{text}", Part.FIELDS)
    name = term.alias or access.policy.schema.shown(term.path[-1])
    return Output(name, value, aliased=term.alias is not None)
