"""Builders of the tree of a reply: where each output goes, and which two would have one name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from django_flex.analysis.read.aggregate_fields import GroupBuilder, two_outputs
from django_flex.analysis.read.lists import NestedBuilder
from django_flex.resolved import Column, Output
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.access.reach import Access
    from django_flex.query.ast import Path
    from django_flex.resolved import Value, VisibleHop
    from django_flex.schema.resources import Attribute, Relation

#: The parts of a file that are shown where none is named: a storage is asked for none of them.
WITHOUT_IO: tuple[Path, ...] = (("url",), ("name",))
Member: TypeAlias = "Output | SelectionBuilder | NestedBuilder | GroupBuilder"


@dataclass(slots=True)
class SelectionBuilder:
    """Collects the terms of one object: the row itself, or a related one.

    ``hops`` lead to it from the row itself. With ``path`` it is a renamed object, ``path`` being how
    its terms call it: no other term belongs to it, not even one of the same name. ``may_read`` says
    whether the caller may read what a path from the row leads to.
    """

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    may_read: Callable[[ResolvedPath], bool]
    path: Path = ()
    members: dict[str, Member] = field(default_factory=dict)

    def descend(self, path: Path, hops: tuple[Relation, ...]) -> SelectionBuilder:
        """Return the builder of the object at a path, a new one if there is none.

        Args:
            path: from the row itself; it begins with the path of this object.
            hops: the relations that it consists of.

        Raises:
            QueryError: another output has the name of an object on the way.
        """
        builder = self
        for position in range(len(self.hops), len(path)):
            name, way = path[position], hops[: position + 1]
            found = builder.members.get(name)
            if not isinstance(found, SelectionBuilder):
                below = SelectionBuilder(name, way[-1], way, self.may_read)
                if found is not None:
                    _refuse_alias(found)
                    below.add_key()
                builder.members[name] = found = below
            elif found.path:
                raise two_outputs(name)
            builder = found
        return builder

    def renamed(self, name: str, hops: tuple[Relation, ...], path: Path) -> SelectionBuilder:
        """Return the builder of an object under a name of its own, whose terms begin with a path."""
        return SelectionBuilder(name, hops[-1], hops, self.may_read, path)

    def put(self, name: str, column: Value, picks: tuple[Path, ...]) -> None:
        """Put a value in, under the last name of its path.

        Raises:
            QueryError: another output has this name.
        """
        found = self.members.get(name)
        if found is not None:
            _refuse_alias(found)
        if isinstance(found, SelectionBuilder):
            found.add_key()
            return
        if isinstance(found, Output):
            # The whole value covers any part of it; parts of one value come together.
            picks = tuple(dict.fromkeys((*found.picks, *picks))) if found.picks and picks else ()
        self.members[name] = Output(name, column, picks)

    def add(self, member: Output | SelectionBuilder | GroupBuilder) -> None:
        """Put in what has a name of its own.

        Raises:
            QueryError: another output has this name.
        """
        if member.name in self.members:
            raise two_outputs(member.name)
        self.members[member.name] = member

    def add_key(self) -> None:
        """Put the primary key in front: the relation and fields behind it were both asked for.

        If the relation is by another column, and the key may not be read, it is that column.
        """
        key = self._key()
        if key.name not in self.members:
            self.members = {key.name: Output(key.name, Column(self.hops, key)), **self.members}

    def _key(self) -> Attribute:
        relation = self.hops[-1]
        pk, far = relation.target.pk, relation.target.attribute(relation.far)
        if relation.column is None or far is None or far is pk:
            return pk
        return pk if self.may_read(ResolvedPath(self.hops, pk)) else far

    def masks(self, access: Access) -> tuple[VisibleHop, ...]:
        """Return what has to be visible for this object that the objects around it do not ask for."""
        # A renamed object is in none of those on its way.
        above = () if self.path else access.masks(self.hops[:-1])
        known = {mask.hops for mask in above}
        return tuple(mask for mask in access.masks(self.hops) if mask.hops not in known)

    def count(self) -> int:
        """Return how many outputs there are."""
        return sum(
            member.count() if isinstance(member, SelectionBuilder) else 1
            for member in self.members.values()
        )


def _refuse_alias(found: Member) -> None:
    """Refuse a second output of the name of one that has it as an alias, or of a list."""
    is_renamed = isinstance(found, SelectionBuilder) and found.path
    if is_renamed or not isinstance(found, Output | SelectionBuilder):
        raise two_outputs(found.name)
    if isinstance(found, Output) and found.aliased:
        raise two_outputs(found.name)


def picks_of(attribute: Attribute, keys: Path = ()) -> tuple[Path, ...]:
    """Return the parts to show; the whole of a file is what is known without its storage."""
    if keys:
        return (keys,)
    return WITHOUT_IO if attribute.kind == "file" else ()
