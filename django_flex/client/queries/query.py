"""What a program asks for, as a value; and the methods that build it.

A query is immutable: each method returns another one, so that a base query can be shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django_flex.client.exceptions import BuildError
from django_flex.client.queries.aggregates import Agg
from django_flex.client.queries.filters import NOTHING, Condition, F, all_of, conjunction


@dataclass(frozen=True, slots=True)
class Related:
    """Rows inside rows: those of the relation ``source``, chosen by ``query``."""

    source: str
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A read of ``collection``; what is not set is left to the server.

    ``count`` is ``"exact"``, ``"estimated"`` or ``"capped:N"``; ``cursor`` is ``True`` for the first
    page of keyset paging, later the text that the server gave.
    """

    collection: str
    fields: tuple[str, ...] = ()
    where: Condition = NOTHING
    order: tuple[str, ...] = ()
    limit: int | None = None
    offset: int | None = None
    search: str | None = None
    count: str | None = None
    aggregates: tuple[tuple[str, Agg], ...] = ()
    groups: tuple[str, ...] = ()
    having: Condition = NOTHING
    related: tuple[tuple[str, Related], ...] = ()
    alias: tuple[tuple[str, str], ...] = ()
    distinct: bool | tuple[str, ...] = False
    cursor: bool | str | None = None
    extra: tuple[tuple[str, Any], ...] = ()


class Builder:
    """The methods that narrow a query. None of them sends anything."""

    __slots__ = ("query",)
    query: Query

    def __init__(self, query: Query) -> None:
        self.query = query

    def _with(self, **changes: Any) -> Self:
        """Return a copy whose query has the ``changes``; subclasses carry more along."""
        raise NotImplementedError

    def fields(self, *terms: str) -> Self:
        """Select these fields, in addition to those selected before: ``"id", "customer.name"``."""
        parts = [part.strip() for term in terms for part in _split(term)]
        return self._with(fields=(*self.query.fields, *(part for part in parts if part)))

    def filter(self, *tests: F | Mapping[str, Any], **more: Any) -> Self:
        """Keep the rows that match all of these, and all that was filtered by before.

        Takes ``F`` objects, mappings of dotted paths and operators (``{"price.gte": 5}``), and
        keywords (``price__gte=5``).

        Raises:
            UnknownOperator: there is no such operator.
        """
        return self._with(where=all_of([self.query.where, conjunction(tests, more)]))

    def exclude(self, *tests: F | Mapping[str, Any], **more: Any) -> Self:
        """Leave out the rows that match all of these."""
        return self.filter(~F.of(conjunction(tests, more)))

    def order_by(self, *paths: str) -> Self:
        """Sort by these paths, ``-`` for descending, after those that were named before."""
        parts = [part.strip() for path in paths for part in path.split(",")]
        return self._with(order=(*self.query.order, *(part for part in parts if part)))

    def limit(self, rows: int) -> Self:
        """Return at most so many rows; ``-1`` means all where the dialect has that."""
        return self._with(limit=_whole("limit", rows, least=-1))

    def offset(self, rows: int) -> Self:
        """Skip so many rows."""
        return self._with(offset=_whole("offset", rows, least=0))

    def page(self, number: int, *, size: int | None = None) -> Self:
        """Return the page of this number, counted from 1, of ``size`` rows (or of ``limit``)."""
        size = size or self.query.limit
        if size is None or size < 1:
            raise BuildError("page() needs a size, or a limit before it")
        return self._with(limit=size, offset=(_whole("page", number, least=1) - 1) * size)

    def search(self, text: str) -> Self:
        """Keep the rows in which the server finds the text."""
        return self._with(search=text)

    def distinct(self, *paths: str) -> Self:
        """Return each combination of the fields once; with paths, the first row of each value."""
        return self._with(distinct=paths or True)

    def with_count(self, kind: str = "exact") -> Self:
        """Ask how many rows there are on all pages: ``"exact"``, ``"estimated"``, ``"capped:N"``."""
        return self._with(count=kind)

    def alias(self, **paths: str) -> Self:
        """Give paths other names in the reply: ``alias(buyer="customer.name")``."""
        return self._with(alias=(*self.query.alias, *paths.items()))

    def related(self, name: str, rows: Builder | None = None, *, source: str | None = None) -> Self:
        """Select related rows as ``name``, narrowed as ``rows``: ``query()`` begins such a one.

        ``source`` is the relation, if it has another name.
        """
        inner = rows.query if rows is not None else Query(collection=name)
        return self._with(
            related=(*self.query.related, (name, Related(source or name, inner))),
        )

    def aggregate(self, *unnamed: Agg, **named: Agg) -> Self:
        """Compute these over the rows of each group; a keyword names the output."""
        more = [("", agg) for agg in unnamed] + list(named.items())
        return self._with(aggregates=(*self.query.aggregates, *more))

    def group_by(self, *paths: str) -> Self:
        """Compute aggregates for each combination of these values."""
        return self._with(groups=(*self.query.groups, *paths))

    def having(self, *tests: F | Mapping[str, Any], **more: Any) -> Self:
        """Keep the groups that match all of these."""
        return self._with(having=all_of([self.query.having, conjunction(tests, more)]))

    def with_options(self, **options: Any) -> Self:
        """Send further keys of the dialect as they are, such as ``backlink=False`` of Directus."""
        return self._with(extra=(*self.query.extra, *options.items()))


class Rows(Builder):
    """A query without a server, for ``related()``: ``rows().filter(status="paid").limit(3)``."""

    __slots__ = ()

    def _with(self, **changes: Any) -> Self:
        return type(self)(replace(self.query, **changes))


def rows() -> Rows:
    """Return an empty query of related rows, to be narrowed and given to ``related()``."""
    return Rows(Query(collection=""))


def _split(term: str) -> list[str]:
    """Split at commas, but not at those inside parentheses: ``json(f, path)``."""
    parts, depth = [""], 0
    for letter in term:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _whole(name: str, value: int, *, least: int) -> int:
    if type(value) is not int or value < least:
        raise BuildError(f"{name} is a whole number of at least {least}, not {value!r}")
    return value
