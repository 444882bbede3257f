"""Joins of the rows of one model that a generic foreign key points to.

Django has no such join. What it asks of a field to make one is made here, and put where only the
name of the join finds it, which no field can have. Uses ``Options.fields_map``, ``PathInfo``,
``WhereNode``, and what ``Join`` and ``Query.names_to_path`` ask of a field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import CharField, Func, TextField, UUIDField
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from django.db.models.query_utils import PathInfo
from django.db.models.sql.where import WhereNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Field, Model

    from django_flex.schema.resources import Relation

_NUMBER = "^[0-9]{1,18}"
_UUID = "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
#: The end of a text. Before a last line break, too, ``$`` is one on MariaDB and MySQL, so there it
#: is said that no character follows, which needs no backslash.
_END, _NOTHING_MORE = "$", "(?s)(?!.)"


class TypedJoin:
    """What Django needs of a field to join the rows of one model, those of the right type and key.

    The joined column is never taken for the key beside the type, which other types have, too.
    """

    is_relation = True
    null = True
    empty_strings_allowed = False
    many_to_many = one_to_many = False

    def __init__(self, relation: Relation, there: type[Model], kind: object) -> None:
        key = relation.typed_key
        assert key is not None  # noqa: S101 - for types only: the caller has looked
        holder = apps.get_model(key.holder)
        self.name = relation.lookup
        self.kind = kind
        self.type_field: Field[Any, Any] = holder._meta.get_field(key.column)
        self.key_field: Field[Any, Any] = holder._meta.get_field(key.key)
        self.model: type[Model] = self.type_field.model
        self.related_model = there
        pk: Any = there._meta.pk
        join: Any = self
        self.path_infos = [
            PathInfo(
                from_opts=self.model._meta,
                to_opts=there._meta,
                target_fields=(pk,),
                join_field=join,
                m2m=False,
                direct=False,
                filtered_relation=None,
            )
        ]

    def get_joining_fields(self) -> tuple[()]:
        """No columns are equal as they are."""
        return ()

    def get_extra_restriction(self, alias: str, remote_alias: str) -> WhereNode:
        """Return the whole condition of the join."""
        pk: Any = self.related_model._meta.pk
        types = Col(remote_alias, self.type_field, _value_field(self.type_field))
        stored = Col(remote_alias, self.key_field)
        found = Col(alias, pk, _value_field(pk))
        condition: list[Any] = [Exact(types, self.kind), Exact(found, _as_key(stored, pk))]
        return WhereNode(condition)


def _value_field(field: Any) -> Field[Any, Any]:
    """Return the field that the values of a column are of: of a reference that of its target."""
    while field.remote_field is not None:
        field = field.target_field
    found: Field[Any, Any] = field
    return found


def _as_key(stored: Col, pk: Field[Any, Any]) -> object:
    """Return a stored key as one of a model: a text as a number or UUID, if it is one."""
    target = _value_field(pk)
    texts = (CharField, TextField)
    if not isinstance(stored.target, texts) or isinstance(target, texts):
        return stored
    if isinstance(target, UUIDField):
        return _TextAsUUID(stored, output_field=UUIDField())
    return _TextAsNumber(stored, output_field=target)


class _TextAsNumber(Func):
    """The number that a text consists of; NULL of any other text, which a cast would fail at."""

    arity = 1

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]  # no other templates
        """Write it for PostgreSQL."""
        return self._written(
            compiler, f"CASE WHEN {{0}} ~ '{_NUMBER}{_END}' THEN {{0}}::bigint END"
        )

    def as_mysql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Write it for MariaDB and MySQL."""
        cast = f"CASE WHEN {{0}} REGEXP '{_NUMBER}{_NOTHING_MORE}' THEN CAST({{0}} AS SIGNED) END"
        return self._written(compiler, cast)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Write it for SQLite, which has no regular expressions."""
        digits = "{0} <> '' AND {0} NOT GLOB '*[^0-9]*' AND LENGTH({0}) <= 18"
        return self._written(compiler, f"CASE WHEN {digits} THEN CAST({{0}} AS INTEGER) END")

    def _written(self, compiler: Any, template: str) -> Any:
        column, _ = compiler.compile(self.get_source_expressions()[0])
        # The braces of a regular expression are not places.
        return template.replace("{0}", column), []


class _TextAsUUID(_TextAsNumber):
    """The UUID that a text is, with or without dashes; NULL of any other text."""

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]  # no other templates
        """Write it for PostgreSQL."""
        return self._written(compiler, f"CASE WHEN {{0}} ~ '{_UUID}{_END}' THEN {{0}}::uuid END")

    def as_mysql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Write it for MariaDB, and for MySQL, which has no type of UUIDs."""
        if not connection.features.has_native_uuid_field:
            return self._written(compiler, "LOWER(REPLACE({0}, '-', ''))")
        cast = f"CASE WHEN {{0}} REGEXP '{_UUID}{_NOTHING_MORE}' THEN CAST({{0}} AS UUID) END"
        return self._written(compiler, cast)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Write it for SQLite, where a UUID is a text without dashes."""
        return self._written(compiler, "LOWER(REPLACE({0}, '-', ''))")


def joined(relation: Relation, kind: Callable[[], object]) -> str:
    """Return the name under which Django joins the rows of one way of a generic foreign key.

    Args:
        relation: the way.
        kind: returns the key of the type that the rows are of, as an expression.
    """
    key = relation.typed_key
    assert key is not None  # noqa: S101 - as above
    fields = apps.get_model(key.holder)._meta.fields_map
    # Django drops what it knows of its fields if a model is added.
    if relation.lookup not in fields:
        fields[relation.lookup] = TypedJoin(relation, apps.get_model(relation.label), kind())
    return relation.lookup
