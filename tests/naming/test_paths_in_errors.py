"""Paths in errors: the words of the language are in camelCase, keys of JSON as they were sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from django_flex.dialects.flex.camel.words import in_camel
from tests.naming.test_camel import GRANT, send

TOLD = {
    "order_by": "orderBy",
    "one of fields, order_by, group_by": "one of fields, orderBy, groupBy",
    "related.lines.order_by": "related.lines.orderBy",
    "related.order_by.related.group_by.order_by": "related.order_by.related.group_by.orderBy",
    "_batch[1].related.lines.order_by": "_batch[1].related.lines.orderBy",
    "filters.or[0].day.iso_year.gte": "filters.or[0].day.isoYear.gte",
    "'price.sum_distinct.gte' is not allowed": "'price.sumDistinct.gte' is not allowed",
    "-created_at.nulls_first": "-created_at.nullsFirst",
    "created_at.trunc_month.count_distinct.gte": "created_at.truncMonth.countDistinct.gte",
    "metadata.order_by.gte": "metadata.order_by.gte",
    "filters.metadata.order_by.dry_run.gte": "filters.metadata.order_by.dry_run.gte",
    "metadata._dry_run._if_match.x": "metadata._dry_run._if_match.x",
    "metadata.has_key.level.has_key": "metadata.has_key.level.hasKey",
    "$order_by": "$order_by",
}


@pytest.mark.parametrize("text", TOLD)
def test_words_are_told_where_they_may_stand(text: str) -> None:
    assert TOLD[text] == in_camel(text)


@pytest.mark.usefixtures("bookings")
def test_an_error_has_the_keys_of_json_as_they_were_sent(configure: Callable[..., None]) -> None:
    grant = {**GRANT, "filters": ["metadata.level"]}
    configure({"customer": {"anon": grant}}, NAMING="camel")
    for key in ("order_by.dry_run.level", "_ifMatch.groupBy.x", "has_key.isoYear.order_by.x"):
        query = {"filters": {f"metadata.{key}": 1}}
        error = send("POST", "customers/query", query).json()
        assert f"'metadata.{key}'" in error["error"]
        assert error["path"] == f"filters.metadata.{key}"


TAILS = (
    "hasKey", "has_key", "isoYear", "iso_year", "isoYear.gte", "iso_year.gte", "countDistinct.gte",
    "count_distinct.gte", "order_by", "orderBy.x", "order_by.x", "hasKey.x", "has_key.x", "x.hasKey",
    "x.has_key", "nullsFirst", "nulls_first", "x.nullsFirst", "a.iso_year.hasKey.gte", "0.dryRun.x",
    "isoYear.countDistinct.has_key", "truncMonth", "x.truncMonth.nullsLast", "sum_distinct", "x",
)  # fmt: skip
CLAUSES: dict[str, Callable[[str], dict[str, Any]]] = {
    "fields": lambda path: {"fields": path},
    "filters": lambda path: {"filters": {path: 1}},
    "not": lambda path: {"filters": {"not": {"or": [{path: 1}]}}},
    "orderBy": lambda path: {"orderBy": path},
    "distinct": lambda path: {"distinct": [path]},
    "groupBy": lambda path: {"_action": "aggregate", "groupBy": path, "aggregate": "count"},
}


@pytest.mark.usefixtures("bookings")
@pytest.mark.parametrize("way", ["", "customer."])
@pytest.mark.parametrize("clause", CLAUSES)
def test_a_hidden_column_of_any_kind_looks_like_an_unknown_name(
    configure: Callable[..., None], clause: str, way: str
) -> None:
    fields = ["id", "name", "customer.name"]
    grant = {**GRANT, "fields": fields, "filters": fields, "order_by": fields}
    configure({"customer": {"anon": grant}, "booking": {"anon": grant}}, NAMING="camel")
    model = "bookings" if way else "customers"
    for hidden, tail in product(("metadata", "apiToken", "vip"), TAILS):
        said = {
            name: send("POST", f"{model}/query", CLAUSES[clause](f"{way}{name}.{tail}"))
            for name in (hidden, "unknownOne")
        }
        # What is similar to a name depends on its letters alone.
        told = {name: {**reply.json(), "hint": None} for name, reply in said.items()}
        unknown = json.loads(json.dumps(told["unknownOne"]).replace("unknownOne", hidden))
        assert unknown == told[hidden], tail
        assert said[hidden].status_code == said["unknownOne"].status_code
        assert 400 <= said[hidden].status_code < 500
