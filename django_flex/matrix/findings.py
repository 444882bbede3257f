"""What can be told of what cannot be read, and what the review of the settings warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.matrix.rules import ALL_ROWS
from django_flex.review import review_told
from django_flex.review.reviewed import ReviewedGrant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django_flex.access.reach import Access
    from django_flex.matrix.values import Opening

#: What each clause lets a caller do with values that they cannot read.
_TELLS = {
    "filter": "filtered by",
    "order": "sorted by",
    "group": "grouped by",
    "aggregate": "aggregated",
    "search": "searched",
}
#: Aggregates that say how many values there are, and not which.
_COUNTS = frozenset({"count", "count_distinct"})


def findings_of(
    openings: Sequence[Opening], rules: Mapping[str, str], access: Access
) -> tuple[str, ...]:
    """Return the findings about one role on one model, sorted.

    Args:
        openings: all that the role may do.
        rules: those that restrict it.
        access: the role's reach.
    """
    found = {*_told(openings, rules), *_probed(openings, rules, access), *_reviewed(access)}
    return tuple(sorted(found))


def _told(openings: Sequence[Opening], rules: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths that cannot be read, and whose values a clause gives away."""
    readable = {one.inside + one.path for one in openings if one.clause == "field"}
    aggregates = {(one.inside, one.path) for one in openings if one.clause == "aggregate"}
    clauses: dict[str, set[str]] = {}
    for one in openings:
        if one.clause not in _TELLS:
            continue
        path, is_aggregate = one.path, (one.inside, one.path) in aggregates
        if is_aggregate:
            path, _, function = one.path.rpartition(".")
            if "min_group" in rules or function in _COUNTS:
                continue
        if not _is_readable(one.inside + path, readable):
            clauses.setdefault(one.inside + path, set()).add(one.clause)
    for path, names in clauses.items():
        text = " and ".join(_TELLS[name] for name in _TELLS if name in names)
        yield f"'{path}' cannot be read, but {text}: its values can be told"


def _is_readable(path: str, readable: set[str]) -> bool:
    """Whether a path, or a JSON value that it is in, can be read."""
    names = path.split(".")
    ends = [".".join(names[:end]) for end in range(1, len(names) + 1)]
    return any(one in readable or f"{one}.*" in readable for one in ends)


def _probed(openings: Sequence[Opening], rules: Mapping[str, str], access: Access) -> Iterator[str]:
    """Yield the columns that are unique among all rows: that a value is refused tells that it is there."""
    readable = {one.path for one in openings if one.clause == "field" and not one.inside}
    listed = any(one.clause == "operation" and one.path in {"get", "list"} for one in openings)
    for operation in ("add", "edit"):
        sent = {one.path for one in openings if one.clause == operation}
        for columns in access.resource.unique:
            names = ", ".join(sorted(columns))
            if not columns <= sent:
                continue
            if not (listed and columns <= readable and rules["rows"] == ALL_ROWS):
                yield f"'{names}' is unique: {operation} tells whether a hidden row has a value"


def _reviewed(access: Access) -> Iterator[str]:
    reviewed = ReviewedGrant(access.policy, access.entry, access.grant, access.limits)
    for problem in review_told(reviewed):
        yield f"{problem.id}: {problem.message}"
