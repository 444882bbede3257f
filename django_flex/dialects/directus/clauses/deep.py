"""``deep``: the arguments of lists of related rows, by the names of the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.dialects.directus.clauses.filters import parse_filter
from django_flex.dialects.directus.clauses.normalising import normalised, to_object
from django_flex.dialects.directus.clauses.paging import offset_of, parse_limit
from django_flex.dialects.directus.clauses.sorting import parse_sort
from django_flex.exceptions import LimitExceededError, QueryError, UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.query.limits import Limits
    from django_flex.schema.resources import Resource

#: Arguments that Directus has and lists of related rows have not.
_UNSUPPORTED = ("fields", "aggregate", "groupBy", "alias", "meta", "export", "deep")


@dataclass(frozen=True, slots=True, eq=False)
class Deep:
    """What was sent about one list, normalised, where, and about the lists inside it."""

    own: Mapping[str, object] = field(default_factory=dict)
    inner: Mapping[str, Deep] = field(default_factory=dict)
    place: str = "deep"


def parse_deep(value: object, limits: Limits, depth: int, place: str = "deep") -> Deep:
    """Parse ``{"posts": {"_limit": 3, "comments": {"_sort": "-date"}}}``.

    Raises:
        QueryError: an argument makes no sense, or does not exist.
    """
    if value is None:
        return Deep()
    if depth < 0:
        raise LimitExceededError("The lists are nested too deeply", path="deep")
    found = to_object(value, place, limits)
    own = {name: part for name, part in found.items() if name.startswith("_")}
    inner = {
        name: parse_deep(part, limits, depth - 1, f"{place}.{excerpt(name)}")
        for name, part in found.items()
        if not name.startswith("_")
    }
    asked = normalised(own, limits, f"{place}.", sign="_")
    for name in _UNSUPPORTED:
        if name in asked:
            raise UnsupportedQueryError(
                worded("'{}' is not supported in lists of related rows", f"_{name}"),
                path=f"{place}._{name}",
            )
    if own and place == "deep":
        raise QueryError("These arguments need the name of a list", path=f"deep.{next(iter(own))}")
    return Deep(asked, inner, place)


def arguments_of(deep: Deep, resource: Resource | None, limits: Limits) -> dict[str, Any]:
    """Return the arguments of a list as those of ``Related``; empty without any.

    Args:
        deep: what was sent.
        resource: that of the rows in the list, ``None`` if there is none.
        limits: the caps of what is read.

    Raises:
        QueryError: an argument makes no sense.
    """
    asked, place = deep.own, deep.place
    if not asked:
        return {}
    limit = parse_limit(asked.get("limit"), limits)
    arguments: dict[str, Any] = {
        "limit": limit,
        "offset": offset_of(asked, limit, f"{place}._page"),
    }
    if "filter" in asked:
        arguments["filters"] = parse_filter(asked["filter"], resource, limits, f"{place}._filter")
    if "sort" in asked:
        arguments["order_by"] = parse_sort(asked["sort"], f"{place}._sort")
    if "search" in asked:
        arguments["search"] = asked["search"]
    return arguments


def check_unused(deep: Deep, limits: Limits) -> None:
    """Check the arguments of a list that is not shown, and of those in it.

    Raises:
        QueryError: an argument makes no sense.
    """
    arguments_of(deep, None, limits)
    for inner in deep.inner.values():
        check_unused(inner, limits)
