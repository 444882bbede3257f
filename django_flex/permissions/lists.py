"""Nested lists of a selection: which terms and arguments belong to which to-many relation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import QueryError
from django_flex.permissions.aggregate_fields import relation_aggregate
from django_flex.permissions.authorized import Nested, Rows, Selection
from django_flex.permissions.conditions import authorize_filters
from django_flex.permissions.hints import field_denied
from django_flex.permissions.orderings import authorize_order
from django_flex.permissions.searching import authorize_search, within
from django_flex.query.ast import FieldTerm
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.query.ast import Path, Related
    from django_flex.schema.introspection import Relation

PLACE = "fields"
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
class NestedDraft:
    """A list of related rows while its terms are still coming in."""

    name: str
    hops: tuple[Relation, ...]
    relation: Relation
    source: Path = ()
    terms: list[FieldTerm] = field(default_factory=list)
    keys: bool = False
    asked: Related | None = None

    def take(self, term: FieldTerm | None) -> None:
        """Want one more thing of each row; ``None`` is its key."""
        if term is None:
            self.keys = True
        else:
            self.terms.append(term)

    def ask(self, asked: Related) -> None:
        """Take the arguments of the list."""
        if self.asked is not None:
            raise QueryError(f"Two outputs are called '{self.name}'", path=asked.place)
        self.asked = asked


def split_terms(
    terms: tuple[FieldTerm, ...], access: Access
) -> tuple[tuple[FieldTerm, ...], list[InnerTerm]]:
    """Tell terms about the row itself from those that go through a to-many relation."""
    own: list[FieldTerm] = []
    inside: list[InnerTerm] = []
    for term in terms:
        found = None if relation_aggregate(term, access) else _inner_term(term, access)
        if found is None:
            own.append(term)
        else:
            inside.append(found)
    return tuple(own), inside


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
    if is_renamed or (term.excluded and not rest):
        raise QueryError(
            f"'{term}' is a list, which cannot be renamed here",
            path=PLACE,
            hint=f'"related": {{"{term.alias or "lines"}": {{"from": "{relation.name}"}}}}',
        )
    inner = FieldTerm(rest, excluded=term.excluded) if rest else None
    return InnerTerm(term.path[:position], hops, term.path[position], relation, inner)


def _check_readable(term: FieldTerm, access: Access) -> None:
    """Refuse a term that the caller may not read before saying what else is wrong with it."""
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
            f"'{text}' is no list of this row",
            path=asked.place,
            hint="a list inside a list stands in the 'related' of the outer one",
        )
    return hops


def nested_draft(
    members: dict[str, Any], name: str, hops: tuple[Relation, ...], relation: Relation
) -> NestedDraft:
    """Return the draft of a list among the members of a row, a new one if there is none."""
    found = members.get(name)
    if found is None:
        found = members[name] = NestedDraft(name, hops, relation)
    if not isinstance(found, NestedDraft) or found.relation is not relation:
        raise QueryError(f"Two outputs are called '{name}'", path=PLACE)
    return found


def finish_nested(
    draft: NestedDraft, access: Access, authorize: Authorize, places: set[str] | None
) -> Nested:
    """Authorize what is asked of the rows of a list.

    Args:
        draft: what was collected.
        access: the reach from the row that the list belongs to.
        authorize: authorizes the fields of one row of it.
        places: takes the places of comparisons on JSON.
    """
    way = (*draft.hops, draft.relation)
    asked, limits = draft.asked, access.limits
    place = asked.place if asked is not None else PLACE
    inner = access.inside(way, draft.asked.source if draft.asked else draft.source)
    terms = _terms(draft)
    # Names before caps: a path that is too long and not granted must not look known.
    selection = authorize(terms, inner, asked.related if asked else (), places) if terms else None
    access.count_joins(way, place)
    where = None
    if asked is not None and asked.filters is not None:
        where, found = authorize_filters(asked.filters, inner)
        if places is not None:
            places |= found
    if asked is not None and asked.search is not None:
        where = within(authorize_search(asked.search, inner, f"{place}.search"), where)
    return Nested(
        name=draft.name,
        hops=draft.hops,
        relation=draft.relation,
        selection=selection,
        rows=access.related_rows(draft.relation.target) or Rows(draft.relation.target, plain=True),
        where=where,
        order_by=tuple(
            authorize_order(term, inner, f"{place}.order_by")
            for term in (asked.order_by if asked else ())
        ),
        limit=asked.limit if asked else limits.default_limit,
        offset=asked.offset if asked else 0,
        paged=asked.paged if asked else False,
        guards=access.guards(draft.hops),
    )


def _terms(draft: NestedDraft) -> tuple[FieldTerm, ...]:
    """Return what is wanted of each row; nothing means that its key alone is the item."""
    terms = list(draft.terms)
    if draft.asked is not None and draft.asked.fields is not None:
        terms += draft.asked.fields
    if draft.keys and terms:
        terms.insert(0, FieldTerm((draft.relation.target.pk.name,)))
    if not terms and not draft.keys:
        terms = [FieldTerm(("*",))]
    return tuple(dict.fromkeys(terms))
