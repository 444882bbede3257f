"""PostgreSQL's full-text and similarity search, for projects that enable it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Case, F, FloatField, Func, TextField, Value, When

from django_flex import resolved as authorized
from django_flex.backends.orm.expressions.computed_fields import computed_value
from django_flex.backends.orm.expressions.context import path_of
from django_flex.backends.orm.expressions.json_conditions import json_text
from django_flex.query.search import words_of
from django_flex.resolved import (
    AggregateSubquery,
    ComputedValue,
    Predicate,
    RandomNumber,
    TransformedValue,
)

if TYPE_CHECKING:
    from django.db.models import Q, QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from django_flex.resolved import Search, VisibleHop, Where
    from django_flex.resolved import Value as Anything

    Related = Callable[[authorized.Exists, str], QuerySet[Any]]
    Seen = Callable[[tuple[VisibleHop, ...], str], Q]

#: How similar a word and the words of a row have to be, from 0 to 1: the default of pg_trgm.
SIMILAR = 0.6
_ALIAS = "flex_text"


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """Rows where ``value`` passes ``lookup`` by ``wanted``, best ``rank`` first.

    With ``beside``, rows that contain the words belong to the result, too.
    """

    value: object
    lookup: str
    wanted: object
    rank: Any
    beside: bool


@dataclass(frozen=True, slots=True)
class RelatedRowsReader:
    """Reads related rows: a queryset of those that the caller may see, and whether one is visible."""

    related: Related
    seen: Seen


def match(search: Search, using: str, reader: RelatedRowsReader) -> SearchMatch | None:
    """Return how PostgreSQL finds a text; ``None`` if words are searched for one by one."""
    connection = connections[using]
    if search.mode == "substrings" or connection.vendor != "postgresql":
        return None
    texts = [_text(path, using, reader) for path in search.anywhere]
    if search.mode == "full_text":
        return _full_text(search, texts)
    return _similar(search, texts) if _has_trigrams(using) else None


def _full_text(search: Search, texts: list[Any]) -> SearchMatch:
    from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector

    vector = SearchVector(*texts, config=search.config)
    query = SearchQuery(search.text, config=search.config, search_type="websearch")
    return SearchMatch(vector, "exact", query, SearchRank(vector, query), beside=False)


def _similar(search: Search, texts: list[object]) -> SearchMatch:
    whole = Func(Value(" "), *texts, function="concat_ws", output_field=TextField())
    likeness = _Similarity(whole, *(Value(word) for word in words_of(search.text)))
    return SearchMatch(likeness, "gte", SIMILAR, likeness, beside=True)


class _Similarity(Func):
    """The similarity of a text and the least similar of some words. The text is only built once."""

    output_field = FloatField()

    def as_sql(  # type: ignore[override]  # takes no template
        self, compiler: SQLCompiler, connection: object, **_: object
    ) -> tuple[str, tuple[object, ...]]:
        """Return the SQL and its parameters: first those of the words, then those of the text."""
        whole, *words = (compiler.compile(part) for part in self.source_expressions)
        each = ", ".join(f"word_similarity({sql}, whole)" for sql, _ in words)
        text = f"SELECT {whole[0]} AS whole OFFSET 0"
        sql = f"(SELECT LEAST({each}) FROM ({text}) AS flex_whole)"  # noqa: S608 - compiled by Django
        return sql, (*(value for _, values in words for value in values), *whole[1])


@cache
def _has_trigrams(using: str) -> bool:
    """Whether the extension ``pg_trgm`` is installed; checked once per process."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None


def _text(path: Where, using: str, reader: RelatedRowsReader) -> object:
    """Return the text of a row under a path that the caller may see."""
    if isinstance(path, Predicate):
        return _shown(_own_text(path, using), path.column, using, reader)
    if isinstance(path, authorized.Exists) and path.where is not None and not path.rows.nothing:
        from django.contrib.postgres.expressions import ArraySubquery

        inner = reader.related(path, using).order_by()
        texts = inner.annotate(**{_ALIAS: _text(path.where, using, reader)}).values(_ALIAS)
        joined = Func(
            ArraySubquery(texts),
            Value(" "),
            function="array_to_string",
            output_field=TextField(),
        )
        return _shown(joined, path, using, reader)
    return Value("")


def _own_text(test: Predicate, using: str) -> object:
    column = test.column
    if isinstance(column, ComputedValue):
        # A search looks into columns and computed fields, never into what is made of them.
        source = column.source
        if isinstance(source, AggregateSubquery | RandomNumber | TransformedValue):
            return Value("")
        return computed_value(source, using)
    return json_text(column) if column.attribute.kind == "json" else F(path_of(column))


def _shown(
    text: object, node: Anything | authorized.Exists, using: str, reader: RelatedRowsReader
) -> object:
    """Return a text that is empty if a related row on the path is hidden."""
    if not node.masks:
        return text
    seen = reader.seen(node.masks, using)
    return Case(When(seen, then=text), default=Value(""), output_field=TextField())
