"""Every cap holds for queries, writes and calls of actions that no parser of ours has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

import pytest

from django_flex.access.actor import Actor
from django_flex.access.roles import resolve_grant
from django_flex.analysis.aggregates.groups import authorize_aggregate
from django_flex.analysis.authorize import authorize
from django_flex.analysis.caps import MAX_RELATED, check_call, check_condition
from django_flex.analysis.read import cursors
from django_flex.analysis.writes.authorize import authorize_mutation
from django_flex.exceptions import CursorError, FlexError, LimitExceededError
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.ast import (
    NO_LIMIT,
    ActionCall,
    And,
    Comparison,
    Condition,
    Constant,
    FieldTerm,
    Mutation,
    Not,
    Or,
    OrderTerm,
    PageRequest,
    Quantified,
    Query,
    Related,
    RowChange,
)
from django_flex.query.filters import parse_filters
from django_flex.query.limits import Limits
from tests.doors.fronts import EVERYTHING

LIMITS = Limits(
    default_limit=3,
    max_limit=5,
    max_conditions=4,
    max_nesting=2,
    max_in_items=3,
    max_json_depth=4,
    max_fields=40,
    max_relation_depth=5,
    max_joins=100,
    max_orders=2,
    max_text_length=10,
    max_search_length=8,
    max_search_words=2,
    max_offset=7,
    max_items=3,
)
OPS = ["get", "list", "aggregate", "add", "edit", "delete", "upsert", "bulk_edit", "bulk_delete"]
GRANT = {**EVERYTHING, "search": ["status", "customer.name"], "aggregates": "*", "ops": OPS}
EXPOSE = {name: {"anon": {**GRANT, "search": []}} for name in ("customer", "line")}
POLICY, _ = compile_policy({"booking": {"anon": GRANT}, **EXPOSE})
ENTRY = POLICY.entries["testapp.booking"]
ID, STATUS = FieldTerm(("id",)), FieldTerm(("status",))
COUNT = FieldTerm(("count",))


def ask(grant: Any = None, **parts: Any) -> Query:
    """Authorize a query that is built by hand, and return what is asked then."""
    policy, entry = POLICY, ENTRY
    if grant is not None:
        policy, _ = compile_policy({"booking": {"anon": grant}, **EXPOSE})
        entry = policy.entries["testapp.booking"]
    page = PageRequest(**{"limit": 2, **parts.pop("page", {})})
    query = Query(resource="booking", page=page, **{"operation": "list", "fields": (ID,), **parts})
    granted = resolve_grant(policy, entry, Actor())
    if query.operation == "aggregate":
        return authorize_aggregate(query, policy, Actor(), entry, LIMITS, granted).asked
    return authorize(query, policy, Actor(), entry, LIMITS, granted).asked


def write(**parts: Any) -> Mutation:
    """Authorize a write that is built by hand, and return what is to be written then."""
    given = {"operation": "edit", "changes": (RowChange(1, {"seats": 2}),), **parts}
    mutation = Mutation(resource="booking", **given)
    return authorize_mutation(mutation, POLICY, Actor(), ENTRY, LIMITS).asked


def call(**parts: Any) -> None:
    """Check a call of an action that is built by hand; it names at most three rows."""
    check_call(ActionCall(**parts), LIMITS, 3)


def nested(**parts: Any) -> Related:
    return Related(name=("lines",), source=("lines",), place="with.lines", **parts)


def renamed(first: int, end: int, entry: Related | None = None) -> tuple[Related, ...]:
    """Return entries of one relation, under names with numbers."""
    return tuple(replace(entry or nested(), name=(f"l{n}",)) for n in range(first, end))


def within(**parts: Any) -> Related:
    """Return an entry for the lines of the booking of a line."""
    way = ("booking", "lines")
    return Related(name=way, source=way, place="with.lines.more", **parts)


def is_status(value: Any = "x", path: tuple[str, ...] = ("status",)) -> Comparison:
    return Comparison(path, value, "here")


def products(number: int) -> Condition:
    return And((Comparison(("product",), "x", "here"),) * number)


def negated(levels: int, condition: Condition | None = None) -> Condition:
    for _ in range(levels):
        condition = Not(condition or is_status())
    return condition or is_status()


def aggregate(**parts: Any) -> Query:
    return ask(operation="aggregate", aggregate=parts.pop("aggregate", (COUNT,)), **parts)


def aliases(number: int, term: FieldTerm) -> tuple[FieldTerm, ...]:
    return tuple(FieldTerm(term.path, alias=f"a{n}") for n in range(number))


def terms(number: int) -> tuple[FieldTerm, ...]:
    return (ID,) * number


def orders(number: int) -> tuple[OrderTerm, ...]:
    return (OrderTerm(("status",)),) * number


#: What is as large as it may be, and the same made larger: how, the cap, the place and the hint.
Made = Callable[[int], Any]
CAPPED: dict[str, tuple[Made, int, str, str]] = {
    "fields": (lambda n: ask(fields=terms(n)), 40, "fields", "40"),
    "fields-of-a-get": (
        lambda n: ask(operation="get", pk=1, fields=terms(n)),
        40,
        "fields",
        "40",
    ),
    "orders": (lambda n: ask(order_by=orders(n)), 2, "order_by", "2"),
    "offset": (
        lambda n: ask(page={"offset": n}),
        7,
        "offset",
        '7; beyond it page with "cursor": true',
    ),
    "offset-of-groups": (
        lambda n: aggregate(group_by=(STATUS,), page={"offset": n}),
        7,
        "offset",
        '7; beyond it page with "cursor": true',
    ),
    "distinct": (lambda n: ask(distinct=(("status",),) * n), 40, "distinct", "40"),
    "aggregates": (lambda n: aggregate(aggregate=aliases(n, COUNT)), 40, "aggregate", "40"),
    "totals": (lambda n: ask(aggregate=aliases(n, COUNT)), 40, "aggregate", "40"),
    "groups": (lambda n: aggregate(group_by=aliases(n, STATUS)), 40, "group_by", "40"),
    "conditions": (
        lambda n: ask(filters=And((is_status(),) * n)),
        4,
        "filters",
        "4 in one query",
    ),
    "conditions-anywhere": (
        lambda n: ask(filters=Or((Not(is_status()), And((is_status(),) * (n - 1))))),
        4,
        "filters",
        "4 in one query",
    ),
    "conditions-of-an-aggregate": (
        lambda n: aggregate(filters=And((is_status(),) * n)),
        4,
        "filters",
        "4 in one query",
    ),
    "having": (
        lambda n: aggregate(group_by=(STATUS,), having=Or((is_status(1, ("count",)),) * n)),
        4,
        "having",
        "4 in one query",
    ),
    "values-of-having": (
        lambda n: aggregate(group_by=(STATUS,), having=is_status((1,) * n, ("count", "in"))),
        3,
        "here",
        "3",
    ),
    "values": (lambda n: ask(filters=is_status(("x",) * n, ("status", "in"))), 3, "here", "3"),
    "values-of-a-constant": (
        lambda n: ask(filters=is_status(Constant(["x"] * n), ("status", "in"))),
        3,
        "here",
        "3",
    ),
    "values-of-a-document": (
        lambda n: ask(filters=is_status(Constant([1] * n), ("customer", "metadata"))),
        3,
        "here",
        "3",
    ),
    "text": (lambda n: ask(filters=is_status("x" * n)), 10, "here", "10 characters"),
    "text-in-a-list": (
        lambda n: ask(filters=is_status(("a", "x" * n), ("status", "in"))),
        10,
        "here",
        "10 characters",
    ),
    "text-of-having": (
        lambda n: aggregate(group_by=(STATUS,), having=is_status("x" * n)),
        10,
        "here",
        "10 characters",
    ),
    "search-length": (lambda n: ask(search="x" * n), 8, "search", "8 characters"),
    "search-words": (lambda n: ask(search="a b c"[: 2 * n - 1]), 2, "search", "2 words"),
    "search-of-an-aggregate": (
        lambda n: aggregate(search="x" * n),
        8,
        "search",
        "8 characters",
    ),
    "related": (lambda n: ask(related=renamed(0, n)), MAX_RELATED, "related", "20"),
    "related-at-all-levels": (
        lambda n: ask(related=renamed(0, 7, nested(related=(within(),))) + renamed(7, n - 7)),
        MAX_RELATED,
        "related",
        "20",
    ),
    "fields-of-related-rows": (
        lambda n: ask(related=(nested(fields=terms(n)),)),
        40,
        "with.lines.fields",
        "40",
    ),
    "orders-of-related-rows": (
        lambda n: ask(related=(nested(order_by=(OrderTerm(("product",)),) * n),)),
        2,
        "with.lines.order_by",
        "2",
    ),
    "offset-of-related-rows": (
        lambda n: ask(related=(nested(offset=n),)),
        7,
        "with.lines.offset",
        "7",
    ),
    "conditions-on-related-rows": (
        lambda n: ask(related=(nested(filters=products(n)),)),
        4,
        "with.lines.filters",
        "4 in one query",
    ),
    "values-for-related-rows": (
        lambda n: ask(related=(nested(filters=is_status("x" * n, ("product",))),)),
        10,
        "here",
        "10 characters",
    ),
    "items": (
        lambda n: write(
            operation="delete", many=True, changes=tuple(RowChange(k, {}) for k in range(n))
        ),
        3,
        "_items",
        "3",
    ),
    "conditions-of-a-write": (
        lambda n: write(
            operation="bulk_delete",
            many=True,
            changes=(RowChange(None, {}),),
            filters=And((is_status(),) * n),
        ),
        4,
        "filters",
        "4 in one query",
    ),
    "text-of-a-write": (
        lambda n: write(
            operation="bulk_delete",
            many=True,
            changes=(RowChange(None, {}),),
            filters=is_status("x" * n),
        ),
        10,
        "here",
        "10 characters",
    ),
    "fields-of-a-write": (lambda n: write(returning=terms(n)), 40, "_fields", "40"),
    "keys-of-an-action": (lambda n: call(keys=tuple(range(n))), 3, "_ids", "3"),
    "fields-of-an-action": (lambda n: call(returning=terms(n)), 40, "_fields", "40"),
    "conditions-of-an-action": (
        lambda n: call(filters=And((is_status(),) * n)),
        4,
        "_filters",
        "4 in one query",
    ),
    "what-a-row-has-to-be": (
        lambda n: call(condition=And((is_status(),) * n)),
        4,
        "_if",
        "4 in one query",
    ),
    "text-for-an-action": (
        lambda n: call(filters=is_status("x" * n)),
        10,
        "here",
        "10 characters",
    ),
}


@pytest.mark.parametrize("name", CAPPED)
def test_each_cap_holds_for_what_no_parser_has_read(name: str) -> None:
    make, most, place, hint = CAPPED[name]
    make(most)

    with pytest.raises(LimitExceededError) as caught:
        make(most + 1)

    assert ("query.limit", place, f"at most {hint}") == (
        caught.value.code,
        caught.value.path,
        caught.value.hint,
    )


def test_each_cap_of_a_query_is_tried() -> None:
    """A new cap is tried here, or is one that is not about the words of a query."""
    elsewhere = {
        "max_relation_depth",  # by the reach of the caller, along each path
        "max_joins",
        "max_pattern_length",  # where the operator is known
        "max_batch",  # by the engine
        "max_body_bytes",  # of what is sent, which only a dialect has
        "max_file_bytes",
        "max_cost",  # of the plan
        "max_reply_bytes",
        "read_timeout",  # by the backend
        "write_timeout",
        "lock_timeout",
        "export_timeout",
    }
    tried = {one.name for one in fields(Limits) if getattr(LIMITS, one.name) != one.default}

    assert tried | elsewhere == {one.name for one in fields(Limits)}


DEEP: dict[str, Callable[[int], Condition]] = {
    "not": negated,
    "or": lambda n: Or((is_status(), DEEP["or"](n - 1))) if n else is_status(),
    "and": lambda n: And((is_status(), And((DEEP["and"](n - 1),)))) if n else is_status(),
    "some": lambda n: Quantified(("lines",), "some", DEEP["some"](n - 1)) if n else is_status(),
    "mixed": lambda n: Or((Not(And((is_status(),))),) * (n - 1)) if n < 3 else negated(n),
}


@pytest.mark.parametrize("name", DEEP)
def test_nesting_is_capped_for_what_no_parser_has_read(name: str) -> None:
    most = LIMITS.max_nesting
    many = replace(LIMITS, max_conditions=10_000)
    check_condition(DEEP[name](most), many, "where")

    for levels in (2 * most + 2, 400):
        with pytest.raises(LimitExceededError) as caught:
            check_condition(DEEP[name](levels), many, "where")
        assert ("where", "flatten the conditions") == (caught.value.path, caught.value.hint)


@pytest.mark.parametrize("connector", ["and", "or", "not", "lines.some", "lines.none"])
@pytest.mark.parametrize("many", [False, True], ids=["object", "list"])
def test_what_the_parser_lets_pass_is_not_too_deep(connector: str, many: bool) -> None:
    limits = Limits(max_nesting=6)
    filters: dict[str, Any] = {"a": 1}
    for _ in range(limits.max_nesting):
        filters = {connector: [filters, {"b": 1}] if many and "." not in connector else filters}
    condition = parse_filters(filters, limits, "filters")

    assert condition is not None
    check_condition(condition, limits, "filters")
    if connector in {"or", "not", "lines.some", "lines.none"}:
        with pytest.raises(LimitExceededError):
            check_condition(condition, replace(limits, max_nesting=5), "filters")


def test_a_deep_value_is_refused_instead_of_exhausting_the_stack() -> None:
    value: Any = 1
    for _ in range(LIMITS.max_json_depth):
        value = [value]
    check_condition(is_status(Constant(value)), LIMITS, "filters")

    for _ in range(5_000):
        value = {"a": value}
        with pytest.raises(LimitExceededError) as caught:
            check_condition(is_status(Constant(value)), LIMITS, "filters")
        assert ("here", "at most 4 levels") == (caught.value.path, caught.value.hint)


@pytest.mark.parametrize(
    "value", ["a\0", "\udfff", ("a", "\0"), Constant({"a": [{"\0": 1}]}), Constant({"a": "\0"})]
)
def test_text_that_no_database_stores_is_refused(value: Any) -> None:
    for condition in (is_status(value), Not(is_status(value))):
        with pytest.raises(FlexError) as caught:
            ask(filters=condition)
        assert ("query.value", "here") == (caught.value.code, caught.value.path)


@pytest.mark.parametrize(
    ("text", "code"), [("", "query.value"), ("  ", "query.value"), ("a\0", "query.value")]
)
def test_a_search_has_words_that_can_be_stored(text: str, code: str) -> None:
    for parts, place in (
        ({"search": text}, "search"),
        ({"related": (nested(search=text),)}, "with.lines.search"),
    ):
        with pytest.raises(FlexError) as caught:
            ask(**parts)
        assert (code, place) == (caught.value.code, caught.value.path)


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        pytest.param(lambda: ask(page={"limit": 10**9}).page.limit, 5, id="list"),
        pytest.param(lambda: ask(page={"limit": 4}).page.limit, 4, id="below"),
        pytest.param(
            lambda: aggregate(group_by=(STATUS,), page={"limit": 6}).page.limit, 5, id="groups"
        ),
        pytest.param(lambda: ask(related=(nested(limit=9),)).related[0].limit, 5, id="related"),
        pytest.param(
            lambda: ask(related=(nested(related=(within(limit=9),)),)).related[0].related[0].limit,
            5,
            id="inside",
        ),
        pytest.param(
            lambda: ask(GRANT, stream="json", page={"limit": NO_LIMIT}).page.limit, 5, id="stream"
        ),
        pytest.param(lambda: bulk(max_affected=None).max_affected, 3, id="rows-to-write"),
        pytest.param(lambda: bulk(max_affected=10**9).max_affected, 3, id="more-rows"),
        pytest.param(lambda: bulk(max_affected=2).max_affected, 2, id="fewer-rows"),
    ],
)
def test_pages_are_reduced_to_the_cap(make: Callable[[], int], limit: int) -> None:
    assert limit == make()


def bulk(**parts: Any) -> Mutation:
    changes = (RowChange(None, {"seats": 1}),)
    return write(operation="bulk_edit", many=True, changes=changes, **parts)


def test_a_write_of_rows_that_are_named_changes_no_others() -> None:
    assert write().max_affected is None


def test_a_cursor_that_is_too_long_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(cursors, "unseal", lambda text, context: opened.append(text))
    with pytest.raises(CursorError):
        ask(page={"cursor": "x" * (cursors.MAX_CURSOR + 1)})
    assert not opened


def test_an_export_is_not_reduced_but_needs_its_operation() -> None:
    page = {"limit": 100}
    exporting = {**GRANT, "ops": ["list", "export"]}
    assert 100 == ask(exporting, stream="json", page=page).page.limit

    with pytest.raises(FlexError) as caught:
        ask(GRANT, stream="json", page=page)
    assert "operation.denied" == caught.value.code


@pytest.mark.parametrize(("inside", "place"), [(20, "related"), (21, "with.lines.related")])
def test_entries_are_counted_at_each_level_and_together(inside: int, place: str) -> None:
    with pytest.raises(LimitExceededError) as caught:
        ask(related=(nested(related=renamed(0, inside, within())),))
    assert (place, "at most 20") == (caught.value.path, caught.value.hint)


def test_entries_are_counted_before_they_are_walked() -> None:
    entry = nested()
    for _ in range(5_000):
        entry = nested(related=(entry,))
    with pytest.raises(LimitExceededError):
        ask(related=(entry,))


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "offset-and-cursor": (
        lambda: ask(page={"offset": 1, "cursor": ""}),
        "query.invalid",
        "offset",
    ),
    **{
        f"cursor-{n}": (partial(ask, page={"cursor": text}), "query.cursor", "cursor")
        for n, text in enumerate(("a b", "a=", "a.b", "é", "abc", "\udfff"))
    },
    "excluded-aggregate": (
        lambda: aggregate(aggregate=(FieldTerm(("count",), excluded=True),)),
        "query.invalid",
        "aggregate",
    ),
    "wildcard-group": (
        lambda: aggregate(group_by=(FieldTerm(("*",)),)),
        "query.invalid",
        "group_by",
    ),
    "new-name-that-is-a-path": (
        lambda: ask(related=(replace(nested(), name=("a", "b")),)),
        "query.invalid",
        "with.lines",
    ),
    "new-name-of-other-signs": (
        lambda: ask(related=(replace(nested(), name=('"x',)),)),
        "query.invalid",
        "with.lines",
    ),
    "precondition-of-many": (
        lambda: write(many=True, if_match='"x"'),
        "query.invalid",
        "_if_match",
    ),
    "upsert-by-nothing": (lambda: write(operation="upsert"), "query.value", "_match"),
    "no-keys": (lambda: call(keys=()), "query.value", "_ids"),
    "key-that-is-a-list": (lambda: call(keys=([1],)), "query.value", "_ids"),
    "key-that-is-true": (lambda: call(keys=(1, True)), "query.value", "_ids"),
    "key-that-is-null": (lambda: call(keys=(None,)), "query.value", "_ids"),
    "nul-for-an-action": (lambda: call(condition=is_status("\0")), "query.value", "here"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_whoever_has_read_it(name: str) -> None:
    make, code, place = REFUSED[name]
    with pytest.raises(FlexError) as caught:
        make()
    assert (code, place) == (caught.value.code, caught.value.path)


@pytest.mark.parametrize("key", ["a'b", 'a"b', "a b", "a.b", "", "$", "x" * 65])
def test_a_json_key_that_no_path_can_name_does_not_exist(key: str) -> None:
    ask(fields=(FieldTerm(("customer", "metadata", "level")),))

    with pytest.raises(FlexError) as caught:
        ask(fields=(FieldTerm(("customer", "metadata", key)),))
    assert "field.denied" == caught.value.code


def test_a_path_is_not_longer_than_one_that_is_read() -> None:
    ask(fields=(FieldTerm(("customer", "metadata", *["a"] * 62)),))

    with pytest.raises(FlexError) as caught:
        ask(fields=(FieldTerm(("customer", "metadata", *["a"] * 63)),))
    assert "field.denied" == caught.value.code


@pytest.mark.parametrize("grant", [{}, {"fields": ["id"], "ops": ["get"]}], ids=["none", "no-list"])
def test_a_cap_is_checked_before_the_grant(grant: Mapping[str, Any]) -> None:
    """As when a parser checked it: the reply about the cap tells nothing of the model."""
    with pytest.raises(LimitExceededError):
        ask(grant, page={"offset": 10**9})
