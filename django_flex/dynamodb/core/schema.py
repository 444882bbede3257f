"""A table, its keys and its indexes as data. Names are those that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A value as DynamoDB's JSON has it: one type and its content, ``{"S": "text"}``.
AttributeValue = Mapping[str, Any]
#: Attribute values by name.
Item = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySchema:
    """The attributes of a key: the hash key and, if there is one, the range key."""

    hash: str
    range: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the attributes, hash key first."""
        return (self.hash,) if self.range is None else (self.hash, self.range)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSchema:
    """A secondary index.

    Attributes:
        name: the index, as requests name it.
        key: its own key; keys of the table are always in an index, too.
        is_global: a local index shares the hash key of the table, and is read consistently.
        projected: the attributes besides keys that it has; ``None`` is all of them.
    """

    name: str
    key: KeySchema
    is_global: bool
    projected: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """A table.

    Attributes:
        name: the table, as requests name it.
        key: its key.
        key_types: the types of all key attributes: S, N or B.
        indexes: its secondary indexes.
        options: where it is, if not where the other tables of the project are.
    """

    name: str
    key: KeySchema
    key_types: Mapping[str, str] = field(default_factory=dict)
    indexes: tuple[IndexSchema, ...] = ()
    options: tuple[tuple[str, Any], ...] = field(default=(), repr=False)

    def index(self, name: str) -> IndexSchema | None:
        """Return the index of this name."""
        return next((one for one in self.indexes if one.name == name), None)

    def position_names(self, index: IndexSchema | None) -> frozenset[str]:
        """Return the attributes that a position in the table, or in an index, consists of."""
        names = frozenset(self.key.names)
        return names if index is None else names | frozenset(index.key.names)

    def has(self, index: IndexSchema, names: frozenset[str]) -> bool:
        """Return whether an index has all of these attributes."""
        if index.projected is None:
            return True
        return names <= index.projected | self.position_names(index)
