"""The contract in plain Python: the reply to a query, row by row.

Nothing here or in the modules beside it is taken from the package. They are slow, and short enough
to be read beside the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.differential.conditions import in_order, listed, matches
from tests.differential.measures import Measure, is_measure, measured, put, shown
from tests.differential.sight import Caller, Inner, reach, split
from tests.differential.totals import aggregated, counted, first_of_each, searched
from tests.differential.values import ABSENT, Path, part_of, written
from tests.differential.world import RELATIONS, Row, key_of


class Terms:
    """Terms of fields, told apart: what each of them adds to the object of a row."""

    def __init__(self, model: str, terms: list[str], wild: list[str]) -> None:
        self.model = model
        self.own: dict[str, None] = dict.fromkeys(wild)
        self.inside: dict[str, list[str]] = {}
        self.aliases: dict[str, Path] = {}
        self.documents: dict[str, list[Path]] = {}
        self.measures: list[Measure] = []
        for term in terms:
            self.take(term)
        for name in {term[1:] for term in terms if term.startswith("-")}:
            if wild and name not in terms:
                self.own.pop(name, None)

    def take(self, term: str) -> None:
        alias, _, path = term.rpartition(":")
        first, *rest = path.removeprefix("-").split(".")
        if is_measure(self.model, term):
            self.measures.append(Measure(self.model, term))
        elif alias:
            self.aliases[alias] = (first, *rest)
        elif term.startswith("-"):
            if rest:
                self.inside.setdefault(first, []).append("-" + ".".join(rest))
        elif rest and first in RELATIONS[self.model]:
            self.inside.setdefault(first, []).append(".".join(rest))
        elif rest:
            self.documents.setdefault(first, []).append(tuple(rest))
        elif term != "*":
            self.own[term] = None


Maker = Callable[[Row], Any]


def shaped(
    caller: Caller, root: str, way: Path, asked: list[str], related: Mapping[str, Any], limit: int
) -> Callable[[Row], dict[str, Any]]:
    """Return a function from a row at the end of a way to its object in the reply.

    Args:
        caller: who asks.
        root: the model whose grant decides.
        way: the to-one relations passed since then.
        asked: terms of fields, from here.
        related: arguments of lists, by their names.
        limit: how many items a list has unless asked.
    """
    model = root
    for name in way:
        model = RELATIONS[model][name].target
    terms = Terms(model, asked, caller.columns(root, way) if "*" in asked else [])
    makers: dict[str, Maker] = {name: _plain(caller, model, name) for name in terms.own}
    for name, paths in terms.documents.items():
        makers.setdefault(name, _document(name, paths))
    makers |= {name: _aliased(caller, model, path) for name, path in terms.aliases.items()}
    for name, inner in terms.inside.items():
        target = RELATIONS[model][name].target
        if not RELATIONS[model][name].many:
            inside = [key_of(target), *inner] if name in terms.own else inner
            build = shaped(caller, root, (*way, name), inside, {}, limit)
            makers[name] = _nested(caller, model, name, build)
    for name, arguments in _lists(model, terms, related).items():
        makers[name] = _list(caller, root, way, model, arguments, limit)

    def make(row: Row) -> dict[str, Any]:
        found = {name: maker(row) for name, maker in makers.items()}
        made = {name: value for name, value in found.items() if value is not ABSENT}
        for one in terms.measures:
            put(made, one.place, shown(one.beside(caller, row), one.function, one.kind))
        return made

    return make


def _lists(model: str, terms: Terms, related: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is asked of each list: by terms, as a bare name, by arguments."""
    made: dict[str, dict[str, Any]] = {}
    for name, relation in RELATIONS[model].items():
        if relation.many and (name in terms.inside or name in terms.own):
            keys = name in terms.own
            made[name] = {"terms": terms.inside.get(name, []), "from": name, "keys": keys}
    for name, arguments in related.items():
        made[name] = {"terms": [], "from": name, **made.get(name, {}), **arguments}
    return made


def _plain(caller: Caller, model: str, name: str) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        found, kind = reach(caller, model, row, (name,))
        return written(found, kind)

    return value


def _document(name: str, paths: list[Path]) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        made: dict[str, Any] = {}
        for path in sorted(paths, key=len, reverse=True):
            found = part_of(row[name], path)
            if found is ABSENT:
                continue
            place = made
            for key in path[:-1]:
                place = place.setdefault(key, {})
            place[path[-1]] = found
        return made

    return value


