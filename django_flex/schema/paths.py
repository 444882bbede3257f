"""The only code that resolves a dotted path against the schema.

Every clause (fields, filters, orderings, rules, grants) uses it, so no clause can reach anything
that another one cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from django_flex.query.terms import MAX_PATH_SEGMENTS, SEGMENT

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute, Relation, Resource

MAX_INDEX_DIGITS = 9
#: What a file consists of in a reply. Its storage is asked for the last one.
FILE_PARTS = ("url", "name", "size")


class UnknownPathError(LookupError):
    """A path does not exist. Internal: every clause treats it like a denied one."""


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedPath:
    """The target of a path: relation hops, a column at their end, keys inside a JSON column.

    The key of a file column is one of ``FILE_PARTS``.
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
        names = tuple(hop.name for hop in self.hops)
        object.__setattr__(self, "hop_names", names)
        object.__setattr__(self, "canonical", (*names, self.attribute.name, *self.keys))


# A target is a fact of the schema, and clients mostly request the same few paths. Failures are not
# cached, so clients cannot fill the cache with arbitrary strings.
@lru_cache(maxsize=4_096)
def resolve(
    resource: Resource,
    path: Path,
    *,
    tail: frozenset[str] = frozenset(),
    file_parts: bool = False,
) -> ResolvedPath:
    """Resolve a path from a resource.

    Args:
        resource: where the path starts.
        path: its segments; no wildcard.
        tail: names that may follow the column (operators and transforms); empty for clauses that
            have none. A real field of the same name wins.
        file_parts: whether the path may end at a part of a file, which no other clause than
            ``fields`` can use.

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
        return _end(current, name, tuple(hops), rest, tail, parts=file_parts)
    raise UnknownPathError


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
    *,
    parts: bool,
) -> ResolvedPath:
    attribute, relation = current.attribute(name), current.relation(name)
    via = attribute is None and relation is not None
    if attribute is None and relation is not None:
        hops, attribute = (*hops, relation), relation.target.pk
    if attribute is None:
        raise UnknownPathError
    keys: Path = ()
    if attribute.kind == "json" and not via:
        keys, rest = _split_keys(rest, tail)
    elif parts and attribute.kind == "file" and len(rest) == 1 and rest[0] in FILE_PARTS:
        keys, rest = rest, ()
    if not all(name in tail for name in rest) or not all(map(_is_key, keys)):
        raise UnknownPathError
    return ResolvedPath(hops=hops, attribute=attribute, keys=keys, rest=rest, via=via)


def _split_keys(path: Path, tail: frozenset[str]) -> tuple[Path, Path]:
    """Separate the keys of a JSON column from trailing words that the clause allows."""
    end = len(path)
    while end and path[end - 1] in tail:
        end -= 1
    return path[:end], path[end:]


def _is_key(name: str) -> bool:
    """Whether a name is the only spelling of a key, so that an excluded key has no second name."""
    if not (name.isascii() and SEGMENT.fullmatch(name)):
        return False
    # Django also reads "-1" and "1_0" as list indexes, which databases interpret differently.
    if not name.lstrip("-").replace("_", "").isdecimal():
        return True
    return name.isdecimal() and len(name) <= MAX_INDEX_DIGITS and name == str(int(name))
