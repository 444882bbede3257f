"""Whose a row is: the ways from a model to the users, and to what users belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.schema.resources import Relation, Resource

#: Words of columns that say who last did something with a row, not whose it is.
_TOUCHED = frozenset(
    {"modified", "updated", "changed", "edited", "deleted", "reviewed", "approved"}
)
KEY = "id"


@dataclass(frozen=True, slots=True)
class Way:
    """A path from a row to what is compared with a value of the caller: ``$user``."""

    path: tuple[str, ...]
    value: str
    many: bool = False

    @property
    def rule(self) -> dict[str, dict[str, str]]:
        """The rule for rows, as data."""
        return {".".join(self.path): {"$user": self.value}}


def ways_to_users(resource: Resource, users: str, depth: int) -> list[Way]:
    """Return the ways to the user model, the likeliest owner first.

    Args:
        resource: where they begin.
        users: the label of the user model.
        depth: how many relations a path may lead over.
    """
    if users in resource.kinds:
        return [Way((resource.key_name,), KEY)]
    found = [
        Way(path, KEY, many=relation.cardinality == "many")
        for path, relation in _paths(resource, depth, away_from=users)
        if relation.label == users
    ]
    return sorted(found, key=_likelihood)


def ways_to_tenants(resource: Resource, users: Resource, depth: int) -> list[Way]:
    """Return the ways to rows that users belong to: an organization, a team, a company.

    These are the models that a column of the user model, or of a profile that each user has one of,
    refers to.
    """
    belongs = dict(_belonging(users))
    if resource.label in {users.label, *belongs}:
        return (
            [Way((resource.key_name,), belongs[resource.label])]
            if resource.label in belongs
            else []
        )
    found = [
        Way(path, belongs[relation.label])
        for path, relation in _paths(resource, depth, away_from=users.label)
        if relation.label in belongs and relation.cardinality == "one"
    ]
    return sorted(found, key=_likelihood)


def _belonging(users: Resource) -> Iterator[tuple[str, str]]:
    """Yield the labels of what users belong to, with the attribute that is its key."""
    # Of two attributes that lead to one model the first declared one counts, as the last one here.
    for relation in reversed([*users.relations.values()]):
        if _is_profile(relation):
            for further in reversed([*relation.target.relations.values()]):
                if _is_to_one(further) and further.label != users.label:
                    yield further.label, f"{relation.own_name}.{further.column}"
    for relation in reversed([*users.relations.values()]):
        if _is_to_one(relation) and relation.label != users.label:
            yield relation.label, str(relation.column)


def _is_profile(relation: Relation) -> bool:
    """Whether each user has one of the rows, which refers to the user."""
    return relation.reverse and relation.cardinality == "one" and not _is_special(relation)


def _paths(
    resource: Resource, depth: int, *, away_from: str
) -> Iterator[tuple[tuple[str, ...], Relation]]:
    """Yield the paths over columns of rows, and at their end over lists that a row declares."""
    level: list[tuple[tuple[str, ...], Resource]] = [((), resource)]
    for _ in range(depth):
        following: list[tuple[tuple[str, ...], Resource]] = []
        for path, here in level:
            for relation in filter(_is_way, here.relations.values()):
                further = (*path, relation.name)
                yield further, relation
                if relation.cardinality == "one" and relation.label != away_from:
                    following.append((further, relation.target))
        level = following


def _is_way(relation: Relation) -> bool:
    declared_list = relation.linked and not relation.reverse and not _is_special(relation)
    return declared_list or _is_to_one(relation)


def _is_to_one(relation: Relation) -> bool:
    has_column = relation.cardinality == "one" and relation.column is not None
    return has_column and not relation.reverse and not _is_special(relation)


def _is_special(relation: Relation) -> bool:
    """Whether what a relation leads to depends on more than a column."""
    return bool(relation.same_row or relation.typed_key or relation.far_type)


def _likelihood(way: Way) -> tuple[bool, int, bool, tuple[str, ...]]:
    words = way.path[-1].split("_")
    return way.many, len(way.path), not _TOUCHED.isdisjoint(words), way.path
