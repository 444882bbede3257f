"""To-one objects under an alias: ``buyer:customer.name, buyer:customer.email``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.resources import Relation, Resource


@dataclass(frozen=True, slots=True, eq=False)
class RenamedObject:
    """Terms that share an alias and a to-one relation: an object of that name.

    ``path`` is how they call it, ``hops`` are the relations that lead there. The ``terms`` are
    without their alias.
    """

    alias: str
    path: Path
    hops: tuple[Relation, ...]
    terms: tuple[FieldTerm, ...]


def with_renamed_objects(
    terms: tuple[FieldTerm, ...], resource: Resource
) -> tuple[FieldTerm | RenamedObject, ...]:
    """Put each group of terms that means a renamed object together, in the place of the first.

    A single term with an alias is a value, unless it is a wildcard. Terms of one alias without a
    common relation are left as they are; two outputs then have one name.
    """
    groups: dict[str, list[FieldTerm]] = {}
    for term in terms:
        if term.alias is not None:
            groups.setdefault(term.alias, []).append(term)
    found = {alias: _object(alias, group, resource) for alias, group in groups.items()}
    if not any(found.values()):
        return terms
    return tuple(_replaced(terms, found))


def _replaced(
    terms: tuple[FieldTerm, ...], objects: dict[str, RenamedObject | None]
) -> Iterator[FieldTerm | RenamedObject]:
    shown: set[str] = set()
    for term in terms:
        renamed = None if term.alias is None else objects[term.alias]
        if renamed is None:
            yield term
        elif renamed.alias not in shown:
            shown.add(renamed.alias)
            yield renamed


def _object(alias: str, group: list[FieldTerm], resource: Resource) -> RenamedObject | None:
    terms = tuple(dict.fromkeys(group))
    ways = [_to_one_hops(term, resource) for term in terms]
    if len(terms) == 1 and not (terms[0].is_wildcard and len(ways[0]) == len(terms[0].path) - 1):
        return None
    common = [hops[0] for hops in takewhile(_are_the_same, zip(*ways, strict=False))]
    path = terms[0].path[: len(common)]
    if not common or all(len(term.path) == len(path) for term in terms):
        return None
    bare = tuple(replace(term, alias=None) for term in terms)
    return RenamedObject(alias, path, tuple(common), bare)


def _are_the_same(hops: tuple[Relation, ...]) -> bool:
    return len({hop.name for hop in hops}) == 1


def _to_one_hops(term: FieldTerm, resource: Resource) -> list[Relation]:
    """Return the relations that a term begins with, as far as each leads to one row."""
    hops: list[Relation] = []
    for name in term.path:
        relation = resource.relation(name)
        if relation is None or relation.cardinality == "many":
            break
        hops.append(relation)
        resource = relation.target
    return hops
