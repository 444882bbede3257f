"""A second dialect, as small as one can be: other words, another envelope, the same language.

``?select=status,customer.name&where={"price": {"gte": 5}}&sort=-price&take=2&skip=2&total=true``
gives ``{"data": [...], "meta": {"more": false, "total": 4}}``. Writes send ``{"data": {...}}``, and
errors are ``{"errors": [{"message": ..., "code": ..., "at": ..., "try": ...}]}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from django_flex.audit import Names
from django_flex.describe import ModelDescription
from django_flex.dialects.base import Dialect
from django_flex.dialects.decoding import parse_json
from django_flex.dialects.facts import LinkedAction, ModelActions, Models, RowActions
from django_flex.engine.outcomes import ActionResult, BulkResult, Queued
from django_flex.exceptions import InvalidValueError, QueryError, UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.plan.related_pages import with_pages
from django_flex.plan.shape import FlexResult, Groups, Page, SingleRow
from django_flex.plan.written import Written, WrittenRow
from django_flex.query.ast import (
    ActionCall,
    And,
    Comparison,
    Condition,
    Count,
    FieldTerm,
    Mutation,
    Or,
    PageRequest,
    ParameterText,
    Query,
    Related,
    RowChange,
)
from django_flex.query.filters import parse_value
from django_flex.query.terms import parse_fields, parse_order, parse_path
from django_flex.query.values import parse_integer

if TYPE_CHECKING:
    from django_flex.dialects.base import MethodOperation, RawRequest
    from django_flex.engine.call import Call, ResolvedCall, ShapedResult
    from django_flex.engine.outcomes import ActionOutcome
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.results import RelatedPage
    from django_flex.plan.streams import StreamFormat
    from django_flex.query.ast import Batch
    from django_flex.query.limits import Limits

#: What this dialect calls the operators that it has.
OPERATORS = {"eq": "exact", "ne": "ne", "lt": "lt", "gte": "gte", "in": "in", "has": "icontains"}
#: So many terms in a list are read; how many may be asked for is not checked here, as no cap is.
MANY = 10_000
KEYS = (
    "select",
    "where",
    "sort",
    "take",
    "skip",
    "total",
    "find",
    "data",
    "key",
    "do",
    "keys",
    "with",
)


#: What it calls the parts of a request, for errors.
WORDS: Mapping[Part, str] = {
    Part.FIELDS: "select",
    Part.FILTERS: "where",
    Part.ORDER_BY: "sort",
    Part.LIMIT: "take",
    Part.OFFSET: "skip",
    Part.COUNT: "total",
    Part.SEARCH: "find",
    Part.RELATED: "with",
    Part.KEY: "key",
    Part.ACTION: "do",
    Part.RETURNING: "select",
    Part.KEYS: "keys",
    Part.CHOSEN_BY: "where",
}


class Tiny(Dialect):
    """The dialect; it keeps nothing."""

    keys: tuple[str, ...] = KEYS
    words: Mapping[Part, str] = WORDS

    def decode(self, sent: RawRequest, limits: Limits) -> Mapping[str, Any]:
        found = parse_json(sent.body, limits, "body") if sent.body else {}
        if not isinstance(found, Mapping):
            raise QueryError("The body has to be an object", path="body")
        payload: dict[str, Any] = dict(found)
        payload |= {name: ParameterText(values[-1]) for name, values in sent.parameters}
        if isinstance(payload.get("where"), str):
            payload["where"] = parse_json(payload["where"].encode(), limits, "where")
        return payload

    def agreed_operation(
        self, payload: Mapping[str, Any], meaning: MethodOperation, *, actions: Callable[[], bool]
    ) -> str:
        if "do" in payload and actions():
            return str(payload["do"])
        if "data" in payload and meaning.choices is None:
            return "add"
        return meaning.operation or self.operation_of(payload)

    def operation_of(self, payload: Mapping[str, Any]) -> str:
        return "get" if "key" in payload else "list"

    def resource_of(self, payload: Mapping[str, Any]) -> Any:
        return None

    def with_key(self, payload: Mapping[str, Any], pk: str | None) -> Mapping[str, Any]:
        return payload if pk is None else {**payload, "key": pk}

    def first_write(self, payload: Mapping[str, Any]) -> int | None:
        return None

    def check_write(self, sent: RawRequest) -> None:
        pass

    def writes_one_row(self, payload: Mapping[str, Any]) -> bool:
        return True

    def parse_query(self, resolved: ResolvedCall) -> Query:
        call, limits = resolved.call, resolved.call.settings.limits
        payload = self.known(call.payload)
        take = parse_integer(payload.get("take", limits.default_limit), "take", minimum=1)
        select, sort = payload.get("select"), payload.get("sort")
        return Query(
            resource=resolved.entry.name,
            operation=call.operation,
            pk=payload.get("key"),
            fields=terms_of(select),
            filters=where_of(payload.get("where")),
            related=_related(payload.get("with")),
            order_by=() if sort is None else parse_order(sort, MANY, "sort"),
            search=payload.get("find"),
            page=PageRequest(
                limit=take,
                offset=parse_integer(payload.get("skip", 0), "skip", minimum=0),
                count=Count("exact") if payload.get("total") == "true" else None,
            ),
        )

    def parse_mutation(self, resolved: ResolvedCall) -> Mutation:
        call, payload = resolved.call, self.known(resolved.call.payload)
        values = payload.get("data", {})
        if not isinstance(values, Mapping):
            raise InvalidValueError("An object is needed", path="data")
        return Mutation(
            resource=resolved.entry.name,
            operation=call.operation,
            changes=(RowChange(payload.get("key"), values, "data"),),
            returning=terms_of(payload["select"]) if "select" in payload else None,
            if_match=call.if_match,
        )

    def known(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        for key in payload:
            if key not in self.keys:
                raise QueryError("An unknown parameter", path=key)
        return payload

    def key_of(self, payload: Mapping[str, object]) -> object:
        return payload.get("key")

    def names_in(self, payload: Mapping[str, object], operation: str) -> Names:
        where, data = payload.get("where"), payload.get("data")
        written = data if isinstance(data, Mapping) else ()
        tests = where.items() if isinstance(where, Mapping) else ()
        filters = [f"{path}.{name}" for path, tests in tests for name in tests]
        return Names(payload.get("select", "*"), filters, map(str, written))

    def rows_in(self, result: FlexResult) -> int:
        rows = result.data.get("data")
        return len(rows) if isinstance(rows, list) else 1

    def names_operation(self, payload: Mapping[str, object]) -> bool:
        return "do" in payload

    def parse_action(
        self,
        call: Call,
        *,
        name: str,
        scope: str,
        key_name: str,
        if_match: str | None,
    ) -> ActionCall:
        payload = self.known(call.payload)
        return ActionCall(
            pk=payload.get("key"),
            keys=tuple(payload["keys"]) if "keys" in payload else None,
            filters=where_of(payload.get("where")),
            returning=terms_of(payload["select"]) if "select" in payload else None,
            if_match=if_match,
            values=payload.get("data", {}),
            place="data",
        )

    def parse_batch(self, call: Call) -> Batch:
        _refuse("batches")

    def with_references(
        self, payload: Mapping[str, Any], replies: Mapping[str, Any], place: str, limits: Limits
    ) -> Mapping[str, Any]:
        _refuse("batches")

    def stream_format(self, name: str | None, plan: ReadPlan, most: int) -> StreamFormat:
        _refuse("streams")

    def reply_to_batch(self, replies: Sequence[FlexResult]) -> FlexResult:
        _refuse("batches")

    def reply(
        self, asked: Query | Mutation, shaped: ShapedResult, headers: Mapping[str, str]
    ) -> FlexResult:
        match shaped:
            case Page():
                keys, pages = shaped.keys or [], shaped.pages
                values = shaped.rows
                if pages is not None:
                    values = [with_pages(row, pages, _related_page) for row in values]
                rows = [{"id": k} | row for k, row in zip(keys, values, strict=True)]
                meta: dict[str, Any] = {"more": shaped.paging.has_more}
                if shaped.count is not None:
                    meta["total"] = shaped.count.number
                data = {"data": rows, "meta": meta}
                return FlexResult(data=data, headers=headers, paging=shaped.paging)
            case SingleRow(value=value, pages=pages):
                if pages is not None:
                    value = with_pages(value, pages, _related_page)
                return FlexResult(data={"data": value}, headers=headers)
            case Groups(rows=rows):
                return FlexResult(data={"data": rows}, headers=headers)
            case Written(rows=(row, *_)):
                status = 201 if row.operation == "add" else 200
                return FlexResult(
                    data={"data": {"id": row.pk, **(row.value or {})}}, status_code=status
                )
            case _:
                raise UnsupportedQueryError("There are no plans here")

    def reply_to_action(self, outcome: ActionOutcome, headers: Mapping[str, str]) -> FlexResult:
        match outcome:
            case Queued(event=event):
                return FlexResult(data={"later": event}, status_code=202, headers=headers)
            case BulkResult():
                told = {"done": outcome.succeeded, "failed": sorted(map(str, outcome.errors))}
                rows = [_row(row) for row in outcome.rows]
                return FlexResult(data={"data": rows, "meta": told}, headers=headers)
            case ActionResult(value=WrittenRow() as row):
                return FlexResult(data={"data": _row(row), "meta": outcome.meta}, headers=headers)
            case ActionResult(rows=rows) if rows is not None:
                data = {"data": [_row(row) for row in rows], "meta": outcome.meta}
                return FlexResult(data=data, headers=headers)
            case ActionResult(value=value, meta=meta):
                return FlexResult(data={"data": value, "meta": meta}, headers=headers)

    def error(self, error: FlexError) -> FlexResult:
        error = error.in_words(self.words)
        told = {"message": error.message, "code": error.code, "at": error.path, "try": error.hint}
        told = {name: text for name, text in told.items() if text is not None}
        return FlexResult(data={"errors": [told]}, status_code=error.status, error=error)


class TalkativeTiny(Tiny):
    """The same with descriptions, which a dialect does not have to offer."""

    def describe(self, facts: object) -> FlexResult | None:
        match facts:
            case ModelDescription():
                readable = [one.path for one in facts.reach.fields if one.readable]
                allowed = sorted(one.id for one in facts.summary.actions)
                data: dict[str, Any] = {"select": readable, "do": allowed}
            case Models(models=models):
                data = {"have": [one.name for one in models]}
            case ModelActions(actions=linked):
                data = {"do": [one.action.id for one in linked]}
            case LinkedAction(action=action):
                data = {"do": action.id, "takes": [one["name"] for one in action.fields]}
            case RowActions(key=key, states=states):
                data = {"key": key, "do": {name: one.reason for name, one in states.items()}}
            case _:
                return None
        return FlexResult(data={"data": data})


TINY, TALKATIVE = Tiny(), TalkativeTiny()


def _related(wanted: Any) -> tuple[Related, ...]:
    """Read ``lines:2,tags:1:5``: relations, how many of their rows, and after how many of them."""
    parts = [part.split(":") for part in str(wanted).split(",")] if wanted else []
    return tuple(
        Related(
            name=(name,),
            source=(name,),
            place=f"with.{name}",
            limit=int(numbers[0]),
            offset=int(numbers[1]) if len(numbers) > 1 else 0,
            paged=True,
        )
        for name, *numbers in parts
    )


def _related_page(page: RelatedPage) -> dict[str, Any]:
    return {"rows": page.rows, "more": page.has_more}


def _row(row: WrittenRow) -> dict[str, Any]:
    return {"id": row.pk, **(row.value or {})}


def _refuse(what: str) -> NoReturn:
    raise UnsupportedQueryError(f"There are no {what} here")


def terms_of(select: Any, place: str = "select") -> tuple[FieldTerm, ...]:
    return parse_fields("*" if select is None else select, MANY, place)


def where_of(where: Any, place: str = "where") -> Condition | None:
    return None if where is None else _all_of(where, place)


def _all_of(where: Any, place: str) -> Condition:
    if not isinstance(where, dict) or not where:
        raise InvalidValueError("An object of conditions is needed", path=place)
    parts: list[Condition] = []
    for name, tests in where.items():
        if name == "any" and isinstance(tests, list):
            parts.append(Or(tuple(_all_of(part, place) for part in tests)))
            continue
        path = parse_path(name, place)
        for operator, value in dict(tests).items():
            if operator not in OPERATORS:
                raise QueryError("There is no such operator", path=f"{place}.{name}.{operator}")
            here = f"{place}.{name}.{operator}"
            parts.append(Comparison((*path, OPERATORS[operator]), parse_value(value, here), here))
    return And(tuple(parts))
