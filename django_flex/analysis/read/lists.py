"""Nested lists of a selection: which terms and arguments belong to which to-many relation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django_flex.access.hints import field_denied
from django_flex.analysis.read.aggregate_fields import relation_aggregate
from django_flex.analysis.read.default_order import orderings, visible_order
from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.read.list_pages import authorize_list_cursor, authorize_list_distinct
from django_flex.analysis.read.named_aggregates import name_aggregates
from django_flex.analysis.read.order import authorize_orders, by_columns
from django_flex.analysis.read.renamed import RenamedObject
from django_flex.analysis.read.search import authorize_search, within
from django_flex.binding.related import rows_behind
from django_flex.binding.related_aggregates import NO_NAMES
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.query.ast import FieldTerm
from django_flex.resolved import Nested, Selection
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import OrderTerm, Path, Related
    from django_flex.resolved import Ordering
    from django_flex.schema.resources import Relation

Authorize = Callable[..., Selection]


@dataclass(frozen=True, slots=True, eq=False)
class InnerTerm:
    """A field term that goes through a to-many relation, taken apart there.

    ``path`` and ``hops`` lead to the row that the list belongs to; ``term`` is what is wanted of
    each row of the list, ``None`` for its key.
    """

    path: Path
    hops: tuple[Relation, ...]
    name: str
    relation: Relation
    term: FieldTerm | None


@dataclass(slots=True)
class NestedBuilder:
    """Collects the terms of one list of related rows."""

    name: str
    hops: tuple[Relation, ...]
    relation: Relation
    source: Path = ()
    terms: list[FieldTerm] = field(default_factory=list)
    keys: bool = False
    asked: Related | None = None

    def take(self, term: FieldTerm | None) -> None:
        """Add a field term for each row; ``None`` means its key."""
        if term is None:
            self.keys = True
        else:
            self.terms.append(term)

    def ask(self, asked: Related) -> None:
        """Take the arguments of the list."""
        if self.asked is not None:
            raise QueryError(worded("Two outputs have the name '{}'", self.name), path=asked.place)
        self.asked = asked


def split_terms(
    terms: Iterable[FieldTerm | RenamedObject], access: Access
) -> tuple[list[FieldTerm | RenamedObject], list[InnerTerm]]:
    """Tell terms about the row itself from those that go through a to-many relation."""
    own: list[FieldTerm | RenamedObject] = []
    inside: list[InnerTerm] = []
    for term in terms:
        if isinstance(term, RenamedObject) or relation_aggregate(term, access):
            own.append(term)
        elif (found := _inner_term(term, access)) is not None:
            inside.append(found)
        else:
            own.append(term)
    return own, inside


def _inner_term(term: FieldTerm, access: Access) -> InnerTerm | None:
    hops: list[Relation] = []
    resource = access.resource
    for position, name in enumerate(term.path):
        relation = resource.relation(name)
        if relation is None:
            return None
        if relation.cardinality == "many":
            return _taken_apart(term, position, tuple(hops), relation, access)
        hops.append(relation)
        resource = relation.target
    return None


def _taken_apart(
    term: FieldTerm, position: int, hops: tuple[Relation, ...], relation: Relation, access: Access
) -> InnerTerm:
    rest = term.path[position + 1 :]
    is_renamed = term.alias is not None
    if not rest or is_renamed:
        _check_readable(term, access)
    if term.excluded and not rest:
        raise QueryError(
            worded("'{}' is a list, which no wildcard covers", term),
            path=Part.FIELDS,
            hint="leave it out",
        )
    if is_renamed:
        raise QueryError(
            worded("'{}' is a list, which cannot be renamed here", term),
            path=Part.FIELDS,
            hint=worded(
                '"{}": {{"{}": {{"from": "{}"}}}}',
                Part.RELATED,
                term.alias,
                relation.name,
            ),
        )
    inner = FieldTerm(rest, excluded=term.excluded) if rest else None
    return InnerTerm(term.path[:position], hops, term.path[position], relation, inner)


def _check_readable(term: FieldTerm, access: Access) -> None:
    """Refuse a term that the caller may not read before any other error in it is reported."""
    path = term.path[:-1] if term.is_wildcard else term.path
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        target = None
    if target is None or not access.readable(target):
        raise field_denied(".".join(term.path), access)


def related_way(asked: Related, access: Access) -> tuple[Relation, ...]:
    """Return the way that an entry of ``related`` means: to-one hops, then the to-many relation.

    Raises:
        FieldDeniedError: it leads nowhere, or not to a list.
    """
    text = ".".join(asked.source)
    try:
        hops = resolve_hops(access.resource, asked.source)
    except UnknownPathError:
        raise field_denied(text, access, asked.place) from None
    many = [hop for hop in hops if hop.cardinality == "many"]
    is_list = many == [hops[-1]]
    readable = (
        access.inside(hops).readable_attributes(())
        if is_list
        else (access.readable_attributes(hops))
    )
    if not any(readable):
        raise field_denied(text, access, asked.place)
    if not is_list:
        raise QueryError(
            worded("'{}' is not a list of this row", text),
            path=asked.place,
            hint=worded("put a nested list into '{}' of the outer list", Part.RELATED),
        )
    return hops


def nested_builder(
    members: dict[str, Any], name: str, hops: tuple[Relation, ...], relation: Relation
) -> NestedBuilder:
    """Return the builder of a list among the members of a row, a new one if there is none."""
    found = members.get(name)
    if found is None:
        found = members[name] = NestedBuilder(name, hops, relation)
    if not isinstance(found, NestedBuilder) or found.relation is not relation:
        raise QueryError(worded("Two outputs have the name '{}'", name), path=Part.FIELDS)
    return found


def finish_nested(
    builder: NestedBuilder, access: Access, authorize: Authorize, places: set[str] | None
) -> Nested:
    """Authorize the arguments of a nested list.

    Args:
        builder: what was collected.
        access: the reach from the row that the list belongs to.
        authorize: authorizes the fields of one row of it.
        places: takes the places of comparisons on JSON.
    """
    way = (*builder.hops, builder.relation)
    asked, limits = builder.asked, access.limits
    place: Place = asked.place if asked is not None else Part.FIELDS
    inner = access.inside(way, builder.asked.source if builder.asked else builder.source)
    terms, bare = _terms(builder)
    # Names before caps: a path that is too long and not granted must not look as if it existed.
    related = asked.related if asked else ()
    named = name_aggregates(related, inner, places) if related else NO_NAMES
    selection = authorize(terms, inner, related, places, named) if terms else None
    access.count_joins(way, place)
    where = None
    if asked is not None and asked.filters is not None:
        where, found = authorize_filters(asked.filters, inner, named)
        if places is not None:
            places |= found
    if asked is not None and asked.search is not None:
        where = within(authorize_search(asked.search, inner, inside(place, Part.SEARCH)), where)
    order_terms, order_by = _order(builder, inner, place, named)
    order_by, distinct_on = authorize_list_distinct(asked, selection, order_by, inner)
    keyset = None
    if asked is not None and asked.cursor is not None:
        ordered = replace(asked, order_by=order_terms)
        known = frozenset(places or ())
        keyset = authorize_list_cursor(ordered, terms, order_by, way, inner, known)
    return Nested(
        name=builder.name,
        hops=builder.hops,
        relation=builder.relation,
        selection=selection,
        rows=rows_behind(builder.relation, access),
        where=where,
        order_by=order_by,
        limit=asked.limit if asked else min(limits.default_limit, limits.max_limit),
        offset=asked.offset if asked else 0,
        paged=asked.paged if asked else False,
        counted=asked.counted if asked else False,
        masks=access.masks(builder.hops),
        place=place,
        combined=asked is not None and asked.distinct is True,
        distinct_on=distinct_on,
        keyset=keyset,
        bare=bare,
    )


def _order(
    builder: NestedBuilder, inner: Access, place: Place, named: NamedAggregates
) -> tuple[tuple[OrderTerm, ...], tuple[Ordering, ...]]:
    """Return the requested order of a nested list, or the default order of its model.

    The order that the links of a relation keep is that of the relation. Combinations of values can
    be sorted by these values only.
    """
    asked = builder.asked
    place = inside(place, Part.ORDER_BY)
    if asked is not None and asked.order_by:
        terms = asked.order_by
        return terms, authorize_orders(terms, inner, place, named)
    entry = inner.policy.entries.get(inner.resource.label)
    if entry is None or not entry.default_order or builder.relation.sorted_by is not None:
        return (), ()
    if asked is not None and asked.distinct is True:
        return (), ()
    terms = visible_order(entry.default_order, inner)
    return terms, by_columns(orderings(terms, inner, place))


def _terms(builder: NestedBuilder) -> tuple[tuple[FieldTerm, ...], bool]:
    """Return what is wanted of each row, and whether this alone is the item, without an object.

    Nothing means that the key of the row is the item.
    """
    terms, relation = list(builder.terms), builder.relation
    if builder.asked is not None and builder.asked.fields is not None:
        terms += builder.asked.fields
    bare = builder.keys and not terms and relation.called is not None
    if builder.keys and (terms or bare):
        terms.insert(0, FieldTerm((relation.item.name,)))
    if not terms and not builder.keys:
        terms = [FieldTerm(("*",))]
    return tuple(dict.fromkeys(terms)), bare
