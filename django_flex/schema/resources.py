"""Facts about resources of any backend, as data: what clients may name, and of what kind it is.

A backend for Django's ORM describes models (``introspection``); any other backend makes its
resources itself, by ``declare``. What is not an attribute or a relation here cannot be named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias

from django_flex.schema.declarations import NOTHING_DECLARED, Declaration, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django_flex.schema.geometry.geojson import GeometryType

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
        placed: whether each new row has the next value, so that only a stored one can have another.
        indexed: whether an index begins with it, so that few rows are read to find some by it.
        custom: whether a custom field creates its values, so that they may be anything.
        hashed: whether a hash of what is sent is stored, which is never read.
        stored: the kind of the column where a custom field stores values in another form.
        storage: where its files are, if it is of files.
        source: the attribute whose values it has, of a result such as a maximum.
        items: what is in its values: in an array its items, in a range its ends.
        geometry: which geometries its values are, if they are some.
        parts: the columns that are the key together, of a key of several columns.
        declared: its labels, choices, default and limits.
        renamed: what it is called where it is declared, if clients call it something else.
    """

    name: str
    lookup: str
    kind: str
    null: bool = False
    primary_key: bool = False
    computed: ComputedExpression | None = None
    length: int | None = None
    digits: int | None = None
    scale: int | None = None
    reference: bool = False
    key_of: str | None = None
    generated: bool = False
    editable: bool = True
    placed: bool = False
    indexed: bool = False
    custom: bool = False
    hashed: bool = False
    stored: str | None = None
    storage: FileStorage | None = None
    source: Attribute | None = None
    items: Attribute | None = None
    geometry: GeometryType | None = None
    parts: tuple[Attribute, ...] = ()
    declared: Declaration = NOTHING_DECLARED
    renamed: str = ""

    @property
    def own_name(self) -> str:
        """What it is called where it is declared."""
        return self.renamed or self.name

    @property
    def leading(self) -> Attribute:
        """The column that is null where there is no value: of a key of several the first one."""
        return self.parts[0] if self.parts else self

    @property
    def declaration(self) -> Declaration:
        """What is declared about the values, for people, for forms, for validation."""
        return self.declared


@dataclass(frozen=True, slots=True, eq=False)
class ComputedExpression:
    """How a value that is not a column is computed from its row.

    ``ways`` are the paths of to-one relations that the expression uses. ``halves`` are set if it is
    a label: of its row at the end of the last way, the columns before and behind the dot.
    """

    expression: object
    ways: tuple[tuple[str, ...], ...] = ()
    halves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowType:
    """A column that says of what model a row is that the key beside it belongs to.

    ``column`` is a key of Django's content types, ``label`` that of the one that it has to be.
    ``types`` is the label of these.
    """

    column: str
    label: str
    types: str


@dataclass(frozen=True, slots=True)
class TypedKey:
    """Two columns of ``holder`` that say which row of any model is meant, and the type it has to be.

    ``column`` is a key of Django's content types, ``key`` the one that belongs to it, and ``label``
    that of the type. ``types`` is the label of content types.
    """

    holder: str
    column: str
    key: str
    label: str
    types: str


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
        sorted_by: the attribute of the links by which the related rows are sorted, if they are.
        called: what the attribute of the related rows is declared as that clients call them by, ``None``
            for their key.
        far_type: of a generic relation, what the rows on the other side have to belong to.
        typed_key: of one way that a generic foreign key may lead, the columns that decide.
        same_row: whether it leads to the row itself, of which it has some columns under its name.
        as_text: whether the columns are equal as texts, since one of them holds keys as texts.
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
    sorted_by: str | None = None
    called: str | None = None
    far_type: RowType | None = None
    typed_key: TypedKey | None = None
    same_row: bool = False
    as_text: bool = False
    linked: bool = False
    reverse: bool = False
    verbose_name: Text | None = None
    find: Callable[[], Resource] | None = None
    renamed: str = ""

    @property
    def own_name(self) -> str:
        """What it is called where it is declared."""
        return self.renamed or self.name

    @property
    def needed(self) -> tuple[str, ...]:
        """The labels of the resources whose rows decide which rows are on the other side."""
        if self.same_row:
            return ()
        kind = self.typed_key or self.far_type
        links = () if self.through is None else (self.through,)
        return (self.label, *links) if kind is None else (self.label, *links, kind.types)

    @cached_property
    def target(self) -> Resource:
        """The resource on the other side, as described by the schema of the relation."""
        if self.find is None:
            raise LookupError(f"'{self.name}' leads to '{self.label}', and belongs to no schema")
        return self.find()

    @property
    def item(self) -> Attribute:
        """The attribute of a row on the other side that stands for it: its key, or what it is called."""
        there = self.target
        return there.pk if self.called is None else there.column(self.called)

    @property
    def caption(self) -> Text:
        """What people call it: by its own name, or as the rows on the other side are called."""
        if self.verbose_name is not None:
            return self.verbose_name
        there = self.target
        return there.verbose_name if self.cardinality == "one" else there.verbose_name_plural


