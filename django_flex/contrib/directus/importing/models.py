"""The source text of Django's models for the collections of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

from django_flex.contrib.directus.importing.snapshot import USERS
from django_flex.scaffold.gaps import Gap, one_line

if TYPE_CHECKING:
    from django_flex.contrib.directus.importing.names import Names
    from django_flex.contrib.directus.importing.snapshot import Collection, Field, Relation

_HEADER = '''"""Models for collections of Directus, written by ``manage.py flex_import_directus``.

Review them, and put them into an app. They use the tables that Directus has created: the first
migration is applied with ``migrate --fake-initial`` where these exist.
"""

'''
#: The field of Django for a type of Directus; with a length or digits, it is completed below.
TYPES = {
    "string": "CharField",
    "hash": "CharField",
    "text": "TextField",
    "csv": "TextField",
    "integer": "IntegerField",
    "bigInteger": "BigIntegerField",
    "float": "FloatField",
    "decimal": "DecimalField",
    "boolean": "BooleanField",
    "date": "DateField",
    "time": "TimeField",
    "dateTime": "DateTimeField",
    "timestamp": "DateTimeField",
    "json": "JSONField",
    "uuid": "UUIDField",
    "binary": "BinaryField",
}
_TEXTS = frozenset({"CharField", "TextField"})
_KEYS = {"integer": "AutoField", "bigInteger": "BigAutoField"}
#: Values that are a default as they are, by the field.
_PLAIN: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("CharField", "TextField"), (str,)),
    **dict.fromkeys(("IntegerField", "BigIntegerField"), (int,)),
    "FloatField": (int, float),
}
_MAX_LENGTH, _DIGITS, _PLACES = 255, 10, 5
#: What the database does with rows whose target is deleted, as Django calls it.
_ON_DELETE = {"CASCADE": "CASCADE", "SET NULL": "SET_NULL", "SET DEFAULT": "SET_DEFAULT"}
#: Values that Directus sets by itself, as Django does it.
_SET = {"date-created": "auto_now_add", "date-updated": "auto_now"}
_USER_MODEL = "settings.AUTH_USER_MODEL"


def write_models(names: Names) -> tuple[str, list[Gap]]:
    """Return the text of a module with a model for each collection, and what it leaves out."""
    gaps: list[Gap] = []
    written = [_model(one, names, gaps) for one in names.snapshot.collections]
    body = "\n\n".join(one for one in written if one)
    imports = ["from uuid import uuid4\n"] if "uuid4" in body else []
    if _USER_MODEL in body:
        imports.append("from django.conf import settings")
    imports.append("from django.db import models")
    return f"{_HEADER}{chr(10).join(imports)}\n\n\n{body}\n", gaps


def _model(collection: Collection, names: Names, gaps: list[Gap]) -> str:
    if not any(one.is_key for one in collection.fields):
        gaps.append(Gap(collection.name, "has no primary key, so there is no model"))
        return ""
    if collection.singleton:
        gaps.append(Gap(collection.name, "is a singleton: here it is a list with one row"))
    lines = [f"class {names.classes[collection.name]}(models.Model):"]
    if collection.note:
        lines.append(f"    {_docstring(collection.note)}\n")
    for one in collection.fields:
        text = _column(one, names, gaps)
        if text:
            lines.append(f"    {names.field(collection.name, one.name)} = {text}")
    return "\n".join([*lines, "", "    class Meta:", f"        db_table = {collection.name!r}", ""])


def _docstring(note: str) -> str:
    text = one_line(note).replace("\\", "\\\\").replace('"', "'")
    return f'"""{text}"""'


def _column(field: Field, names: Names, gaps: list[Gap]) -> str | None:
    place = f"{field.collection}.{field.name}"
    if field.type == "alias":
        if names.snapshot.list_of(field.collection, field.name) is None:
            gaps.append(Gap(place, "is for the app of Directus only, and left out"))
        return None  # the other side of a foreign key
    relation = names.snapshot.relation_of(field.collection, field.name)
    if relation is not None and relation.related is not None:
        return _foreign_key(field, relation, names, gaps)
    if relation is not None:
        gaps.append(Gap(place, "may point into several collections: it is the key as a value"))
    kind = TYPES.get(field.type)
    if kind is None:
        gaps.append(Gap(place, f"has the type {field.type!r}, and is left out"))
        return None
    if field.type in {"csv", "hash"}:
        gaps.append(Gap(place, _NOTES[field.type]))
    arguments = dict(_arguments(field, kind, gaps))
    if names.field(field.collection, field.name) != field.name:
        gaps.append(Gap(place, f"is named {names.field(field.collection, field.name)!r}"))
        arguments["db_column"] = repr(field.name)
    if field.is_key and field.schema.get("has_auto_increment"):
        kind = _KEYS.get(field.type, kind)
    return _call(f"models.{kind}", arguments)


_NOTES = {
    "csv": "is a list in Directus, and its text with commas here",
    "hash": "is hashed by Directus when it is written, and by nothing here: grant no write",
}


def _call(name: str, arguments: dict[str, str], *first: str) -> str:
    return f"{name}({', '.join([*first, *(f'{key}={text}' for key, text in arguments.items())])})"


def _arguments(field: Field, kind: str, gaps: list[Gap]) -> Iterator[tuple[str, str]]:
    schema = field.schema
    if kind == "CharField":
        yield "max_length", str(_number(schema.get("max_length")) or _MAX_LENGTH)
    if kind == "DecimalField":
        digits = _number(schema.get("numeric_precision")) or _DIGITS
        places = schema.get("numeric_scale")
        yield "max_digits", str(digits)
        yield "decimal_places", str(_PLACES if places is None else _number(places))
    if field.is_key:
        yield "primary_key", "True"
        if field.type == "uuid":
            yield "default", "uuid4"
            yield "editable", "False"
        return
    yield from _common(field, kind, gaps)


def _common(field: Field, kind: str, gaps: list[Gap]) -> Iterator[tuple[str, str]]:
    schema = field.schema
    nullable = bool(schema.get("is_nullable", True))
    if nullable:
        yield "null", "True"
    if kind != "BooleanField" and not field.required and (nullable or kind in _TEXTS):
        yield "blank", "True"
    if schema.get("is_unique"):
        yield "unique", "True"
    automatic = next((_SET[one] for one in field.special if one in _SET), None)
    if automatic is not None:
        yield automatic, "True"
    else:
        yield from _default(field, kind, gaps)
    if field.choices and kind in {"CharField", "IntegerField"}:
        yield "choices", repr(list(field.choices))
    if field.note:
        yield "help_text", repr(field.note)


def _default(field: Field, kind: str, gaps: list[Gap]) -> Iterator[tuple[str, str]]:
    """Return a default that is a plain value; one that the database computes stays there."""
    value: Any = field.schema.get("default_value")
    if value is None:
        return
    if kind == "BooleanField" and value in (0, 1, "0", "1", "true", "false"):
        yield "default", str(value in (1, "1", "true"))
    elif isinstance(value, _PLAIN.get(kind, ())) and _is_literal(value):
        yield "default", repr(value)
    elif kind == "DecimalField" and _is_decimal(value):
        yield "default", repr(str(value))
    else:
        place = f"{field.collection}.{field.name}"
        gaps.append(Gap(place, f"has the default {value!r}, which is not carried over"))


def _is_literal(value: object) -> bool:
    """Whether Python's text of a value can be read as source; infinity and NaN are names."""
    return not isinstance(value, float) or isfinite(value)


