"""``cursor``, ``count`` and ``distinct`` as they are read, and as they are written again."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.dialects.flex.paging import parse_count, parse_cursor, parse_distinct
from django_flex.dialects.flex.parser import parse_query
from django_flex.dialects.flex.serializer import serialize
from django_flex.exceptions import QueryError
from django_flex.query.ast import START, Count, ParameterText
from django_flex.query.limits import Limits

CURSORS = [
    (None, None),
    (False, None),
    (ParameterText("false"), None),
    (True, START),
    ("", START),
    (ParameterText("true"), START),
    (ParameterText(""), START),
    ("aB-_9", "aB-_9"),
    ("true", "true"),
]


@pytest.mark.parametrize(("value", "expected"), CURSORS, ids=range(len(CURSORS)))
def test_cursor_is_read(value: Any, expected: str | None) -> None:
    assert expected == parse_cursor({"cursor": value})


@pytest.mark.parametrize("value", [0, 1, [], {}])
def test_cursor_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(QueryError):
        parse_cursor({"cursor": value})


COUNTS = [
    (None, None),
    (False, None),
    (True, Count("exact")),
    ("exact", Count("exact")),
    (ParameterText("true"), Count("exact")),
    ("estimated", Count("estimated")),
    ("capped:10", Count("capped", 10)),
]


@pytest.mark.parametrize(("value", "expected"), COUNTS, ids=range(len(COUNTS)))
def test_count_is_read(value: Any, expected: Count | None) -> None:
    assert expected == parse_count({"count": value})


@pytest.mark.parametrize("value", [0, 1, "true", "capped:0", "capped:01", "capped:9999999999", []])
def test_count_that_makes_no_sense_is_refused(value: Any) -> None:
    with pytest.raises(QueryError):
        parse_count({"count": value})


DISTINCTS = [
    (None, None),
    (False, None),
    (True, True),
    (ParameterText("true"), True),
    ("status", (("status",),)),
    ("a.b, c, c", (("a", "b"), ("c",))),
    (["a", "b"], (("a",), ("b",))),
]


@pytest.mark.parametrize(("value", "expected"), DISTINCTS, ids=range(len(DISTINCTS)))
def test_distinct_is_read(value: Any, expected: Any) -> None:
    assert expected == parse_distinct({"distinct": value}, 10)


@pytest.mark.parametrize("value", [0, 1, "", [], ["a", 1], "a,,b", "*", {"a": 1}, "a,b,c"])
def test_distinct_that_makes_no_sense_is_refused(value: Any) -> None:
    with pytest.raises(QueryError):
        parse_distinct({"distinct": value}, 2)


@pytest.mark.parametrize(
    "payload",
    [
        {"cursor": True},
        {"cursor": "abc", "count": "exact"},
        {"count": "capped:7", "distinct": "a, b.c"},
        {"distinct": True, "count": "estimated", "offset": 4},
    ],
)
def test_query_reads_as_it_was_written(payload: dict[str, Any]) -> None:
    query = parse_query({"fields": "id", **payload}, Limits(), resource="booking")
    written = serialize(query)

    assert payload.items() <= written.items()
    assert query == parse_query(written, Limits(), resource="booking")