#: Returns what clients call a name.
Naming: TypeAlias = "Callable[[str], str]"


class Described(Protocol):
    """A schema: what finds resources, and knows computed fields of them."""

    @property
    def computed(self) -> Mapping[str, Mapping[str, Attribute]]:
        """The computed fields by the label of their resource, by name."""

    @property
    def sorting(self) -> Mapping[str, frozenset[str]]:
        """The columns whose stored form sorts like the value, by the label of their resource."""

    @property
    def naming(self) -> Naming | None:
        """What clients call the names of resources, by these; ``None`` for the same."""

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
        keyless: names of relations to rows whose key has no text, which cannot be described.
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
    keyless: frozenset[str] = frozenset()
    key_name: str = "id"

    @property
    def key_columns(self) -> tuple[Attribute, ...]:
        """The columns that are the key of a row: one, or several together."""
        return self.pk.parts or (self.pk,)

    def attribute(self, name: str) -> Attribute | None:
        """Return the column of a name: the field's, its ``…_id``, or ``pk``."""
        return self._attribute_names.get(name)

    def column(self, own_name: str) -> Attribute:
        """Return the attribute that its model declares under a name."""
        return next(one for one in self.attributes.values() if one.own_name == own_name)

    def other_name(self, attribute: Attribute) -> str | None:
        """Return the second name of a foreign key, its ``…_id``; ``None`` for any other column."""
        relation = self.relation(attribute.name)
        if relation is None:
            return None
        ways, own = self._relation_names, attribute.name
        names = (n for n, one in self._attribute_names.items() if one.name == own and n != own)
        return next((n for n in names if n in ways and ways[n].name == relation.name), None)

    def relation(self, name: str) -> Relation | None:
        """Return the relation of a name: field, ``…_id``, query name or reverse accessor."""
        return self._relation_names.get(name)

    def within(self, schema: Described) -> Self:
        """Return the same resource with the computed fields that a schema has, there and beyond."""
        sorts = schema.sorting.get(self.label, frozenset())
        here = {name: _sorting(one, sorts) for name, one in self._attribute_names.items()}
        computed = schema.computed.get(self.label, {})
        relations = {name: _bound(one, schema) for name, one in self.relations.items()}
        found = replace(
            self,
            pk=_sorting(self.pk, sorts),
            attributes={**{name: here[name] for name in self.attributes}, **computed},
            relations=relations,
            _attribute_names={**computed, **here},
            _relation_names={name: relations[r.name] for name, r in self._relation_names.items()},
        )
        return found if schema.naming is None else found.called(schema.naming)

    def called(self, naming: Naming) -> Self:
        """Return the same resource with other names, beside which the old ones still lead to it."""
        called = {name: naming(name) for name in (*self.attributes, *self.relations)}
        columns = {
            n: replace(one, name=called[n], renamed=one.own_name)
            for n, one in self.attributes.items()
        }
        for name, one in columns.items():
            if one.parts:
                parts = tuple(columns[part.name] for part in one.parts)
                columns[name] = replace(one, parts=parts)
        ways = {n: replace(one, name=called[n], renamed=n) for n, one in self.relations.items()}
        of_column = {n: columns[one.name] for n, one in self._attribute_names.items()}
        of_way = {n: ways[one.name] for n, one in self._relation_names.items()}
        return replace(
            self,
            pk=columns[self.pk.name],
            attributes={one.name: one for one in columns.values()},
            relations={one.name: one for one in ways.values()},
            _attribute_names={**{naming(n): one for n, one in of_column.items()}, **of_column},
            _relation_names={**{naming(n): one for n, one in of_way.items()}, **of_way},
            unique=frozenset(frozenset(called[n] for n in names) for names in self.unique),
        )

    def names(self) -> Iterator[str]:
        """Yield every name that a path may begin with."""
        yield from self._attribute_names
        yield from self._relation_names


def _sorting(attribute: Attribute, names: frozenset[str]) -> Attribute:
    """Return an attribute with the kind that it has if its stored form sorts like the value."""
    sorts = attribute.name in names and attribute.kind == "converted"
    return replace(attribute, kind="other") if sorts else attribute


def _bound(relation: Relation, schema: Described) -> Relation:
    return replace(relation, find=lambda: schema.find(relation.label))
