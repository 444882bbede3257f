"""What a server says about its collections, in the same form for both dialects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from django_flex.client.commands.columns import TYPES, Column, Described
from django_flex.client.dialects.flex import FlexDialect
from django_flex.client.exceptions import ProtocolError
from django_flex.client.flows.exchange import spoken
from django_flex.client.shells.sync import Client

T = TypeVar("T")


class _FlexField(BaseModel):
    type: str
    null: bool = True


class _FlexRelation(BaseModel):
    many: bool = False
    null: bool = True


class _FlexCollection(BaseModel):
    model: str
    label: str = ""
    fields: dict[str, _FlexField]
    relations: dict[str, _FlexRelation] = {}


class _FlexEntry(BaseModel):
    url: str


class _FlexIndex(BaseModel):
    models: dict[str, _FlexEntry]


class _DirectusColumn(BaseModel):
    is_nullable: bool | None = None
    is_primary_key: bool = False


class _DirectusField(BaseModel):
    field: str
    type: str
    schema_: _DirectusColumn | None = None

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


class _DirectusCollection(BaseModel):
    collection: str
    schema_: dict[str, Any] | None = None

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


def described(client: Client, names: Sequence[str]) -> list[Described]:
    """Ask about these collections; without names, about all on which the caller has rights.

    Raises:
        ApiError: the server says nothing about one of them.
        ProtocolError: it says what is no description.
    """
    flex = isinstance(client.run(spoken(client.session)), FlexDialect)
    listed, told = (_flex_names, _flex) if flex else (_directus_names, _directus)
    return [told(name, client.schema(name)) for name in names or listed(client.schema())]


def _flex_names(value: Any) -> list[str]:
    index = _understood(_FlexIndex, value)
    return [entry.url.rstrip("/").rsplit("/", 1)[-1] for entry in index.models.values()]


def _flex(name: str, value: Any) -> Described:
    found = _understood(_FlexCollection, value)
    # The label has the words, if it is the name and not a translation of it.
    same = found.label.replace(" ", "").lower() == found.model
    return Described(
        collection=name,
        label=found.label if same else found.model,
        columns={
            path: _column(field.type, null=field.null) for path, field in found.fields.items()
        },
        many=frozenset(path for path, relation in found.relations.items() if relation.many),
        required=frozenset(path for path, relation in found.relations.items() if not relation.null),
    )


def _directus_names(value: Any) -> list[str]:
    names = [
        found.collection
        for found in _understood(list[_DirectusCollection], value)
        if found.schema_ is not None  # a folder of collections has none
    ]
    return [name for name in names if not name.startswith("directus_")]


def _directus(name: str, value: Any) -> Described:
    columns = {}
    for found in _understood(list[_DirectusField], value):
        if found.type != "alias":  # no column: a list of other rows, or a part of a form
            column = found.schema_ or _DirectusColumn()
            null = not column.is_primary_key and column.is_nullable is not False
            columns[found.field] = _column(found.type, null=null)
    return Described(collection=name, label=name, columns=columns)


def _column(kind: str, *, null: bool) -> Column:
    return Column(annotation=TYPES.get(kind, "Any"), null=null)


def _understood(form: type[T], value: Any) -> T:
    try:
        return TypeAdapter(form).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"The server's description has at {where!r}: {first['msg']}") from None
