"""``aggregate`` and ``groupBy``, and their values as a reply shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.dialects.directus.clauses.functions import parse_term
from django_flex.dialects.directus.clauses.normalising import to_list
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import FieldTerm, OrderTerm
from django_flex.query.terms import excerpt, nearest, parse_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.query.ast import Path, Query
    from django_flex.query.limits import Limits

#: What the language calls the functions.
FUNCTIONS: Mapping[str, str] = {
    "count": "count",
    "countDistinct": "count_distinct",
    "countAll": "count",
    "sum": "sum",
    "sumDistinct": "sum_distinct",
    "avg": "avg",
    "avgDistinct": "avg_distinct",
    "min": "min",
    "max": "max",
}
_ROWS = frozenset({"count", "countAll"})
#: The start of names that only the reply sees, each with the function and a number.
_ALIAS = "aggregate"


def parse_aggregate(value: object, limits: Limits) -> tuple[FieldTerm, ...]:
    """Return the aggregates, each under a name that says where the reply shows it.

    Raises:
        QueryError: a function that does not exist, or a path that is none.
    """
    assert isinstance(value, Mapping)  # noqa: S101 - for mypy: it is normalised
    terms: list[FieldTerm] = []
    for name, paths in value.items():
        place = f"aggregate.{excerpt(str(name))}"
        if name not in FUNCTIONS:
            raise QueryError(
                worded("There is no aggregate '{}'", excerpt(str(name))),
                path=place,
                hint=nearest(str(name), FUNCTIONS) or worded("one of {}", ", ".join(FUNCTIONS)),
            )
        for path in dict.fromkeys(to_list(paths, place, limits)):
            terms.append(_term(str(name), path, place, len(terms)))
    if not terms:
        raise QueryError("An aggregate is needed", path="aggregate", hint='{"count": "*"}')
    return tuple(terms)


def _term(name: str, path: str, place: str, number: int) -> FieldTerm:
    alias = f"{_ALIAS}_{name}_{number}"
    if path == "*":
        if name not in _ROWS:
            raise QueryError(worded("'{}' needs a field", name), path=place)
        return FieldTerm((FUNCTIONS[name],), alias=alias)
    return FieldTerm((*parse_path(path, place), FUNCTIONS[name]), alias=alias)


def parse_group_by(value: object) -> tuple[FieldTerm, ...]:
    """Return what rows are grouped by; a function is shown as ``published_at_year``.

    Raises:
        QueryError: a term is no path.
    """
    assert isinstance(value, list)  # noqa: S101 - for mypy: it is normalised
    terms = []
    for text in dict.fromkeys(value):
        term = parse_term(text, "groupBy")
        alias = "_".join(term.shown) if term.function is not None else None
        terms.append(FieldTerm(term.meant, alias=alias))
    return tuple(terms)


def parse_group_sort(
    value: object, aggregates: Sequence[FieldTerm], groups: Sequence[FieldTerm]
) -> tuple[OrderTerm, ...]:
    """Return the order of groups: by what they are grouped by, or by an aggregate (``-sum.price``).

    Raises:
        QueryError: a term is no path.
    """
    assert isinstance(value, list)  # noqa: S101 - for mypy: it is normalised
    known: dict[Path, str] = {}
    for one in aggregates:
        assert one.alias is not None  # noqa: S101 - for mypy: each has one
        name = _function_of(one.alias)
        known.setdefault((name, *one.path[:-1]), one.alias)
        known.setdefault((name,), one.alias)
    aliases = {one.path: one.alias for one in groups if one.alias is not None}
    found = []
    for text in value:
        descending = text.startswith("-")
        path = parse_term(text.removeprefix("-"), "sort").meant
        named = known.get(path) or aliases.get(path)
        found.append(OrderTerm(path if named is None else (named,), descending))
    return tuple(found)


def shown_groups(asked: Query, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return groups as a reply shows them: ``{"status": "paid", "sum": {"price": 5}}``."""
    terms = [(one, _function_of(one.alias or "")) for one in asked.aggregate or ()]
    names = [name for _, name in terms]
    if not terms:
        # The pipeline counts groups for which no aggregate was asked.
        return [{name: value for name, value in row.items() if name != "count"} for row in rows]
    return [_shown(row, terms, names) for row in rows]


def _shown(
    row: Mapping[str, Any], terms: Sequence[tuple[FieldTerm, str]], names: Sequence[str]
) -> dict[str, Any]:
    hidden = {one.alias for one, _ in terms}
    shown: dict[str, Any] = {name: value for name, value in row.items() if name not in hidden}
    for one, name in terms:
        value, path = row[str(one.alias)], ".".join(one.path[:-1])
        if not path and names.count(name) == 1:
            shown[name] = value
        else:
            shown.setdefault(name, {})[path or "*"] = value
    return shown


def _function_of(alias: str) -> str:
    return alias.split("_")[1] if alias.startswith(f"{_ALIAS}_") else alias
