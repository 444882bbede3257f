"""Full text and similarity of PostgreSQL, for projects that ask for them; elsewhere there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Case, F, FloatField, Func, TextField, Value, When

from django_flex.backends.orm.context import path_of
from django_flex.backends.orm.json_conditions import json_text
from django_flex.permissions import authorized
from django_flex.permissions.authorized import Derived, Test
from django_flex.query.search import words_of

if TYPE_CHECKING:
    from django.db.models import Q, QuerySet

    from django_flex.permissions.authorized import Search, Visible, Where
    from django_flex.permissions.authorized import Value as Anything

    Related = Callable[[authorized.Exists, str], QuerySet[Any]]
    Seen = Callable[[tuple[Visible, ...], str], Q]

#: How alike a word and the words of a row have to be, from 0 to 1: what pg_trgm takes by itself.
SIMILAR = 0.6
_ALIAS = "flex_text"


@dataclass(frozen=True, slots=True)
class Match:
    """Rows where ``value`` passes ``lookup`` by ``wanted``, best ``rank`` first.

    ``beside`` says that rows with the words in them belong to the result, too.
    """

    value: Any
    lookup: str
    wanted: Any
    rank: Any
    beside: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """How to get at related rows: those that the caller may see, and whether one is."""

    related: Related
    seen: Seen


def match(search: Search, using: str, reader: Reader) -> Match | None:
    """Return how PostgreSQL finds a text; ``None`` where the words are looked for one by one."""
    connection = connections[using]
    if search.mode == "substrings" or connection.vendor != "postgresql":
        return None
    texts = [_text(path, using, reader) for path in search.anywhere]
    if search.mode == "full_text":
        return _full_text(search, texts)
    return _similar(search, texts) if _has_trigrams(using) else None


def _full_text(search: Search, texts: list[Any]) -> Match:
    from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector

    vector = SearchVector(*texts, config=search.config)
    query = SearchQuery(search.text, config=search.config, search_type="websearch")
    return Match(vector, "exact", query, SearchRank(vector, query), beside=False)


def _similar(search: Search, texts: list[Any]) -> Match:
    whole = Func(Value(" "), *texts, function="concat_ws", output_field=TextField())
    likeness = _Likeness(whole, *(Value(word) for word in words_of(search.text)))
    return Match(likeness, "gte", SIMILAR, likeness, beside=True)


class _Likeness(Func):
    """How alike a text is to the least alike of some words. The text is put together once."""

    output_field = FloatField()

    def as_sql(  # type: ignore[override]  # takes no template
        self, compiler: Any, connection: Any, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its parameters: first those of the words, then those of the text."""
        whole, *words = (compiler.compile(part) for part in self.source_expressions)
        each = ", ".join(f"word_similarity({sql}, whole)" for sql, _ in words)
        text = f"SELECT {whole[0]} AS whole OFFSET 0"
        sql = f"(SELECT LEAST({each}) FROM ({text}) AS flex_whole)"  # noqa: S608 - compiled by Django
        return sql, (*(value for _, values in words for value in values), *whole[1])


@cache
def _has_trigrams(using: str) -> bool:
    """Whether the extension ``pg_trgm`` is there; asked once in the life of a process."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None


def _text(path: Where, using: str, reader: Reader) -> Any:
    """Return the text that a row has under a path, as far as the caller may see it."""
    if isinstance(path, Test):
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


def _own_text(test: Test, using: str) -> Any:
    column = test.column
    if isinstance(column, Derived):
        # A search looks into columns and computed fields, never into aggregates.
        return column.build(using) if callable(column.build) else Value("")
    return json_text(column) if column.attribute.kind == "json" else F(path_of(column))


def _shown(text: Any, node: Anything | authorized.Exists, using: str, reader: Reader) -> Any:
    """Return a text that is empty where a related row on the way is hidden."""
    if not node.guards:
        return text
    seen = reader.seen(node.guards, using)
    return Case(When(seen, then=text), default=Value(""), output_field=TextField())
