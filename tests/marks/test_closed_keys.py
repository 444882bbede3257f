"""What is kept of one column of a generic foreign key is kept of all that is behind the key."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.checks import check_settings
from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Sticker

#: All that goes over the key, by clause.
OVER_KEY: list[dict[str, Any]] = [
    {"fields": "target.actor.name"},
    {"fields": "a:target.actor.name"},
    {"fields": "target.actor.*"},
    {"fields": "target.actor.marks.text"},
    {"fields": "n:target.actor.marks.count"},
    {"filters": {"target.actor.name": "Ann"}},
    {"filters": {"target.actor.isnull": False}},
    {"filters": {"target.actor.marks.some": {"text": "n1"}}},
    {"filters": {"text": {"$field": "target.actor.name"}}},
    {"order_by": "target.actor.name"},
    {"distinct": ["target.actor.name"], "order_by": "target.actor.name"},
    {"related": {"target.actor.marks": {"fields": "text"}}},
    {"related": {"n": {"from": "target.actor.marks", "aggregate": "count"}}},
    {"_action": "aggregate", "group_by": "target.actor.name"},
    {"_action": "aggregate", "aggregate": "target.actor.name.max"},
]
CLOSED = pytest.mark.parametrize(
    "closed",
    [
        {"EXCLUDE": ["content_type"]},
        {"EXCLUDE": ["content_type_id"]},
        {"EXCLUDE": ["object_id"]},
        {"EXCLUDE": ["target"]},
        {"EXCLUDE": ["target.type"]},
        {"EXCLUDE": ["target.id"]},
        {"EXCLUDE": ["target.*"]},
        {"GUARDED_FIELDS": ["content_type"]},
        {"GUARDED_FIELDS": ["object_id"]},
        {"GUARDED_FIELDS": ["target"]},
    ],
    ids=str,
)
NAMINGS = pytest.mark.parametrize("naming", [None, "camel"])


def settings_of(
    closed: dict[str, Any], naming: str | None, *, by_entry: bool = False
) -> dict[str, Any]:
    """Return settings that keep a column of the marks' key, for the role or for the whole entry."""
    exclude = {"exclude": closed["EXCLUDE"]} if "EXCLUDE" in closed else {}
    rest = {name: value for name, value in closed.items() if name != "EXCLUDE"}
    mark = {"anon": ALL, **exclude} if by_entry else {"anon": {**ALL, **exclude}}
    models = ("film", "actor", "sticker")
    expose = {"mark": mark, **{name: {"anon": ALL} for name in models}}
    named = {} if naming is None else {"NAMING": naming}
    return {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **rest, **named}


def status(model: str, query: dict[str, Any]) -> int:
    result = FlexQuery(model).execute(query)
    assert result.ok or "Ann" not in str(result.to_dict())
    return result.status_code


def camel(query: dict[str, Any]) -> dict[str, Any]:
    """Return a query with its words in camelCase."""
    words = {"order_by": "orderBy", "group_by": "groupBy"}
    return {words.get(name, name): value for name, value in query.items()}


@NAMINGS
@CLOSED
@pytest.mark.parametrize("by_entry", [False, True], ids=["role", "entry"])
def test_nothing_behind_the_key_is_told(
    settings: Any, marked: Rows, closed: dict[str, Any], naming: str | None, by_entry: bool
) -> None:
    settings.DJANGO_FLEX = settings_of(closed, naming, by_entry=by_entry)
    for query in OVER_KEY:
        asked = query if naming is None else camel(query)
        assert 403 == status("mark", asked), asked


@NAMINGS
@CLOSED
def test_nothing_is_told_over_other_relations(
    settings: Any, marked: Rows, closed: dict[str, Any], naming: str | None
) -> None:
    Sticker.objects.filter(label="new").update(mark=marked.actor.marks.first())
    settings.DJANGO_FLEX = settings_of(closed, naming)
    way = "mark.target.actor.name"
    assert 403 == status("sticker", {"fields": way})
    assert 403 == status("sticker", {"filters": {way: "Ann"}})
    assert 403 == status("actor", {"fields": "marks.target.actor.name"})
    assert 403 == status("actor", {"filters": {"marks.target.actor.name": "Ann"}})


