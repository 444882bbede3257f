"""Facts about resources of any backend, as data: what clients may name, and of what kind it is.

A backend for Django's ORM describes models (``introspection``); any other backend makes its
resources itself, by ``declare``. What is not an attribute or a relation here cannot be named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias

from django_flex.query.kinds import KINDS
from django_flex.schema.declarations import NOTHING_DECLARED, Declaration, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Cardinality: TypeAlias = Literal["one", "many"]


class FileStorage(Protocol):
    """Where the files of an attribute are, by the names that it has as values."""

    def url(self, name: str) -> str:
        """Return where a file can be downloaded."""

    def size(self, name: str) -> int:
        """Return how many bytes a file has. Raises ``OSError`` without one."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """A column of a resource: what its values are like, as data that needs no database.

    Attributes:
        name: what clients call it.
        lookup: what its backend calls it.
        kind: of its values.
        null: whether it may be null.
        primary_key: whether it is the key of the resource.
        computed: set if it is not a column but a named expression of an entry.
        length: how many characters a value may have, ``None`` for any number.
        digits: how many digits a decimal may have, ``scale`` of them behind the point.
        reference: whether its values are keys of other rows.
        key_of: the label of the resource that its values are keys of, its own or another one.
        generated: whether its values are generated, so that they cannot be written.
        editable: whether it was meant for input.
        indexed: whether an index begins with it, so that few rows are read to find some by it.
        custom: whether a custom field creates its values, so that they may be anything.
        hashed: whether a hash of what is sent is stored, which is never read.
        storage: where its files are, if it is of files.
        source: the attribute whose values it has, of a result such as a maximum.
        declared: its labels, choices, default and limits.
    """

    name: str
    lookup: str
    kind: str
    null: bool = False
    primary_key: bool = False
    computed: Computed | None = None
    length: int | None = None
    digits: int | None = None
    scale: int | None = None
    reference: bool = False
    key_of: str | None = None
    generated: bool = False
    editable: bool = True
    indexed: bool = False
    custom: bool = False
    hashed: bool = False
    storage: FileStorage | None = None
    source: Attribute | None = None
    declared: Declaration = NOTHING_DECLARED

    @property
    def declaration(self) -> Declaration:
        """What is declared about the values, for people, for forms, for validation."""
        return self.declared


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """How a value that is not a column is computed from its row.

    ``ways`` are the paths of to-one relations that the expression uses.
    """

    expression: object
    ways: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Relation:
    """A way from one resource to another.

    Attributes:
        name: what clients call it; ``names`` are all that they may.
        lookup: what its backend calls it.
        cardinality: of how many rows it is.
        label: of the resource on the other side.
        column: the local column that holds the key, ``None`` if the key is on the other side.
        null: whether there may be no row.
        near: the local column, and ``far`` the one on the other side, that are equal.
        constrained: whether the database lets no key point to nothing.
        through: the label of the resource of the links of a many-to-many relation.
        linked: whether it is many-to-many, from whichever side.
        reverse: whether it is declared on the other side.
        verbose_name: what people call it, ``None`` for what they call the rows on the other side.
        find: returns the resource on the other side; a schema sets it.
    """

    name: str
    lookup: str
    cardinality: Cardinality
    label: str
    column: str | None
    null: bool
    near: str
    far: str
    names: tuple[str, ...]
    constrained: bool = True
    through: str | None = None
    linked: bool = False
    reverse: bool = False
    verbose_name: Text | None = None
    find: Callable[[], Resource] | None = None

    @cached_property
    def target(self) -> Resource:
        """The resource on the other side, as described by the schema of the relation."""
        if self.find is None:
            raise LookupError(f"'{self.name}' leads to '{self.label}', and belongs to no schema")
        return self.find()

    @property
    def caption(self) -> Text:
        """What people call it: by its own name, or as the rows on the other side are called."""
        if self.verbose_name is not None:
            return self.verbose_name
        there = self.target
        return there.verbose_name if self.cardinality == "one" else there.verbose_name_plural


class Described(Protocol):
    """A schema: what finds resources, and knows computed fields of them."""

    @property
    def computed(self) -> Mapping[str, Mapping[str, Attribute]]:
        """The computed fields by the label of their resource, by name."""

    def find(self, label: str) -> Resource:
        """Return the resource of a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """All that can be said of one resource.

    Attributes:
        name: what it is called by itself, ``booking``; ``label`` is unique, ``shop.booking``.
        pk: the attribute that is its key.
        object_name: its name in capitals, ``BookingLine``, of which a name for URLs is made.
        verbose_name: what people call one row, and ``verbose_name_plural`` many.
        kinds: the labels of all that its rows are: its own, and those that it inherits from.
        plain: whether it shows all rows that are stored.
        unique: the sets of attributes whose values are unique together, on any row.
        unnamable: names that look like columns of it, and are none.
        key_name: what the key of a row is called: ``pk`` if ``id`` is another column.
    """

    name: str
    label: str
    pk: Attribute
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    _attribute_names: Mapping[str, Attribute]
    _relation_names: Mapping[str, Relation]
    object_name: str
    verbose_name: Text
    verbose_name_plural: Text
    kinds: frozenset[str]
    plain: bool = True
    unique: frozenset[frozenset[str]] = frozenset()
    unnamable: frozenset[str] = frozenset()
    key_name: str = "id"

    def attribute(self, name: str) -> Attribute | None:
        """Return the column of a name: the field's, its ``…_id``, or ``pk``."""
        return self._attribute_names.get(name)

    def relation(self, name: str) -> Relation | None:
        """Return the relation of a name: field, ``…_id``, query name or reverse accessor."""
        return self._relation_names.get(name)

    def within(self, schema: Described) -> Self:
        """Return the same resource with the computed fields that a schema has, there and beyond."""
        computed = schema.computed.get(self.label, {})
        relations = {name: _bound(one, schema) for name, one in self.relations.items()}
        return replace(
            self,
            attributes={**self.attributes, **computed},
            relations=relations,
            _attribute_names={**computed, **self._attribute_names},
            _relation_names={name: relations[r.name] for name, r in self._relation_names.items()},
        )

    def names(self) -> Iterator[str]:
        """Yield every name that a path may begin with."""
        yield from self._attribute_names
        yield from self._relation_names


