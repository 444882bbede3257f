"""The schema of Directus: what ``directus schema snapshot`` and ``GET /schema/snapshot`` return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_flex.contrib.directus.importing.gaps import ImportFailedError

#: Collections of the system begin with this.
SYSTEM = "directus_"
USERS = f"{SYSTEM}users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a collection; ``type`` is the name that Directus has for it."""

    collection: str
    name: str
    type: str
    special: tuple[str, ...] = ()
    note: str = ""
    required: bool = False
    choices: tuple[tuple[Any, str], ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_key(self) -> bool:
        """Whether it is the primary key."""
        return bool(self.schema.get("is_primary_key"))

    @property
    def is_concealed(self) -> bool:
        """Whether Directus shows asterisks in place of the value, to administrators, too."""
        return "conceal" in self.special


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A foreign key; ``related`` is ``None`` if it may point into several collections."""

    collection: str
    field: str
    related: str | None
    one_field: str | None
    on_delete: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A table with its fields, in their order."""

    name: str
    fields: tuple[Field, ...]
    note: str = ""
    singleton: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A whole schema, without the collections of the system and folders, which have no table."""

    collections: tuple[Collection, ...]
    relations: tuple[Relation, ...]

    def relation_of(self, collection: str, name: str) -> Relation | None:
        """Return the foreign key in a field."""
        for one in self.relations:
            if (one.collection, one.field) == (collection, name):
                return one
        return None

    def list_of(self, collection: str, name: str) -> Relation | None:
        """Return the foreign key behind a list of related items."""
        for one in self.relations:
            if (one.related, one.one_field) == (collection, name):
                return one
        return None


def read_snapshot(document: object) -> Snapshot:
    """Return the schema in a snapshot, or in the reply of a server.

    Raises:
        ImportFailedError: it is none.
    """
    if isinstance(document, Mapping) and isinstance(document.get("data"), Mapping):
        document = document["data"]
    if not isinstance(document, Mapping):
        raise ImportFailedError("A snapshot is an object with 'collections' and 'fields'")
    fields: dict[str, list[Field]] = {}
    for position, one in enumerate(_list(document, "fields")):
        found = _field(one, f"fields[{position}]")
        fields.setdefault(found.collection, []).append(found)
    collections = [
        _collection(one, f"collections[{position}]", fields)
        for position, one in enumerate(_list(document, "collections"))
        if isinstance(one, Mapping) and one.get("schema")
    ]
    relations = [
        _relation(one, f"relations[{position}]")
        for position, one in enumerate(_list(document, "relations", optional=True))
    ]
    return Snapshot(
        collections=tuple(one for one in collections if not one.name.startswith(SYSTEM)),
        relations=tuple(one for one in relations if not one.collection.startswith(SYSTEM)),
    )


def _list(document: Mapping[str, Any], name: str, *, optional: bool = False) -> Sequence[Any]:
    found = document.get(name)
    if found is None and optional:
        return ()
    if not isinstance(found, list):
        raise ImportFailedError(f"'{name}' is missing, or is no list")
    return found


def _text(one: object, name: str, place: str) -> str:
    value = one.get(name) if isinstance(one, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ImportFailedError(f"{place} has no '{name}'")
    return value


def _meta(one: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Return what Directus knows of its own.

    Raises:
        ImportFailedError: it is no object; what it says, such as that a field is concealed, would be lost.
    """
    meta = one.get("meta")
    if meta is None:
        return {}
    if not isinstance(meta, Mapping):
        raise ImportFailedError(f"{place}: 'meta' is no object")
    return meta


def _collection(one: Any, place: str, fields: Mapping[str, list[Field]]) -> Collection:
    name, meta = _text(one, "collection", place), _meta(one, place)
    return Collection(
        name=name,
        fields=tuple(fields.get(name, ())),
        note=str(meta.get("note") or ""),
        singleton=bool(meta.get("singleton")),
    )


def _field(one: Any, place: str) -> Field:
    collection, name = _text(one, "collection", place), _text(one, "field", place)
    meta, schema = _meta(one, place), one.get("schema")
    options = meta.get("options")
    return Field(
        collection=collection,
        name=name,
        type=str(one.get("type") or "unknown"),
        special=_special(meta.get("special"), place),
        note=str(meta.get("note") or ""),
        required=bool(meta.get("required")),
        choices=_choices(options.get("choices") if isinstance(options, Mapping) else None),
        schema=schema if isinstance(schema, Mapping) else {},
    )


def _special(found: object, place: str) -> tuple[str, ...]:
    """Return the words, which are a text with commas in the tables of Directus."""
    words = found.split(",") if isinstance(found, str) else found or []
    if not isinstance(words, list):
        raise ImportFailedError(f"{place}: 'special' is no list")
    return tuple(str(word).strip() for word in words)


def _choices(found: object) -> tuple[tuple[Any, str], ...]:
    if not isinstance(found, list):
        return ()
    pairs = [
        (one["value"], str(one.get("text") or one["value"]))
        for one in found
        if isinstance(one, Mapping) and isinstance(one.get("value"), str | int)
    ]
    return tuple(pairs) if len(pairs) == len(found) else ()


def _relation(one: Any, place: str) -> Relation:
    collection, name = _text(one, "collection", place), _text(one, "field", place)
    meta, schema = _meta(one, place), one.get("schema")
    related, one_field = one.get("related_collection"), meta.get("one_field")
    return Relation(
        collection=collection,
        field=name,
        related=str(related) if related else None,
        one_field=str(one_field) if one_field else None,
        on_delete=str(schema["on_delete"])
        if isinstance(schema, Mapping) and schema.get("on_delete")
        else None,
    )
