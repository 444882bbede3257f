"""The length of a list inside a JSON column, on every database."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, IntegerField
from django.db.models.fields.json import KeyTransform


class JSONLength(Func):
    """Length of a JSON list; NULL for everything that is no list, as for what is absent."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, Any]:
        """``json_array_length`` takes the document and a path: a bare text is no document."""
        return self._by_path(
            compiler,
            connection,
            "CASE WHEN json_type({0}, {1}) = 'array' THEN json_array_length({0}, {1}) END",
        )

    def as_mysql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, Any]:
        """``JSON_LENGTH`` of a scalar is 1, so the type is asked first."""
        return self._by_path(
            compiler,
            connection,
            "CASE WHEN JSON_TYPE(JSON_EXTRACT({0}, {1})) = 'ARRAY' THEN JSON_LENGTH({0}, {1}) END",
        )

    def as_postgresql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, Any]:
        """``jsonb_array_length`` fails on anything but a list."""
        sql, params = compiler.compile(self.source_expressions[0])
        text = f"CASE WHEN jsonb_typeof({sql}) = 'array' THEN jsonb_array_length({sql}) END"
        return text, (*params, *params)

    def _by_path(self, compiler: Any, connection: Any, template: str) -> tuple[str, Any]:
        source = self.source_expressions[0]
        keys: list[Any] = []
        while isinstance(source, KeyTransform):
            keys.insert(0, source.key_name)
            source = source.get_source_expressions()[0]
        sql, params = compiler.compile(source)
        path = _json_path(keys)
        return template.format(sql, "%s"), (*params, path, *params, path)


def _json_path(keys: list[str]) -> str:
    """Build a JSON path; keys are letters, digits, '_' and '-' (checked by the schema)."""
    return "$" + "".join(f"[{key}]" if key.isdecimal() else f'."{key}"' for key in keys)
