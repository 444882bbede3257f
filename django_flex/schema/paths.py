"""The only code that resolves a dotted path against the schema.

Every clause (fields, filters, orderings, rules, grants) uses it, so no clause can reach anything
that another one cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from django_flex.dataclass_init import fast_init
from django_flex.query.operators import OF_GEOMETRIES
from django_flex.query.terms import MAX_PATH_SEGMENTS, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute, Relation, Resource

MAX_INDEX_DIGITS = 9
#: What a file consists of in a reply. Its storage is asked for the last one.
FILE_PARTS = ("url", "name", "size")
#: The kinds of values whose parts a clause can name.
_NOWHERE, _IN_FILTERS = frozenset({"json"}), frozenset({"json", "array", "hstore"})
_IN_FIELDS = _IN_FILTERS | {"file"}


class UnknownPathError(LookupError):
    """A path does not exist. Internal: every clause treats it like a denied one."""


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class ResolvedPath:
    """The target of a path: relation hops, a column at their end, keys inside a JSON column.

    The key of a file column is one of ``FILE_PARTS``, those of an array are indexes.
    ``rest`` is what follows in a filter: transforms and an operator. ``via`` is set when
    the path ends at a relation whose key is elsewhere (to-many, reverse one-to-one): then the
    column is the primary key over there. ``canonical`` is the path in the schema's own names, the
    same for all its spellings; ``hop_names`` are those of the relations on the way.
    """

    hops: tuple[Relation, ...]
    attribute: Attribute
    keys: Path = ()
    rest: Path = ()
    via: bool = False
    hop_names: Path = field(init=False)
    canonical: Path = field(init=False)

    def __post_init__(self) -> None:
        names = tuple([hop.name for hop in self.hops])
        object.__setattr__(self, "hop_names", names)
        object.__setattr__(self, "canonical", (*names, self.attribute.name, *self.keys))

    @property
    def is_pointer(self) -> bool:
        """Whether it is a generic foreign key as a whole, which is no single value."""
        return self.via and self.hops[-1].same_row

    @property
    def value(self) -> Attribute:
        """What the values are like: those of the column, or the items of an array at its keys."""
        found = self.attribute
        if found.kind in {"array", "hstore"}:
            for _ in self.keys:
                found = found.items or found
        return found


# A target is a fact of the schema, and clients mostly request the same few paths. Failures are not
# cached, so clients cannot fill the cache with arbitrary strings.
@lru_cache(maxsize=4_096)
def resolve(
    resource: Resource,
    path: Path,
    *,
    tail: frozenset[str] = frozenset(),
    file_parts: bool = False,
    items: bool = False,
) -> ResolvedPath:
    """Resolve a path from a resource.

    Args:
        resource: where the path starts.
        path: its segments; no wildcard.
        tail: names that may follow the column (operators and transforms); empty for clauses that
            have none. A real field of the same name wins.
        file_parts: whether the path may end at a part of a file, which no other clause than
            ``fields`` can use.
        items: whether it may end at an item of an array, which only filters can use, and ``fields``
            with the other parts.

    Raises:
        UnknownPathError: a segment does not exist, or is not allowed where it is.
    """
    if len(path) > MAX_PATH_SEGMENTS:
        raise UnknownPathError
    hops: list[Relation] = []
    current = resource
    for position, name in enumerate(path):
        relation = current.relation(name)
        following = path[position + 1 : position + 2]
        if relation and following and _continues(relation.target, following[0]):
            hops.append(relation)
            current = relation.target
            continue
        rest = path[position + 1 :]
        parts = _IN_FIELDS if file_parts else _IN_FILTERS if items else _NOWHERE
        return _end(current, name, tuple(hops), rest, tail, parts)
    raise UnknownPathError


def hops_to_others(hops: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return those relations of a way that lead to other rows: not the names for columns of one."""
    return tuple(hop for hop in hops if not hop.same_row)


