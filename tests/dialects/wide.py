"""The tiny dialect with a word of its own for each part of a request, none of them ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_flex.engine.call import Call, ResolvedCall
from django_flex.exceptions.places import Part
from django_flex.plan.shape import FlexResult
from django_flex.query.ast import START, ActionCall, Batch, Mutation, Operation, Query, RowChange
from django_flex.query.operations import BATCH
from django_flex.query.terms import parse_order, parse_path
from tests.dialects.tiny import KEYS, MANY, WORDS, Tiny, terms_of, where_of

ALL_WORDS: Mapping[Part, str] = {
    **WORDS,
    Part.CURSOR: "after",
    Part.DISTINCT: "unique",
    Part.AGGREGATE: "sum",
    Part.GROUP_BY: "by",
    Part.HAVING: "keep",
    Part.EXPLAIN: "how",
    Part.FORMAT: "as",
    Part.MODEL: "of",
    Part.ITEMS: "rows",
    Part.SET: "change",
    Part.MATCH: "known_by",
    Part.MAX_AFFECTED: "at_most",
    Part.IF_MATCH: "if_tag",
    Part.DRY_RUN: "try",
    Part.BATCH: "all",
    Part.ATOMIC: "together",
    Part.EXPECTED: "number",
    Part.CONDITION: "only_if",
    Part.BACKGROUND: "later",
    Part.ADD: "new",
    Part.EDIT: "changed",
    Part.REMOVE: "gone",
    Part.REPLACE: "exactly",
}
WRITTEN = {"data", "rows", "change"}
_VERBS = {ALL_WORDS[verb]: verb for verb in (Part.ADD, Part.EDIT, Part.REMOVE, Part.REPLACE)}
_MORE: tuple[str, ...] = (
    "after",
    "unique",
    "sum",
    "by",
    "keep",
    "how",
    "as",
    "of",
    "rows",
    "change",
    "known_by",
)
_MORE += ("at_most", "if_tag", "try", "all", "together", "number", "only_if", "later", "inside")


class Wide(Tiny):
    """A dialect with everything that errors can be about."""

    keys = (*KEYS, *_MORE)
    words = ALL_WORDS

    def agreed_operation(self, payload: Mapping[str, Any], *args: Any, **others: Any) -> str:
        if payload.keys() & {"all", "change", "rows", "known_by"}:
            return self.operation_of(payload)
        return super().agreed_operation(payload, *args, **others)

    def operation_of(self, payload: Mapping[str, Any]) -> str:
        if "do" in payload:
            return str(payload["do"])
        if payload.keys() & {"data", "rows"} and "known_by" not in payload:
            first = payload.get("rows", [payload])[0]
            return "edit" if "key" in first else "add"
        named = {"all": BATCH, "change": "bulk_edit", "known_by": "upsert"}
        found = (operation for key, operation in named.items() if key in payload)
        return next(found, None) or super().operation_of(payload)

    def resource_of(self, payload: Mapping[str, Any]) -> Any:
        return payload.get("of")

    def parse_query(self, resolved: ResolvedCall) -> Query:
        payload: Mapping[str, Any] = resolved.call.payload
        query = super().parse_query(resolved)
        aggregate, group_by = payload.get("sum"), payload.get("by")
        after, unique = payload.get("after"), payload.get("unique")
        related = tuple(_inside(one, payload.get("inside", {})) for one in query.related)
        return replace(
            query,
            page=replace(query.page, cursor=START if after is True else after),
            aggregate=None if aggregate is None else terms_of(aggregate, "sum"),
            group_by=None if group_by is None else terms_of(group_by, "by"),
            having=where_of(payload.get("keep"), "keep"),
            distinct=None if unique is None else (parse_path(unique, "unique"),),
            explain="plan" if payload.get("how") else None,
            stream=payload.get("as"),
            related=related,
        )

    def parse_mutation(self, resolved: ResolvedCall) -> Mutation:
        payload = self.known(resolved.call.payload)
        rows = payload.get("rows")
        changes = tuple(_row(row, f"rows[{n}]") for n, row in enumerate(rows or ()))
        if "change" in payload:
            changes = (RowChange(None, _in_our_words(payload["change"]), "change"),)
        elif rows is None:
            values = _in_our_words(payload.get("data", {}))
            changes = (RowChange(payload.get("key"), values, "data"),)
        return Mutation(
            resource=resolved.entry.name,
            operation=resolved.call.operation,
            changes=changes,
            many=rows is not None or "change" in payload,
            filters=where_of(payload.get("where")),
            max_affected=payload.get("at_most"),
            match=tuple(payload["known_by"].split(",")) if payload.get("known_by") else (),
            returning=terms_of(payload["select"]) if "select" in payload else None,
            dry_run=bool(payload.get("try")),
            if_match=payload.get("if_tag"),
        )

    def parse_action(self, call: Call, **others: Any) -> ActionCall:
        payload: Mapping[str, Any] = call.payload
        return replace(
            super().parse_action(call, **others),
            expected=payload.get("number"),
            dry_run=bool(payload.get("try")),
            background=payload.get("later"),
            condition=where_of(payload.get("only_if"), "only_if"),
        )

    def parse_batch(self, call: Call) -> Batch:
        payload: Mapping[str, Any] = call.payload
        parts = payload["all"]
        made = (Operation(None, part, f"all[{n}]") for n, part in enumerate(parts))
        together = payload.get("together", True)
        return Batch(tuple(made), atomic=together, dry_run=bool(payload.get("try")))

    def first_write(self, payload: Mapping[str, Any]) -> int | None:
        return next((n for n, one in enumerate(payload["all"]) if one.keys() & WRITTEN), None)

    def with_references(self, payload: Mapping[str, Any], *args: Any) -> Mapping[str, Any]:
        return {name: value for name, value in payload.items() if name != "of"}

    def reply_to_batch(self, replies: Any) -> FlexResult:
        return FlexResult(data={"data": [one.data for one in replies]})


WIDE = Wide()


def _inside(entry: Any, wanted: Mapping[str, Any]) -> Any:
    """Return an entry with what is wanted of its rows: ``{"sort": …, "where": …, "sum": …}``."""
    asked = wanted.get(entry.name[0], {})
    place = entry.place
    totals = terms_of(asked["sum"], f"{place}.sum") if "sum" in asked else None
    return replace(
        entry,
        fields=terms_of(asked["select"], f"{place}.select") if "select" in asked else None,
        filters=where_of(asked.get("where"), f"{place}.where"),
        order_by=parse_order(asked["sort"], MANY, f"{place}.sort") if "sort" in asked else (),
        search=asked.get("find"),
        aggregate=totals,
    )


def _row(row: Mapping[str, Any], place: str) -> RowChange:
    values = {name: value for name, value in row.items() if name != "key"}
    return RowChange(row.get("key"), _in_our_words(values), place)


def _in_our_words(value: Any) -> Any:
    """Return values in which what is done with rows inside has the name that the engine knows."""
    if isinstance(value, dict):
        return {_VERBS.get(name, name): _in_our_words(part) for name, part in value.items()}
    return [_in_our_words(part) for part in value] if isinstance(value, list) else value
