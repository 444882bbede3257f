"""Tables that are exposed: what a model of PynamoDB has, as a resource of the schema."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import (
    Attribute as Stored,
)
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)

from django_flex.dynamodb.attributes import (
    BooleanUnicodeAttribute,
    DecimalAttribute,
    IntegerAttribute,
    StringJoinAttribute,
)
from django_flex.dynamodb.introspection import describe
from django_flex.plan.capabilities import LookupKey
from django_flex.schema.conversions.keys import WRITABLE_KINDS
from django_flex.schema.declarations import Declaration
from django_flex.schema.declare import declare
from django_flex.schema.resources import Attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_flex.dynamodb.core.schema import KeySchema, TableSchema
    from django_flex.dynamodb.introspection import ModelDescription
    from django_flex.dynamodb.models import DynamoModel
    from django_flex.schema.resources import Resource

#: The kinds of values by the class of their attribute; of several that fit, the first counts.
_KINDS: tuple[tuple[type[Stored[Any]], str], ...] = (
    (VersionAttribute, "integer"),
    (IntegerAttribute, "integer"),
    (TTLAttribute, "datetime"),
    (DecimalAttribute, "decimal"),
    (NumberAttribute, "float"),
    (BooleanAttribute, "boolean"),
    (BooleanUnicodeAttribute, "boolean"),
    (UTCDateTimeAttribute, "datetime"),
    (StringJoinAttribute, "text"),
    (UnicodeAttribute, "text"),
    (UnicodeSetAttribute, "array"),
    (NumberSetAttribute, "array"),
    (JSONAttribute, "json"),
    (ListAttribute, "json"),
    (MapAttribute, "json"),
    (BinaryAttribute, "binary"),
)
#: What the key of hash and range is called, unless the model has an attribute of that name.
_KEY_NAMES = ("pk", "id", "key")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """An exposed table.

    Attributes:
        model: its model.
        resource: what clients may name of it.
        max_evaluated: how many items one request reads at most, whether they match or not.
        max_fanout: how many queries one request becomes at most.
        consistent: whether lists and gets see all acknowledged writes, which costs twice as much.
    """

    model: type[DynamoModel]
    resource: Resource
    max_evaluated: int = 1_000
    max_fanout: int = 10
    consistent: bool = False

    @property
    def description(self) -> ModelDescription:
        """The model as data; the name of the table is the one that it has now."""
        return describe(self.model)

    @property
    def schema(self) -> TableSchema:
        """The table, its keys and its indexes."""
        return self.description.table

    @property
    def keys(self) -> tuple[LookupKey, ...]:
        """The keys that lists are read by, with the names that clients use."""
        table, name = self.schema, self.description.python_name
        found = [_lookup_key(table.key, name)]
        for index in table.indexes:
            key = _lookup_key(index.key, name)
            columns = None
            if index.projected is not None:
                columns = frozenset(
                    map(name, {*index.projected, *table.key.names, *index.key.names})
                )
            found.append(replace(key, index=index.name, columns=columns))
        return tuple(found)

    def kind(self, name: str) -> str:
        """Return the kind of the values of an attribute, by its name in Python."""
        return self.resource.attributes[name].kind


def _lookup_key(key: KeySchema, name: Callable[[str], str]) -> LookupKey:
    return LookupKey(hash=name(key.hash), range=None if key.range is None else name(key.range))


def resource_of(model: type[DynamoModel], label: str) -> Resource:
    """Return a model as a resource.

    Args:
        model: of a table that no other model shares.
        label: of the resource.

    Raises:
        TypeError: several models share the table, or a key attribute has a type of the project's own,
            or one without a text, such as bytes.
    """
    description = describe(model)
    if description.discriminator is not None:
        raise TypeError(f"{model.__name__} shares its table with other models, so it has no rows")
    table = description.table
    hashes = {table.key.hash, *(one.key.hash for one in table.indexes)}
    found = {
        name: _attribute(name, kind, one, indexed=one.attr_name in hashes)
        for name, one in _as_declared(model, description.attributes)
        if (kind := kind_of(one)) is not None
    }
    names = [description.python_name(one) for one in table.key.names]
    odd = [name for name in names if name not in found]
    if odd:
        raise TypeError(f"{model.__name__} has a key of a type of its own: {', '.join(odd)}")
    for name in names:
        # A number that a client sends is read as such; its text gives the same number again.
        if found[name].kind not in {*WRITABLE_KINDS, "float"}:
            raise TypeError(f"the key of {label} has no text: {name}")
    if len(names) == 1:
        found[names[0]] = replace(found[names[0]], primary_key=True)
    else:
        key = _composite(label, tuple(found[name] for name in names), found.keys())
        found = {key.name: key, **found}
    return declare(label, found.values(), unique=[names])


def _as_declared(
    model: type[DynamoModel], attributes: Mapping[str, Stored[Any]]
) -> list[tuple[str, Stored[Any]]]:
    """Return attributes in the order of the model; PynamoDB sorts them by name."""
    names = dict.fromkeys(name for one in reversed(model.__mro__) for name in vars(one))
    places = {name: place for place, name in enumerate(names)}
    return sorted(attributes.items(), key=lambda pair: places.get(pair[0], len(places)))


def kind_of(attribute: Stored[Any]) -> str | None:
    """Return the kind of an attribute; ``None`` if a project stores its values in its own way."""
    own = type(attribute)
    for known, kind in _KINDS:
        if isinstance(attribute, known):
            same = own.serialize is known.serialize and own.deserialize is known.deserialize
            return kind if same else None
    return None


def _attribute(name: str, kind: str, stored: Stored[Any], *, indexed: bool) -> Attribute:
    generated = isinstance(stored, VersionAttribute)
    default = stored.default if stored.default is not None else stored.default_for_new
    given = default is not None or generated
    items = None
    if kind == "array":
        numbers = isinstance(stored, NumberSetAttribute)
        items = Attribute(name, name, "float" if numbers else "text")
    return Attribute(
        name=name,
        lookup=name,
        kind=kind,
        null=bool(stored.null),
        generated=generated,
        editable=not generated and kind != "binary",
        indexed=indexed,
        items=items,
        declared=Declaration(
            has_default=given,
            default=None if callable(default) else default,
            required=not (stored.null or given),
        ),
    )


def _composite(label: str, parts: tuple[Attribute, ...], taken: Any) -> Attribute:
    name = next(one for one in _KEY_NAMES if one not in taken)
    return Attribute(
        name=name,
        lookup=name,
        kind="composite",
        primary_key=True,
        key_of=label,
        generated=True,
        editable=False,
        indexed=True,
        parts=parts,
    )
