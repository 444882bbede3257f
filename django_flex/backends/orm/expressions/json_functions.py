"""Facts about a value inside a JSON column, the same on every database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import FloatField, Func, IntegerField, JSONField, TextField

from django_flex.backends.orm.django_internals.json_keys import document_and_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.db.models.sql.compiler import SQLCompiler


class _JSONFunction(Func):
    """A function of a JSON value; its SQL has ``{0}`` for the document and ``{1}`` for the path.

    SQLite and MariaDB take the document and the path, since they do not accept a bare text as a
    document; PostgreSQL takes the value.
    """

    sqlite: ClassVar[str]
    mysql: ClassVar[str]
    postgresql: ClassVar[str]
    below = ""  # the end of the path

    def as_sqlite(
        self, compiler: SQLCompiler, connection: object, **extra_context: object
    ) -> tuple[str, Any]:
        """Return SQL for SQLite."""
        return self._by_path(compiler, self.sqlite)

    def as_mysql(
        self, compiler: SQLCompiler, connection: object, **extra_context: object
    ) -> tuple[str, object]:
        """Return SQL for MariaDB and MySQL."""
        return self._by_path(compiler, self.mysql)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: object, **extra_context: object
    ) -> tuple[str, object]:
        """Return SQL for PostgreSQL."""
        sql, params = compiler.compile(self.source_expressions[0])
        return self.postgresql.format(sql), (*params,) * self.postgresql.count("{0}")

    def _by_path(self, compiler: SQLCompiler, template: str) -> tuple[str, object]:
        source, keys = document_and_keys(self.source_expressions[0])
        sql, params = compiler.compile(source)
        one = (*params, json_path(keys) + self.below)
        return template.format(sql, "%s"), one * template.count("{1}")


class JSONWithLists(Func):
    """A JSON document, or NULL if the value at one of the given paths is not a list.

    In MySQL's path language, ``[0]`` of anything but a list is the value itself: ``data.0.pin``
    would be a second name for ``data.pin``. On PostgreSQL the first item of a text or number is
    this, too, and in a path of several keys digits are also keys of objects.
    """

    output_field = JSONField()

    def __init__(self, document: object, *paths: Sequence[str]) -> None:
        super().__init__(document)
        self.paths = paths

    def as_sql(  # type: ignore[override]  # takes no template
        self, compiler: SQLCompiler, connection: object, **_: object
    ) -> tuple[str, object]:
        """Return the SQL of the document."""
        compiled: tuple[str, object] = compiler.compile(self.source_expressions[0])
        return compiled

    def as_mysql(
        self, compiler: SQLCompiler, connection: object, **_: object
    ) -> tuple[str, object]:
        """Return SQL for MariaDB and MySQL."""
        return self._tested(compiler, "JSON_TYPE(JSON_EXTRACT({0}, %s)) = 'ARRAY'", json_path)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: object, **_: object
    ) -> tuple[str, object]:
        """Return SQL for PostgreSQL."""
        return self._tested(compiler, "jsonb_typeof({0} #> %s::text[]) = 'array'", _text_array)

    def _tested(
        self, compiler: SQLCompiler, test: str, written: Callable[[Sequence[str]], str]
    ) -> tuple[str, object]:
        sql, params = compiler.compile(self.source_expressions[0])
        tests = " AND ".join([test.format(sql)] * len(self.paths))
        every = [value for path in self.paths for value in (*params, written(path))]
        # Whatever sequence a column's parameters are, Django adds more of that kind to it.
        return f"CASE WHEN {tests} THEN {sql} END", type(params)((*every, *params))


class JSONLength(_JSONFunction):
    """Length of a JSON list; NULL for any other value, and for a missing one."""

    output_field = IntegerField()
    sqlite = "CASE WHEN json_type({0}, {1}) = 'array' THEN json_array_length({0}, {1}) END"
    mysql = "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) = 'ARRAY' THEN JSON_LENGTH({0}, {1}) END"
    postgresql = "CASE WHEN jsonb_typeof({0}) = 'array' THEN jsonb_array_length({0}) END"


class JSONKind(_JSONFunction):
    """The type of a JSON value, by the names of PostgreSQL; NULL for a missing value."""

    output_field = TextField()
    sqlite = (
        "CASE json_type({0}, {1}) WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number' "
        "WHEN 'text' THEN 'string' WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' "
        "ELSE json_type({0}, {1}) END"
    )
    mysql = (
        "CASE JSON_TYPE(JSON_EXTRACT({0}, {1})) WHEN 'INTEGER' THEN 'number' "
        "WHEN 'DOUBLE' THEN 'number' WHEN 'DECIMAL' THEN 'number' "
        "WHEN 'UNSIGNED INTEGER' THEN 'number' "
        "ELSE LOWER(JSON_TYPE(JSON_EXTRACT({0}, {1}))) END"
    )
    postgresql = "jsonb_typeof({0})"


class JSONKindBelow(JSONKind):
    """The same of a value under keys of objects, which may be any text; not for PostgreSQL."""

    def __init__(self, document: object, keys: Iterable[str]) -> None:
        super().__init__(document)
        spelt = (json.dumps(key) for key in keys)  # noqa: TID251 - a spelling, not a reply
        self.below = "".join(f".{key}" for key in spelt)


class JSONNumber(_JSONFunction):
    """A JSON number or boolean as a number to sort by; NULL for everything else."""

    output_field = FloatField()
    sqlite = (
        "CASE WHEN json_type({0}, {1}) IN ('integer', 'real', 'true', 'false') "
        "THEN json_extract({0}, {1}) END"
    )
    mysql = (
        "CASE JSON_TYPE(JSON_EXTRACT({0}, {1})) WHEN 'STRING' THEN NULL "
        "WHEN 'BOOLEAN' THEN JSON_EXTRACT({0}, {1}) = 'true' "
        "WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL "
        "ELSE CAST(JSON_EXTRACT({0}, {1}) AS DOUBLE) END"
    )
    postgresql = (
        "CASE jsonb_typeof({0}) WHEN 'number' THEN ({0})::numeric "
        "WHEN 'boolean' THEN ({0})::boolean::int END"
    )


class JSONText(_JSONFunction):
    """A JSON text as a text to sort by; NULL for everything else."""

    output_field = TextField()
    sqlite = "CASE WHEN json_type({0}, {1}) = 'text' THEN json_extract({0}, {1}) END"
    mysql = (
        "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) = 'STRING' "
        "THEN JSON_UNQUOTE(JSON_EXTRACT({0}, {1})) END"
    )
    postgresql = "CASE WHEN jsonb_typeof({0}) = 'string' THEN {0} #>> '{{}}' END"


class JSONWord(_JSONFunction):
    """The JSON text of a value to group by; NULL for ``null`` and for a missing one."""

    output_field = TextField()
    sqlite = (
        "CASE json_type({0}, {1}) WHEN 'null' THEN NULL WHEN 'true' THEN 'true' "
        "WHEN 'false' THEN 'false' WHEN 'text' THEN json_quote(json_extract({0}, {1})) "
        "ELSE CAST(json_extract({0}, {1}) AS TEXT) END"
    )
    # NULLIF would compare without the quotes: the text "null" would be null.
    mysql = (
        "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) <> 'NULL' "
        "THEN JSON_EXTRACT({0}, {1}) END COLLATE utf8mb4_bin"
    )
    postgresql = "NULLIF({0}, 'null'::jsonb)::text"


def _text_array(keys: Iterable[str]) -> str:
    """Build an array of PostgreSQL; quoted, since it would take the key ``null`` for NULL."""
    return "{" + ",".join(f'"{key}"' for key in keys) + "}"


def json_path(keys: Iterable[str]) -> str:
    """Build a JSON path; keys are letters, digits, '_' and '-' (checked by the schema)."""
    return "$" + "".join(f"[{key}]" if key.isdecimal() else f'."{key}"' for key in keys)