def _bound(relation: Relation, schema: Described) -> Relation:
    return replace(relation, find=lambda: schema.find(relation.label))


def declare(
    label: str,
    attributes: Iterable[Attribute],
    relations: Iterable[Relation] = (),
    *,
    verbose_name: Text = "",
    verbose_name_plural: Text = "",
    unique: Iterable[Iterable[str]] = (),
) -> Resource:
    """Return a resource that no Django model describes.

    Args:
        label: its unique name, in small letters, as in ``shop.booking``.
        attributes: its columns; exactly one is the primary key.
        relations: the ways to other resources of the same schema, Django models among them.
        verbose_name: what people call one row; without it, what the label says.
        verbose_name_plural: what they call many.
        unique: sets of attributes whose values are unique together, besides the key.

    Raises:
        TypeError: it has no key or several, an unknown kind, or a name twice.
    """
    by_name = {one.name: one for one in attributes}
    ways = {one.name: one for one in relations}
    keys = [one for one in by_name.values() if one.primary_key]
    _check(label, by_name, ways, keys)
    name = label.rpartition(".")[2]
    words = name.replace("_", " ")
    (pk,) = keys
    return Resource(
        name=name,
        label=label,
        pk=pk,
        attributes=by_name,
        relations=ways,
        _attribute_names={"pk": pk, **{a.lookup: a for a in by_name.values()}, **by_name},
        _relation_names={**{n: one for one in ways.values() for n in one.names}, **ways},
        object_name=name,
        verbose_name=verbose_name or words,
        verbose_name_plural=verbose_name_plural or f"{words}s",
        kinds=frozenset((label,)),
        unique=frozenset((frozenset((pk.name,)), *map(frozenset, unique))),
        key_name="id" if by_name.get("id", pk) is pk else "pk",
    )


def _check(
    label: str,
    attributes: Mapping[str, Attribute],
    relations: Mapping[str, Relation],
    keys: list[Attribute],
) -> None:
    if len(keys) != 1:
        raise TypeError(f"'{label}' needs one primary key, and has {len(keys)}")
    if label != label.lower() or not label.rpartition(".")[0]:
        raise TypeError(f"'{label}' is no label; one is in small letters, as in 'shop.booking'")
    unknown = sorted({one.kind for one in attributes.values()} - KINDS.keys())
    if unknown:
        raise TypeError(f"'{label}' has values of unknown kinds: {', '.join(unknown)}")
    # The key of a related row goes by the name of the relation, as in Django.
    keys_of = {one.name: one.column for one in relations.values()}
    twice = [n for n in attributes.keys() & keys_of if attributes[n].lookup != keys_of[n]]
    if twice:
        both = ", ".join(sorted(twice))
        raise TypeError(f"'{label}' has attributes and relations of one name: {both}")
