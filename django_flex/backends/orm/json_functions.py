"""Facts about a value inside a JSON column, the same on every database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import FloatField, Func, IntegerField, TextField
from django.db.models.fields.json import KeyTransform


class _JSONFact(Func):
    """A function of a JSON value; its SQL has ``{0}`` for the document and ``{1}`` for the path.

    SQLite and MariaDB take document and path, since a bare text is no document of theirs;
    PostgreSQL takes the value.
    """

    sqlite: ClassVar[str]
    mysql: ClassVar[str]
    postgresql: ClassVar[str]

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Any]:
        """Return SQL for SQLite."""
        return self._by_path(compiler, self.sqlite)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Any]:
        """Return SQL for MariaDB and MySQL."""
        return self._by_path(compiler, self.mysql)

    def as_postgresql(
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Any]:
        """Return SQL for PostgreSQL."""
        sql, params = compiler.compile(self.source_expressions[0])
        return self.postgresql.format(sql), (*params,) * self.postgresql.count("{0}")

    def _by_path(self, compiler: Any, template: str) -> tuple[str, Any]:
        source = self.source_expressions[0]
        keys: list[Any] = []
        while isinstance(source, KeyTransform):
            keys.insert(0, source.key_name)
            source = source.get_source_expressions()[0]
        sql, params = compiler.compile(source)
        one = (*params, _json_path(keys))
        return template.format(sql, "%s"), one * template.count("{1}")


class JSONLength(_JSONFact):
    """Length of a JSON list; NULL for everything that is no list, as for what is absent."""

    output_field = IntegerField()
    sqlite = "CASE WHEN json_type({0}, {1}) = 'array' THEN json_array_length({0}, {1}) END"
    mysql = "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) = 'ARRAY' THEN JSON_LENGTH({0}, {1}) END"
    postgresql = "CASE WHEN jsonb_typeof({0}) = 'array' THEN jsonb_array_length({0}) END"


class JSONKind(_JSONFact):
    """``number`` or ``string`` for values that have an order, something else or NULL for others."""

    output_field = TextField()
    sqlite = (
        "CASE json_type({0}, {1}) WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number' "
        "WHEN 'text' THEN 'string' END"
    )
    mysql = (
        "CASE JSON_TYPE(JSON_EXTRACT({0}, {1})) WHEN 'INTEGER' THEN 'number' "
        "WHEN 'DOUBLE' THEN 'number' WHEN 'DECIMAL' THEN 'number' "
        "WHEN 'UNSIGNED INTEGER' THEN 'number' WHEN 'STRING' THEN 'string' END"
    )
    postgresql = "jsonb_typeof({0})"


class JSONNumber(_JSONFact):
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


class JSONText(_JSONFact):
    """A JSON text as a text to sort by; NULL for everything else."""

    output_field = TextField()
    sqlite = "CASE WHEN json_type({0}, {1}) = 'text' THEN json_extract({0}, {1}) END"
    mysql = (
        "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) = 'STRING' "
        "THEN JSON_UNQUOTE(JSON_EXTRACT({0}, {1})) END"
    )
    postgresql = "CASE WHEN jsonb_typeof({0}) = 'string' THEN {0} #>> '{{}}' END"


class JSONWord(_JSONFact):
    """The JSON text of a value, NULL for ``null`` as for what is absent: values to group by."""

    output_field = TextField()
    sqlite = (
        "CASE json_type({0}, {1}) WHEN 'null' THEN NULL WHEN 'true' THEN 'true' "
        "WHEN 'false' THEN 'false' WHEN 'text' THEN json_quote(json_extract({0}, {1})) "
        "ELSE CAST(json_extract({0}, {1}) AS TEXT) END"
    )
    mysql = "NULLIF(JSON_EXTRACT({0}, {1}), 'null') COLLATE utf8mb4_bin"
    postgresql = "NULLIF({0}, 'null'::jsonb)::text"


def _json_path(keys: list[str]) -> str:
    """Build a JSON path; keys are letters, digits, '_' and '-' (checked by the schema)."""
    return "$" + "".join(f"[{key}]" if key.isdecimal() else f'."{key}"' for key in keys)
