"""Aggregates of related rows among the fields: which terms they are, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import QueryError
from django_flex.permissions.aggregates import find_relation_measure, gather
from django_flex.permissions.authorized import Group, Output
from django_flex.permissions.hints import field_denied

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.aggregates import Measure

PLACE = "fields"


@dataclass(slots=True)
class GroupDraft:
    """Values that stand together under a name, while more of them may come in."""

    name: str
    members: dict[str, Output | GroupDraft] = field(default_factory=dict)

    def put(self, path: Path, output: Output) -> None:
        """Put a value in, under the names of a path.

        Raises:
            QueryError: something else stands there already.
        """
        name, *rest = path
        found = self.members.get(name)
        if not rest and found is None:
            self.members[name] = output
        elif rest and (found is None or isinstance(found, GroupDraft)):
            group = self.members[name] = found or GroupDraft(name)
            group.put(tuple(rest), output)
        elif not _is_same(found, output):
            raise two_outputs(name)

    def finish(self) -> Group:
        """Return what was collected."""
        return Group(
            self.name,
            tuple(m.finish() if isinstance(m, GroupDraft) else m for m in self.members.values()),
        )


def _is_same(found: Any, output: Output) -> bool:
    """Whether a value was asked for twice, which is no mistake."""
    known = getattr(getattr(found, "column", None), "key", None)
    return known is not None and known == getattr(output.column, "key", None)


def two_outputs(name: str, place: str = PLACE) -> QueryError:
    """Return the error about two values that would have one name."""
    return QueryError(
        f"Two outputs are called '{name}'", path=place, hint=f"'alias:{name}…' for one of them"
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
    value = gather(measure, access, f"{access.prefix}{text}", PLACE)
    return Output(term.alias or term.path[-1], value, aliased=term.alias is not None)
