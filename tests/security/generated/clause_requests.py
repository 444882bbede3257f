"""Strategies for requests over lists, aggregates, searches, parts of rows: mostly wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.security.generated.requests import (
    OPERATORS,
    field_lists,
    filters,
    good_fields,
    good_filters,
    paths,
    values,
)

measures = st.one_of(
    st.sampled_from(["count", "price.sum", "status.max", "lines.count", "x:price.avg", "id.count"]),
    st.builds(
        "{}.{}".format,
        paths,
        st.sampled_from(["count", "count_distinct", "sum", "avg", "min", "max", "stddev", "x"]),
    ),
    st.builds("{}({})".format, st.sampled_from(["max", "count", "x"]), paths),
    st.builds("{}:price.sum".format, st.text(max_size=4)),
)
measure_lists = st.one_of(
    st.lists(measures, max_size=3).map(", ".join), st.lists(measures, max_size=3), values
)
group_lists = st.one_of(
    st.lists(
        st.one_of(
            st.sampled_from(["status", "day.year", "created_at.trunc_month", "x:customer.name"]),
            st.builds("{}.{}".format, paths, st.sampled_from(["year", "trunc_day", "date", "len"])),
            paths,
        ),
        max_size=3,
    ).map(", ".join),
    values,
)
measure_filters = st.dictionaries(
    st.one_of(measures, st.builds("{}.{}".format, measures, st.sampled_from(OPERATORS))),
    values,
    max_size=2,
)
_plain_entries = st.fixed_dictionaries(
    {},
    optional={
        "from": st.one_of(st.sampled_from(["lines", "tags", "customer.booking"]), paths, values),
        "fields": field_lists,
        "filters": st.one_of(filters, measure_filters),
        "order_by": st.one_of(field_lists, measures),
        "limit": st.one_of(st.integers(-1, 3), values),
        "offset": st.one_of(st.integers(-1, 3), values),
        "shape": st.one_of(st.just("list"), values),
        "cursor": st.one_of(st.just(True), st.text("Aab_-=", max_size=90), values),
        "distinct": st.one_of(st.just(True), st.just("product"), field_lists),
    },
)
_good_entries = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.just("product"),
        "filters": st.just({}),
        "limit": st.integers(1, 3),
        "offset": st.integers(0, 3),
        "shape": st.just("list"),
        "distinct": st.sampled_from([True, "product", "quantity"]),
    },
)
# Deferred: what is written out would be longer than hypothesis likes.
entries: st.SearchStrategy[Any] = st.deferred(
    lambda: st.one_of(
        _plain_entries,
        _plain_entries,
        st.fixed_dictionaries({"related": st.dictionaries(st.just("booking"), entries)}),
    )
)
related = st.one_of(
    st.dictionaries(
        st.one_of(st.sampled_from(["lines", "tags", "customer.booking", "x"]), paths),
        st.one_of(entries, entries, values),
        max_size=2,
    ),
    st.dictionaries(st.just("lines"), _good_entries, min_size=1),
    values,
)
clauses: dict[str, st.SearchStrategy[Any]] = {
    "related": related,
    "aggregate": measure_lists,
    "group_by": group_lists,
    "having": st.one_of(measure_filters, filters, values),
    "search": st.one_of(st.sampled_from(["e", "confirmed aisha", "%", "a\x00"]), values),
    "distinct": st.one_of(st.just(True), st.just("status"), field_lists),
    "cursor": st.one_of(st.just(True), st.text("Aab_-=", max_size=90), values),
    "count": st.one_of(st.sampled_from([True, "exact", "estimated", "capped:2"]), values),
    "explain": values,
    "filters": st.one_of(good_filters, measure_filters),
    "order_by": st.one_of(st.sampled_from(["status", "-price"]), measures),
    "fields": st.one_of(good_fields, measure_lists, st.sampled_from(["lines.product", "tags.*"])),
    "_action": st.just("aggregate"),
}
_of_aggregates = {
    name: clauses[name]
    for name in ("group_by", "aggregate", "having", "order_by", "search", "filters")
}
_one = st.sampled_from(sorted(clauses)).flatmap(
    lambda name: st.fixed_dictionaries({name: clauses[name]}, optional={"limit": st.just(2)})
)
_aggregates = st.deferred(
    lambda: st.fixed_dictionaries({"_action": st.just("aggregate")}, optional=_of_aggregates)
)
_any = st.deferred(lambda: st.fixed_dictionaries({}, optional=clauses))
#: Ones that are mostly answered.
_good = st.fixed_dictionaries(
    {},
    optional={
        "related": st.dictionaries(st.just("lines"), _good_entries, min_size=1),
        "count": st.sampled_from([True, "exact", "estimated", "capped:2"]),
        "cursor": st.just(True),
        "search": st.sampled_from(["e", "confirmed", "%", "aisha"]),
        "aggregate": st.sampled_from(["count", "price.sum, price.max", "x:lines.count"]),
        "fields": st.sampled_from(["id", "status, lines.count", "customer.name, lines.product"]),
        "filters": good_filters,
        "limit": st.integers(1, 3),
    },
)
_good_aggregates = st.fixed_dictionaries(
    {"_action": st.just("aggregate")},
    optional={
        "group_by": st.sampled_from(["status", "x:customer.name, day.year", "customer"]),
        "aggregate": st.sampled_from(["count", "price.sum, price.max", "x:lines.count"]),
        "search": st.sampled_from(["e", "aisha"]),
        "filters": good_filters,
        "limit": st.integers(1, 3),
    },
)
beside = st.one_of(_one, _one, _aggregates, _any, _good, _good_aggregates)