@NAMINGS
@CLOSED
def test_no_wildcard_covers_a_column_that_is_kept_under_another_name(
    settings: Any, marked: Rows, closed: dict[str, Any], naming: str | None
) -> None:
    settings.DJANGO_FLEX = settings_of(closed, naming)
    rows = FlexQuery("mark").execute({}).to_dict()["results"]
    first = next(iter(rows.values()))
    names = {"content_type": "contentType", "object_id": "objectId"}
    kept = str(closed)
    gone = {
        "content_type": "content_type" in kept or "target'" in kept or ".type" in kept,
        "object_id": "object_id" in kept or "target'" in kept or ".id" in kept,
    }
    if "target.*" in kept:
        gone = dict.fromkeys(gone, True)
    for own, called in names.items():
        if "GUARDED_FIELDS" not in closed or own in kept:
            shown = own if naming is None else called
            assert gone[own] == (shown not in first)


@NAMINGS
def test_what_a_grant_writes_out_is_open(settings: Any, marked: Rows, naming: str | None) -> None:
    found = settings_of({"EXCLUDE": ["content_type"]}, naming)
    found["EXPOSE"]["mark"]["anon"]["fields"] = ["text", "target.actor.name"]
    settings.DJANGO_FLEX = found
    query = {"fields": "target.actor.name", "filters": {"text": "n1"}}
    (row,) = FlexQuery("mark").execute(query).to_dict()["results"].values()
    assert {"target": {"actor": {"name": "Ann"}}} == row


SINGLE: list[dict[str, Any]] = [
    {"_action": "aggregate", "aggregate": "target.count_distinct"},
    {"_action": "aggregate", "aggregate": "n:target.count"},
    {"_action": "aggregate", "group_by": "stars", "aggregate": "target.max"},
    {"_action": "aggregate", "group_by": "target"},
    {"fields": "text", "aggregate": "target.count_distinct"},
    {"filters": {"stars": {"$field": "target"}}},
    {"filters": {"target": {"$field": "stars"}}},
    {"filters": {"target.gte": 1}},
    {"order_by": "target"},
    {"distinct": ["target"]},
]


@pytest.mark.parametrize("query", SINGLE, ids=str)
def test_the_key_is_no_single_value(
    ask: Ask, expose: Any, marked: Rows, query: dict[str, Any]
) -> None:
    query = dict(query)
    action = query.pop("_action", "list")
    expose(mark={**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]})
    answer = ask("mark", action, **query)
    assert (400, "'target.type', 'target.id'") == (answer.status, answer.body["hint"])
    # Not granted, it is like a field that does not exist.
    expose()
    assert 403 == ask("mark", action, **query).status


def test_the_key_is_no_single_value_of_related_rows(ask: Ask, expose: Any, marked: Rows) -> None:
    expose(mark={**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]})
    measure = "marks.target.count_distinct"
    for query in ({"fields": f"n:{measure}"}, {"filters": {measure: 1}}, {"order_by": measure}):
        answer = ask("film", **query)
        assert (400, "'marks.target.type', 'marks.target.id'") == (
            answer.status,
            answer.body["hint"],
        )


def test_a_rule_does_not_take_the_key_as_one_value(expose: Any) -> None:
    for grant in ({"rows": {"target": 5}}, {"rows": {"stars": {"$field": "target"}}}):
        expose(mark={**ALL, **grant})
        found = [p for p in check_settings() if p.id == "django_flex.E012"]
        assert ["A generic foreign key is compared by its type and its key."] == [
            problem.msg.rpartition(": ")[2] for problem in found
        ]
    expose(mark={**ALL, "aggregates": ["target.count_distinct"]})
    assert ["django_flex.E007"] == [p.id for p in check_settings() if ".E" in str(p.id)]


def test_a_check_does_not_take_the_key_for_a_model(expose: Any) -> None:
    expose(mark={**ALL, "fields": ["*", "target"]})
    assert not [p.msg for p in check_settings() if "marks.mark:target" in p.msg]
