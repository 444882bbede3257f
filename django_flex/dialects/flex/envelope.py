"""The envelope of a reply: rows under ``results``, and facts about the page in ``pagination``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, assert_never

from django_flex.dialects.flex.serializer import aggregate_to_json, serialize
from django_flex.engine.outcomes import ActionResult, BulkResult, Queued
from django_flex.exceptions import UnsupportedQueryError
from django_flex.languages import error_in_language
from django_flex.plan.explain import CallerExplanation
from django_flex.plan.json_values import text_of, texts_of
from django_flex.plan.related_pages import with_pages
from django_flex.plan.shape import FlexResult, Groups, Page, SingleRow, Streamed
from django_flex.plan.written import Written, WrittenRow
from django_flex.query.ast import Mutation, Query
from django_flex.query.operations import BY_FILTER

if TYPE_CHECKING:
    from django_flex.engine.call import ShapedResult
    from django_flex.engine.outcomes import ActionOutcome
    from django_flex.exceptions import FlexError
    from django_flex.plan.results import RelatedPage
    from django_flex.plan.shape import PageInfo

CREATED, ACCEPTED = 201, 202


def reply_to_error(error: FlexError) -> FlexResult:
    """Return the reply that reports an error, in the active language."""
    return FlexResult.from_error(error_in_language(error))


def reply(asked: Query | Mutation, shaped: ShapedResult, headers: Mapping[str, str]) -> FlexResult:
    """Return the reply to what was asked (contract, section 6)."""
    if isinstance(asked, Mutation):
        assert isinstance(shaped, Written)  # noqa: S101 - for mypy: nothing else comes of a mutation
        return _of_write(asked, shaped, headers)
    match shaped:
        case Page():
            return FlexResult(data=_of_page(asked, shaped), headers=headers, paging=shaped.paging)
        case SingleRow():
            row, pages = shaped.value, shaped.pages
            if pages is not None:
                row = with_pages(row, pages, related_page)
            return FlexResult(data=row, headers=headers)
        case Groups():
            return FlexResult(data=_of_groups(asked, shaped), headers=headers, paging=shaped.paging)
        case CallerExplanation():
            return FlexResult(data={"plan": _of_plan(asked, shaped)}, headers=headers)
        case Streamed(stream=stream, paging=paging):
            return FlexResult(stream=stream, headers=headers, paging=paging)
        case Written():
            raise AssertionError
    assert_never(shaped)


def _of_page(asked: Query, page: Page) -> dict[str, Any]:
    data = {"pagination": _pagination(asked, page), "results": _results(asked, page)}
    if page.totals is not None:
        data["aggregates"] = page.totals
    return data


def _results(asked: Query, page: Page) -> object:
    rows, pages = page.rows, page.pages
    if pages is not None:
        rows = [with_pages(row, pages, related_page) for row in rows]
    if page.keys is None:
        return rows
    if asked.shape == "list":
        return [{page.key_name: key, **row} for key, row in zip(page.keys, rows, strict=True)]
    by_key = dict(zip(texts_of(page.keys), rows, strict=True))
    if len(by_key) < len(rows):
        # Keys that cannot be read, or that a field shows alike: a row would be lost without a word.
        raise UnsupportedQueryError(
            "Rows have keys that cannot be told apart", path="shape", hint='"shape": "list"'
        )
    return by_key


def related_page(page: RelatedPage) -> dict[str, Any]:
    """Return a page of related rows as it is shown inside a row."""
    pagination: dict[str, Any] = {
        "offset": page.offset,
        "limit": page.limit,
        "has_more": page.has_more,
    }
    for name, cursor in (("next", page.after), ("prev", page.before)):
        if cursor is not None:
            pagination[name] = {"cursor": cursor}
    if page.count is not None:
        pagination |= {"count": page.count, "count_kind": "exact"}
    return {"pagination": pagination, "results": page.rows}


def _pagination(asked: Query, page: Page) -> dict[str, Any]:
    paging = page.paging
    said = _place(paging)
    if paging.by_cursor or paging.has_more:
        said |= _neighbours(serialize(asked, page.json_places), paging)
    if page.count is not None:
        said |= {"count": page.count.number, "count_kind": page.count.kind}
    if page.ordered and asked.shape == "map" and page.keys is not None:
        # JavaScript sorts integer-like keys of an object, so the order has to be sent separately.
        said["ids"] = page.keys
    return said


def _place(paging: PageInfo) -> dict[str, Any]:
    return {"offset": paging.offset, "limit": paging.limit, "has_more": paging.has_more}


def _neighbours(query: Mapping[str, object], paging: PageInfo) -> dict[str, Any]:
    """Return the queries for the next and the previous page, if they exist."""
    if not paging.by_cursor:
        return {"next": {**query, "offset": paging.offset + paging.limit}}
    said: dict[str, Any] = {}
    if paging.after is not None:
        said["next"] = {**query, "cursor": paging.after}
    if paging.before is not None:
        said["prev"] = {**query, "cursor": paging.before}
    return said


def _of_groups(asked: Query, groups: Groups) -> dict[str, Any]:
    paging = groups.paging
    if paging is None:
        return {"results": groups.rows[0]}
    said = _place(paging)
    if paging.has_more:
        said |= _neighbours(aggregate_to_json(asked, groups.json_places), paging)
    return {"pagination": said, "results": groups.rows}


def _of_plan(asked: Query, explained: CallerExplanation) -> dict[str, Any]:
    found = explained.explanation
    costs: dict[str, Any] = {"estimated": explained.cost, "max": explained.most}
    if found.rows is not None:
        costs |= {"rows": found.rows, "ms": found.milliseconds}
    return {
        "operation": asked.operation,
        "model": explained.model,
        "role": explained.role,
        "rules": [asdict(rule) for rule in explained.rules],
        "cost": costs,
        "database": found.vendor,
        "statements": [asdict(statement) for statement in found.statements],
    }


def _of_write(asked: Mutation, written: Written, headers: Mapping[str, str]) -> FlexResult:
    rows = written.rows
    objects = [_of_row(row) for row in rows]
    added = [row for row in rows if row.operation == "add"]
    status = CREATED if added and len(added) == len(rows) else 200
    if asked.operation in BY_FILTER:
        return FlexResult(data={"affected": len(rows), "results": objects}, headers=headers)
    if asked.many:
        return FlexResult(data={"results": objects}, status_code=status, headers=headers)
    # The row that a dry run would have added has no URL.
    made = added[0].pk if added and not asked.dry_run else None
    return FlexResult(data=objects[0], status_code=status, headers=headers, created=made)


def _of_row(row: WrittenRow) -> dict[str, Any]:
    if row.operation == "delete":
        return {row.key_name: row.pk, "deleted": True}
    return {row.key_name: row.pk} if row.value is None else row.value


def reply_to_action(outcome: ActionOutcome, headers: Mapping[str, str]) -> FlexResult:
    """Return the reply to a call of a model action; a single row has ``meta`` merged into it."""
    match outcome:
        case Queued(event=event, state=state):
            data: dict[str, Any] = {"event": event, "state": state}
            return FlexResult(data=data, status_code=ACCEPTED, headers=headers)
        case ActionResult():
            return FlexResult(data=_of_action(outcome), headers=headers)
        case BulkResult():
            return FlexResult(data=_of_bulk(outcome), headers=headers)
    assert_never(outcome)


def _of_action(result: ActionResult) -> dict[str, Any]:
    meta = result.meta
    if result.rows is not None:
        return {"meta": meta, "results": _by_key(result.rows)}
    match result.value:
        case None:
            return {**meta}
        case WrittenRow() as row:
            return {**_of_row(row), **meta}
        case Mapping() as told:
            return {**told, **meta}
        case value:
            return {"result": value, **meta}


def _of_bulk(result: BulkResult) -> dict[str, Any]:
    counts: dict[str, object] = {
        "matched": result.matched,
        "succeeded": result.succeeded,
        "failed": result.failed,
    }
    if result.event is not None:
        counts["event"] = result.event
    return {
        "meta": {**counts, **result.meta},
        "results": _by_key(result.rows),
        "errors": {
            text_of(key): error_in_language(error).to_dict() for key, error in result.errors.items()
        },
    }


def _by_key(rows: tuple[WrittenRow, ...]) -> dict[str, dict[str, Any]]:
    return {text_of(row.pk): _of_row(row) for row in rows}