def _aliased(caller: Caller, model: str, path: Path) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        hops, column, keys = split(model, path)
        at, here = model, row
        for name in hops:
            found = caller.behind(at, here, name)
            at = RELATIONS[at][name].target
            if not found:
                return None
            (here,) = found
        if keys:
            return part_of(here[column], keys)
        return _plain(caller, at, column)(here)

    return value


def _nested(
    caller: Caller, model: str, name: str, build: Callable[[Row], Any]
) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        found = caller.behind(model, row, name)
        return build(found[0]) if found else None

    return value


def _list(
    caller: Caller, root: str, way: Path, model: str, asked: Mapping[str, Any], limit: int
) -> Callable[[Row], Any]:
    name = asked["from"]
    target = RELATIONS[model][name].target
    terms = [*asked["terms"], *listed(asked.get("fields"))]
    if asked.get("keys") and terms:
        terms.insert(0, key_of(target))
    keys_only = asked.get("keys") and not terms
    inner = Inner(caller, root, (*way, name))
    build = shaped(inner, target, (), terms or ["*"], asked.get("related", {}), limit)
    size, offset = asked.get("limit", limit), asked.get("offset", 0)

    def value(row: Row) -> Any:
        rows = caller.behind(model, row, name)
        rows = [one for one in rows if matches(caller, target, one, asked.get("filters", {}))]
        rows = in_order(caller, target, rows, listed(asked.get("order_by")))
        page = rows[offset : offset + size]
        items = [one[key_of(target)] if keys_only else build(one) for one in page]
        if asked.get("shape") != "list":
            return items
        more = len(rows) > offset + size
        return {
            "results": items,
            "pagination": {"offset": offset, "limit": size, "has_more": more},
        }

    return value


def answer(
    caller: Caller, model: str, query: Mapping[str, Any], limit: int
) -> dict[str, Any] | None:
    """Return the whole reply to a query, without ``next``; ``None`` is "not found"."""
    terms = listed(query.get("fields", "*"))
    build = shaped(caller, model, (), terms, query.get("related", {}), limit)
    key = key_of(model)
    if "_id" in query:
        found = [row for row in caller.rows(model) if row[key] == query["_id"]]
        return build(found[0]) if found else None
    if query.get("_action") == "aggregate":
        return aggregated(caller, model, query, limit)
    filters = query.get("filters", {})
    rows = [row for row in caller.rows(model) if matches(caller, model, row, filters)]
    if "search" in query:
        paths = (caller.grant(model) or {}).get("search", ())
        rows = [row for row in rows if searched(caller, model, row, query["search"], paths)]
    rows = in_order(caller, model, rows, listed(query.get("order_by")))
    totals = [Measure(model, text) for text in listed(query.get("aggregate"))]
    every = rows
    if query.get("distinct") is True:
        return combinations(query, rows, limit, build)
    if "distinct" in query:
        rows = first_of_each(caller, model, rows, listed(query["distinct"]))
    made = page(query, rows, limit, lambda row: (row[key], build(row)))
    if "count" in query:
        made["pagination"] |= counted(query["count"], len(rows))
    if totals:
        made["aggregates"] = measured(caller, totals, every)
    return made


def combinations(
    query: Mapping[str, Any], rows: list[Row], limit: int, build: Callable[[Row], Any]
) -> dict[str, Any]:
    """Return the reply to ``distinct: true``: each object once, in a list."""
    objects = [build(row) for row in rows]
    unique = [one for at, one in enumerate(objects) if one not in objects[:at]]
    size, offset = query.get("limit", limit), query.get("offset", 0)
    pagination = {"offset": offset, "limit": size, "has_more": len(unique) > offset + size}
    if "count" in query:
        pagination |= counted(query["count"], len(unique))
    return {"pagination": pagination, "results": unique[offset : offset + size]}


def page(
    query: Mapping[str, Any], rows: list[Any], limit: int, make: Callable[[Any], tuple[Any, Any]]
) -> dict[str, Any]:
    size, offset = query.get("limit", limit), query.get("offset", 0)
    made = [make(row) for row in rows[offset : offset + size]]
    pagination = {"offset": offset, "limit": size, "has_more": len(rows) > offset + size}
    if query.get("shape") == "list":
        results: Any = [{"id": pk, **value} for pk, value in made]
    else:
        results = {str(pk): value for pk, value in made}
        if query.keys() & {"order_by", "search", "distinct"}:
            pagination["ids"] = [pk for pk, _ in made]
    return {"pagination": pagination, "results": results}