def ways_of(
    attribute: Attribute, hops: tuple[Relation, ...], resource: Resource
) -> tuple[tuple[Relation, ...], ...]:
    """Return the ways to the related rows that a computed value is made of; nothing for a column.

    Args:
        attribute: the value.
        hops: the way to its row.
        resource: where that begins.
    """
    if attribute.computed is None:
        return ()
    # A name for some columns of a row leads no further than to the row.
    real = hops_to_others(hops)
    there = real[-1].target if real else resource
    return tuple((*real, *resolve_hops(there, way)) for way in attribute.computed.ways)


def pointer_paths(resource: Resource, path: Path) -> tuple[Path, ...]:
    """Return the paths of both columns of a generic foreign key, nothing for any other path."""
    try:
        hops = resolve_hops(resource, path)
    except UnknownPathError:
        return ()
    if not hops or not hops[-1].same_row:
        return ()
    way = tuple(hop.name for hop in hops)
    return tuple((*way, name) for name in hops[-1].target.attributes)


def resolve_hops(resource: Resource, path: Path) -> tuple[Relation, ...]:
    """Resolve a path that only has relations, such as the one before ``.*`` or a quantifier.

    Raises:
        UnknownPathError: a segment is not a relation.
    """
    hops: list[Relation] = []
    for name in path:
        relation = resource.relation(name)
        if relation is None:
            raise UnknownPathError
        hops.append(relation)
        resource = relation.target
    return tuple(hops)


def _continues(target: Resource, name: str) -> bool:
    return target.attribute(name) is not None or target.relation(name) is not None


def _end(
    current: Resource,
    name: str,
    hops: tuple[Relation, ...],
    rest: Path,
    tail: frozenset[str],
    parts: frozenset[str],
) -> ResolvedPath:
    attribute, relation = current.attribute(name), current.relation(name)
    via = attribute is None and relation is not None
    if attribute is None and relation is not None:
        hops, attribute = (*hops, relation), relation.item
    if attribute is None:
        raise UnknownPathError
    keys: Path = ()
    if attribute.kind == "json" and not via:
        keys, rest = _split_keys(rest, tail)
    elif attribute.kind == "file" and len(rest) == 1 and rest[0] in FILE_PARTS:
        keys, rest = rest, ()
    elif attribute.kind == "array" and not via:
        keys, rest = _split_indexes(rest, attribute)
    elif (
        attribute.kind == "hstore"
        and not via
        and rest
        and (rest[0] not in tail or rest[0] in OF_GEOMETRIES)
    ):
        keys, rest = rest[:1], rest[1:]
    if keys and attribute.kind not in parts:
        raise UnknownPathError
    if not all(name in tail for name in rest) or not all(map(_is_key, keys)):
        raise UnknownPathError
    return ResolvedPath(hops=hops, attribute=attribute, keys=keys, rest=rest, via=via)


def _split_keys(path: Path, tail: frozenset[str]) -> tuple[Path, Path]:
    """Separate the keys of a JSON column from trailing words that the clause allows."""
    end = len(path)
    while end and path[end - 1] in tail and path[end - 1] not in OF_GEOMETRIES:
        end -= 1
    return path[:end], path[end:]


def _split_indexes(path: Path, attribute: Attribute) -> tuple[Path, Path]:
    """Separate the indexes of an array, of arrays in it as many as there are, from what follows."""
    end, inside = 0, attribute
    while end < len(path) and inside.kind == "array" and inside.items and path[end].isdecimal():
        end, inside = end + 1, inside.items
    return path[:end], path[end:]


def _is_key(name: str) -> bool:
    """Whether a name is the only spelling of a key, so that an excluded key has no second name."""
    if not (name.isascii() and SEGMENT.fullmatch(name)):
        return False
    # Django also reads "-1" and "1_0" as list indexes, which databases interpret differently.
    if not name.lstrip("-").replace("_", "").isdecimal():
        return True
    return name.isdecimal() and len(name) <= MAX_INDEX_DIGITS and name == str(int(name))