def _is_decimal(value: object) -> bool:
    return (
        isinstance(value, int | float | str)
        and str(value).lstrip("-").replace(".", "", 1).isdigit()
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _foreign_key(field: Field, relation: Relation, names: Names, gaps: list[Gap]) -> str | None:
    place, related = f"{field.collection}.{field.name}", relation.related or ""
    if related == USERS:
        target = _USER_MODEL
        gaps.append(Gap(place, "points to a user: keys of Directus' users are UUIDs"))
        if "user-created" in field.special:
            gaps.append(Gap(place, "is set by Directus: grant it as a preset, {'$user': 'id'}"))
    elif related in names.classes:
        target = repr(names.classes[related])
    else:
        gaps.append(Gap(place, f"points to {related!r}, and is the key as a value"))
        return _call("models.UUIDField", {**_nullable(field), "db_column": repr(field.name)})
    nullable = bool(field.schema.get("is_nullable", True))
    on_delete = _ON_DELETE.get((relation.on_delete or "").upper(), "PROTECT")
    if on_delete == "SET_DEFAULT" or (on_delete == "SET_NULL" and not nullable):
        on_delete = "PROTECT"
    arguments = dict(_nullable(field))
    reverse = relation.one_field
    arguments["related_name"] = repr(names.field(related, reverse) if reverse else "+")
    arguments["db_column"] = repr(field.name)
    if field.note:
        arguments["help_text"] = repr(field.note)
    kind = "OneToOneField" if field.schema.get("is_unique") and not reverse else "ForeignKey"
    return _call(f"models.{kind}", arguments, target, f"models.{on_delete}")


def _nullable(field: Field) -> dict[str, str]:
    if not field.schema.get("is_nullable", True):
        return {}
    return {"null": "True", **({} if field.required else {"blank": "True"})}
