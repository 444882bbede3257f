"""A request in pieces that use one name each, so that each name can be asked about alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from django_flex.policy.rule_terms import rule_terms
from django_flex.query.ast import FieldTerm, Mutation, PageRequest, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import Path, Related

Asked: TypeAlias = Query | Mutation


@dataclass(frozen=True, slots=True)
class Piece:
    """One name of a request, and a request that uses nothing else.

    ``clause`` is the key of a grant that opens it, ``path`` how it is written there, except for a
    minus sign; ``inside`` are the relations to the nested list that it belongs to.
    """

    clause: str
    text: str
    path: Path
    asked: Asked
    descending: bool = False
    inside: Path = ()


def pieces_of(asked: Asked, key: str) -> list[Piece]:
    """Return the pieces of a request, in its order.

    Args:
        asked: the request, parsed.
        key: the name of the primary key.
    """
    if isinstance(asked, Mutation):
        return list(_of_write(asked))
    return list(_of_groups(asked) if asked.operation == "aggregate" else _of_rows(asked))


def _bare(query: Query) -> Query:
    """Return a query for the same rows that names nothing but the aggregates of related rows."""
    return replace(
        query,
        fields=(),
        filters=None,
        order_by=(),
        search=None,
        distinct=None,
        related=tuple(one for one in query.related if one.aggregate is not None),
        page=PageRequest(limit=1),
        aggregate=None,
        explain=None,
        stream=None,
    )


def _of_rows(query: Query) -> Iterator[Piece]:
    bare = _bare(query)
    for term in query.fields:
        if not term.excluded:
            yield Piece("fields", str(term), term.path, replace(bare, fields=(term,)))
    yield from _of_conditions(query, bare)
    for order in query.order_by:
        asked = replace(bare, order_by=(order,))
        yield Piece("order_by", str(order), order.path, asked, order.descending)
    for path in query.distinct if isinstance(query.distinct, tuple) else ():
        term = FieldTerm(path)
        yield Piece("fields", str(term), path, replace(bare, fields=(term,)))
    for term in query.aggregate or ():
        yield Piece("aggregates", str(term), term.path, replace(bare, aggregate=(term,)))
    for one in query.related:
        if one.aggregate is None:
            yield from _of_list(one, bare)


def _of_conditions(query: Query, bare: Query) -> Iterator[Piece]:
    for path, comparison in rule_terms(query.filters) if query.filters is not None else ():
        asked = replace(bare, filters=replace(comparison, path=path))
        yield Piece("filters", ".".join(path), path, asked)
    if query.search is not None:
        yield Piece("search", query.search, (), replace(bare, search=query.search))


def _of_list(one: Related, bare: Query) -> Iterator[Piece]:
    """Yield what the arguments of a nested list name, and what it shows."""
    nothing = replace(one, fields=(), filters=None, order_by=(), search=None, related=())
    way = one.source

    def inside(clause: str, text: str, path: Path, **changed: object) -> Piece:
        asked = replace(bare, related=(*bare.related, replace(nothing, **changed)))  # type: ignore[arg-type]
        descending = text.startswith("-")
        return Piece(clause, f"{'.'.join(way)}: {text}", path, asked, descending, way)

    for term in one.fields or ():
        if not term.excluded:
            yield inside("fields", str(term), term.path, fields=(term,))
    for path, comparison in rule_terms(one.filters) if one.filters is not None else ():
        yield inside("filters", ".".join(path), path, filters=replace(comparison, path=path))
    for order in one.order_by:
        yield inside("order_by", str(order), order.path, order_by=(order,))


def _of_groups(query: Query) -> Iterator[Piece]:
    bare = replace(_bare(query), group_by=None, having=None)
    yield from _of_conditions(query, bare)
    for term in query.group_by or ():
        grouped = replace(bare, group_by=(term,), aggregate=())
        yield Piece("fields", str(term), term.path, grouped)
    for term in query.aggregate or (FieldTerm(("count",)),):
        yield Piece("aggregates", str(term), term.path, replace(bare, aggregate=(term,)))


def _of_write(mutation: Mutation) -> Iterator[Piece]:
    bare = replace(mutation, filters=None, returning=None, if_match=None)
    named: dict[str, Piece] = {}
    for change in mutation.changes:
        for name, value in change.values.items():
            asked = replace(bare, changes=(replace(change, values={name: value}),))
            named.setdefault(name, Piece(mutation.operation, name, tuple(name.split(".")), asked))
    yield from named.values()
    nothing = replace(bare, changes=tuple(replace(one, values={}) for one in mutation.changes[:1]))
    for path, comparison in rule_terms(mutation.filters) if mutation.filters is not None else ():
        asked = replace(nothing, filters=replace(comparison, path=path))
        yield Piece("filters", ".".join(path), path, asked)
    for term in mutation.returning or ():
        yield Piece("fields", str(term), term.path, replace(nothing, returning=(term,)))
