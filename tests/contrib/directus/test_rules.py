"""A filter of Directus and its translation find the same rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_flex import FlexQuery
from django_flex.contrib.directus.importing.names import Names
from django_flex.contrib.directus.importing.rules import UntranslatableError, translate
from django_flex.contrib.directus.importing.snapshot import read_snapshot
from tests.contrib.directus.project import field, key, relation
from tests.dialects.directus.asking import GRANT
from tests.essays.models import Essay, Writer
from tests.essays.server import ProjectServer

SCHEMA = {
    "collections": [{"collection": one, "schema": {"name": one}} for one in ("posts", "authors")],
    "fields": [
        key("posts"),
        *(field("posts", name, "string") for name in ("title", "views", "author")),
        key("authors"),
        field("authors", "name", "string"),
        field("authors", "posts", "alias"),
    ],
    "relations": [relation("posts", "author", "authors", "posts")],
}
NAMES = Names(read_snapshot(SCHEMA))
POSTS: list[dict[str, Any]] = [
    {},
    {"title": "T1"},
    {"title": {"_eq": "T1"}, "views": {"_gte": 10}},
    {"title": {"_neq": "T1"}},
    {"title": {"_in": ["T1", "T2"]}},
    {"title": {"_in": "T1,T2"}},
    {"title": {"_nin": ["T1"]}},
    {"title": {"_contains": "1"}},
    {"title": {"_ncontains": "1"}},
    {"title": {"_istarts_with": "t"}},
    {"title": {"_nistarts_with": "t"}},
    {"title": {"_nends_with": "1"}},
    {"title": {"_empty": True}},
    {"title": {"_nempty": True}},
    {"title": {"_nempty": False}},
    {"views": {"_between": [10, 30]}},
    {"views": {"_nbetween": [10, 30]}},
    {"views": {"_gt": 10, "_lt": 40}},
    {"views": {"_null": True}},
    {"views": {"_null": False}},
    {"views": {"_nnull": True}},
    {"views": {"_nnull": False}},
    {"views": {"_neq": 20}},
    {"author": {"_eq": 1}},
    {"author": {"_null": True}},
    {"author": {"name": {"_eq": "Ada"}}},
    {"author": {"name": {"_neq": "Ada"}}},
    {"author": {"name": {"_ncontains": "d"}, "id": {"_in": [1, 2]}}},
    {"author": {"posts": {"views": {"_gt": 50}}}},
    {"author": {"posts": {"_none": {"views": {"_gt": 50}}}}},
    {"_or": [{"title": "T1"}, {"views": {"_eq": 30}}]},
    {"_or": [{"title": "T1"}]},
    {"_and": [{"views": {"_gt": 10}}, {"views": {"_lt": 30}}]},
    {"_and": [{"_or": [{"title": "T1"}, {"title": "T2"}]}, {"_or": [{"views": 10}, {"views": 30}]}]},
    {"_or": [{"_and": [{"title": "T1"}, {"views": 10}]}, {"author": {"_eq": 2}}]},
]  # fmt: skip
AUTHORS: list[dict[str, Any]] = [
    {"posts": {"views": {"_eq": 60}}},
    {"posts": {"_some": {"views": {"_eq": 60}, "title": {"_eq": "T6"}}}},
    {"posts": {"_some": {"views": {"_eq": 60}, "title": {"_eq": "T1"}}}},
    {"posts": {"views": {"_eq": 60}, "title": {"_eq": "T4"}}},
    {"posts": {"_none": {"views": {"_eq": 60}}}},
    {"posts": {"author": {"name": {"_eq": "Ada"}}}, "name": {"_nnull": True}},
]
CASES = [("posts", one) for one in POSTS] + [("authors", one) for one in AUTHORS]


@pytest.fixture
def project(db: None, settings: Any) -> None:
    ProjectServer(settings)
    Essay.objects.create(title="")
    Essay.objects.create(title="t1 1", views=5)
    Writer.objects.create(name="Eve")


@pytest.mark.parametrize(("collection", "rule"), CASES, ids=str)
def test_a_rule_finds_what_the_filter_finds(
    project: None, settings: Any, collection: str, rule: dict[str, Any]
) -> None:
    asked = Client().get(f"/items/{collection}", {"filter": json.dumps(rule), "fields": "id"})
    wanted = sorted(one["id"] for one in asked.json()["data"])
    rows = translate(rule, collection, NAMES)
    name = {"posts": "essay", "authors": "writer"}[collection]
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {name: {"anon": {**GRANT, "rows": rows or "*"}}},
    }
    reply = FlexQuery(name).execute({"_action": "list", "fields": "id", "shape": "list"}).to_dict()
    assert wanted == sorted(one["id"] for one in reply["results"])


def test_values_of_the_caller_and_of_time() -> None:
    rule = {"author": {"_eq": "$CURRENT_USER"}, "title": {"_eq": "$CURRENT_USER.team.name"}}
    assert {"author": {"$user": "id"}, "title": {"$user": "team.name"}} == translate(
        rule, "posts", NAMES
    )
    for text, shift in (("$NOW", ""), ("$NOW(-3 years)", "-3 years"), ("$NOW(+1 day)", "1 days")):
        found = translate({"views": {"_lt": text}}, "posts", NAMES)
        assert {"views.lt": {"$now": shift}} == found


@pytest.mark.parametrize(
    "rule",
    [
        {"title": {"_regex": "x"}},
        {"title": {"_eq": "$CURRENT_ROLE"}},
        {"title": {"_eq": "$CURRENT_POLICIES"}},
        {"title": {"_eq": "$NOW(tomorrow)"}},
        {"title": {"_like": "x"}},
        {"title": {"name": {"_eq": 1}}},
        {"_not": [{"title": "x"}]},
        {"_or": {"title": "x"}},
        {"year(made)": {"_eq": 2020}},
        {"views": {"_between": [1]}},
        {"views": {"_in": {"a": 1}}},
        {"views": {"_eq": [1]}},
        {"author": {"posts": {"_some": {}}}},
        {"author": {"_some": {"name": "x"}}},
        {"_or": [{"_and": []}, {"title": "x"}]},
        {"_or": [{"_or": []}, {"title": "x"}]},
        {"_or": [{"_and": [{}]}, {"title": "x"}]},
        {"author": {}},
        {"author": {"posts": {}}},
        {"title": {}},
        {"absent": {"_eq": 1}},
        {"author.name": {"_eq": 1}},
        {"author:authors": {"name": {"_eq": 1}}},
        {"views": {"_null": None}},
        {"views": {"_nnull": "maybe"}},
        {"views": {"_nin": [None]}},
        {"views": {"_nbetween": [1, None]}},
        {"title": {"_ncontains": None}},
    ],
    ids=str,
)
def test_no_part_of_a_rule_is_dropped(rule: dict[str, Any]) -> None:
    for whole in (rule, {**rule, "id": 1}, {"_or": [{"id": 1}, rule]}, {"_and": [{"id": 1}, rule]}):
        with pytest.raises(UntranslatableError):
            translate(whole, "posts", NAMES)
