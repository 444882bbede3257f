"""Collections, fields, relations and permissions as Directus describes them, of what a caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.query.kinds import check_total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django_flex.describe import ColumnDescription, ModelDescription
    from django_flex.schema.resources import Relation, Resource

#: The types of Directus.
TYPES: Mapping[str, str] = {
    "integer": "integer",
    "decimal": "decimal",
    "float": "float",
    "boolean": "boolean",
    "text": "string",
    "uuid": "uuid",
    "datetime": "timestamp",
    "date": "date",
    "time": "time",
    "duration": "string",
    "json": "json",
    "file": "json",
    "binary": "binary",
    "array": "json",
    "range": "json",
    "hstore": "json",
    "geometry": "geometry",
    "composite": "string",
    "other": "unknown",
    "converted": "unknown",
    "encrypted": "string",
}
check_total("types of Directus", TYPES)
NO_ACCESS = {"access": "none"}


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """A model as a caller sees it, under the ``name`` that URLs have.

    ``names`` are those of all collections that the caller sees, by the names of their entries.
    ``narrowed`` says of each operation whether a rule may leave rows out.
    """

    name: str
    model: ModelDescription
    resource: Resource
    names: Mapping[str, str]
    narrowed: Mapping[str, bool]

    @property
    def reads(self) -> bool:
        """Whether the caller may read rows."""
        return not {"get", "list"}.isdisjoint(self.model.summary.operations)


def collection_object(one: Collection) -> dict[str, Any]:
    """Return a collection for ``/collections``."""
    meta = {
        "collection": one.name,
        "note": str(one.model.summary.plural),
        "hidden": False,
        "singleton": False,
    }
    return {"collection": one.name, "meta": meta, "schema": {"name": one.name}}


def field_objects(one: Collection) -> list[dict[str, Any]]:
    """Return the fields of a collection for ``/fields``, its key first, lists of rows last."""
    columns = [_field(one, path, column) for path, column in _columns(one)]
    columns.sort(key=lambda field: not field["schema"]["is_primary_key"])
    return [*columns, *(_list(one, name) for name in _lists(one))]


def relation_objects(one: Collection, seen: Iterable[Collection]) -> list[dict[str, Any]]:
    """Return the relations of a collection for ``/relations``: its foreign keys.

    Args:
        one: the collection.
        seen: all that the caller sees, for the names of the lists on their other sides.
    """
    others = {other.name: other for other in seen}
    found = []
    for path, column in _columns(one):
        relation = one.resource.relation(path)
        if relation is None or relation.cardinality != "one":
            continue
        target = one.names.get(column.model or "")
        if target is not None:
            found.append(_relation(one, path, relation, others[target]))
    return found


def permission_object(one: Collection) -> dict[str, Any]:
    """Return what the caller may do with a collection, for ``/permissions/me``."""
    summary = one.model.summary
    read = [path for path, _ in _columns(one)] + list(_lists(one))
    allowed: dict[str, Any] = dict.fromkeys(
        ("create", "read", "update", "delete", "share"), NO_ACCESS
    )
    if one.reads:
        allowed["read"] = {"access": _access(one, "read"), "fields": read}
    for word, operation in (("create", "add"), ("update", "edit")):
        if operation in summary.operations:
            inputs = one.model.writes[operation].inputs
            fields = [given.name for given in inputs]
            allowed[word] = {"access": _access(one, operation), "fields": fields}
    if "delete" in summary.operations:
        allowed["delete"] = {"access": _access(one, "delete")}
    return allowed


def _access(one: Collection, operation: str) -> str:
    return "partial" if one.narrowed[operation] else "full"


def _columns(one: Collection) -> Iterator[tuple[str, ColumnDescription]]:
    """Yield the columns of the model itself that the caller may read."""
    if not one.reads:
        return
    for field in one.model.reach.fields:
        if field.readable and "." not in field.path:
            yield field.path, field.column


def _lists(one: Collection) -> Iterator[str]:
    """Yield the lists of related rows that the caller may read."""
    if not one.reads:
        return
    for relation in one.model.reach.relations:
        readable = relation.inside is not None
        if "." not in relation.path and relation.cardinality == "many" and readable:
            yield relation.path


def _field(one: Collection, path: str, column: ColumnDescription) -> dict[str, Any]:
    declared = column.declaration
    key = one.resource.attribute(path)
    is_key = key is not None and key.primary_key
    target = None if column.model is None else one.names.get(column.model)
    kinds = {"m2o": target is not None, "cast-json": TYPES[column.kind] == "json"}
    special = [name for name, holds in kinds.items() if holds]
    choices = [{"text": str(choice.label), "value": choice.value} for choice in declared.choices]
    schema = {
        "name": path,
        "table": one.name,
        "data_type": column.kind,
        "default_value": declared.default if declared.has_default else None,
        "max_length": declared.max_length,
        "numeric_precision": declared.max_digits,
        "numeric_scale": declared.decimal_places,
        "is_generated": key is not None and key.generated,
        "is_nullable": column.null,
        "is_unique": is_key or declared.unique,
        "is_primary_key": is_key,
        "has_auto_increment": is_key and not declared.required and column.kind == "integer",
        "foreign_key_table": target,
        "foreign_key_column": None if target is None else _key_beyond(one, path),
    }
    return {
        "collection": one.name,
        "field": path,
        "type": TYPES[column.kind],
        "schema": schema,
        "meta": {
            "collection": one.name,
            "field": path,
            "special": special or None,
            "required": declared.required,
            "readonly": not _is_written(one, path),
            "hidden": False,
            "note": str(declared.help) or None,
            "options": {"choices": choices} if choices else None,
        },
    }


def _key_beyond(one: Collection, path: str) -> str | None:
    relation = one.resource.relation(path)
    return None if relation is None else relation.target.pk.name


def _is_written(one: Collection, path: str) -> bool:
    return any(path == given.name for write in one.model.writes.values() for given in write.inputs)


def _list(one: Collection, name: str) -> dict[str, Any]:
    relation = one.resource.relation(name)
    linked = relation is not None and relation.linked
    return {
        "collection": one.name,
        "field": name,
        "type": "alias",
        "schema": None,
        "meta": {
            "collection": one.name,
            "field": name,
            "special": ["m2m" if linked else "o2m"],
            "required": False,
            "readonly": not _is_written(one, name),
            "hidden": False,
            "note": None,
            "options": None,
        },
    }


def _relation(one: Collection, path: str, relation: Relation, other: Collection) -> dict[str, Any]:
    return {
        "collection": one.name,
        "field": path,
        "related_collection": other.name,
        "schema": {
            "table": one.name,
            "column": path,
            "foreign_key_table": other.name,
            "foreign_key_column": relation.target.pk.name,
        },
        "meta": {
            "many_collection": one.name,
            "many_field": path,
            "one_collection": other.name,
            "one_field": next((n for n in _lists(other) if _is_back(other, n, relation)), None),
            "junction_field": None,
        },
    }


def _is_back(other: Collection, name: str, relation: Relation) -> bool:
    """Whether a list is the other side of a foreign key."""
    back = other.resource.relation(name)
    return (
        back is not None
        and back.reverse
        and not back.linked
        and (back.near, back.far) == (relation.far, relation.near)
    )
