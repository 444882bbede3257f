"""Replies as Directus sends them: rows under ``data``, counts under ``meta``, nothing for a 204."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from django_flex.dialects.directus.clauses.aggregates import shown_groups
from django_flex.dialects.directus.clauses.fields import FunctionTerm, KeyTerm
from django_flex.dialects.directus.clauses.paging import FILTERED, TOTAL, Meta
from django_flex.exceptions import UnsupportedQueryError
from django_flex.plan.explain import CallerExplanation
from django_flex.plan.shape import FlexResult, Groups, Page, PageInfo, SingleRow, Streamed
from django_flex.plan.written import Written
from django_flex.query.ast import Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django_flex.engine.call import ShapedResult
    from django_flex.plan.written import WrittenRow
    from django_flex.query.ast import FieldTerm, Path, Query, Related

NO_CONTENT = 204


def reply(asked: Query | Mutation, shaped: ShapedResult, headers: Mapping[str, str]) -> FlexResult:
    """Return the reply to what was asked."""
    if isinstance(asked, Mutation):
        assert isinstance(shaped, Written)  # noqa: S101 - for mypy: nothing else comes of a mutation
        return _of_write(asked, shaped, headers)
    match shaped:
        case Page():
            return _of_page(asked, shaped, headers)
        case SingleRow(value=value):
            (row,) = _renamed([value], asked.fields, asked.related)
            return FlexResult(data={"data": row}, headers=headers)
        case Groups(rows=rows):
            return FlexResult(data={"data": shown_groups(asked, rows)}, headers=headers)
        case Streamed(stream=stream):
            return FlexResult(stream=stream, headers=headers)
        case CallerExplanation() | Written():
            raise UnsupportedQueryError("There are no plans here")
    assert_never(shaped)


def _of_page(asked: Query, page: Page, headers: Mapping[str, str]) -> FlexResult:
    data: dict[str, Any] = {}
    count = asked.page.count
    if isinstance(count, Meta) and page.count is not None:
        # Without a condition both are the same; else the door puts the total in.
        data["meta"] = dict.fromkeys(count.wanted, page.count.number)
    data["data"] = _renamed(page.rows, asked.fields, asked.related)
    # The entity tag of a list is weak, and there is no link to another page.
    paging = PageInfo(page.paging.offset, page.paging.limit, has_more=False)
    return FlexResult(data=data, headers=headers, paging=paging)


def _of_write(asked: Mutation, written: Written, headers: Mapping[str, str]) -> FlexResult:
    if asked.operation in {"delete", "bulk_delete"} or any(
        row.value is None for row in written.rows
    ):
        return FlexResult(status_code=NO_CONTENT, headers=headers)
    terms = asked.returning or ()
    rows = _renamed([_values(row) for row in written.rows], terms, ())
    return FlexResult(data={"data": rows if asked.many else rows[0]}, headers=headers)


def _values(row: WrittenRow) -> dict[str, Any]:
    return dict(row.value or {})


def _renamed(
    rows: Sequence[dict[str, Any]], terms: Iterable[FieldTerm], related: Iterable[Related]
) -> list[dict[str, Any]]:
    """Return rows with each function under its name, and lists of keys as such."""
    changed = list(_changes(terms, related, ()))
    for path, term in changed:
        for row in rows:
            _change(row, path, term)
    return list(rows)


def _changes(
    terms: Iterable[FieldTerm], related: Iterable[Related], way: Path
) -> Iterator[tuple[Path, FieldTerm]]:
    for term in terms:
        if isinstance(term, FunctionTerm):
            yield (*way, *term.path[:-2]), term
    for entry in related:
        here = (*way, *entry.name)
        yield from _changes(entry.fields or (), entry.related, here)
        for term in entry.fields or ():
            if isinstance(term, KeyTerm):
                yield here, term


def _change(row: Any, path: Path, term: FieldTerm) -> None:
    if isinstance(row, list):
        for part in row:
            _change(part, path, term)
    elif not isinstance(row, dict):
        return
    elif isinstance(term, KeyTerm) and len(path) == 1:
        row[path[0]] = [part[term.path[0]] for part in row[path[0]]]
    elif path:
        _change(row.get(path[0]), path[1:], term)
    else:
        name, function = term.path[-2:]
        values = row.get(name)
        if isinstance(values, dict) and function in values:
            row[f"{name}_{_WIRE.get(function, function)}"] = values.pop(function)
            if not values:
                del row[name]


_WIRE = {"week_day": "weekday"}
__all__ = ["FILTERED", "TOTAL", "reply"]
