"""Anyone who follows a generic foreign key learns the type: a hidden one hides all behind the key."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from django_flex import FlexQuery
from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Sticker

#: Types of which callers see that of films only.
TYPES = {"rows": {"model": "film"}, "fields": ["app_label", "model"], "ops": ["list"]}
KEYS = {
    "mark": {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]},
    "sticker": {**ALL, "fields": ["*", "on"], "filters": ["*", "on.*"]},
}
RULES = [
    pytest.param({"model": "film"}, id="data"),
    pytest.param(lambda _user: Q(model="film"), id="q"),
    pytest.param({"model.nin": ["actor", "serial"]}, id="complement"),
]


@pytest.fixture(params=RULES)
def hidden(request: Any, expose: Any, marked: Rows) -> Rows:
    """Marks and stickers of which some point to an actor, a type that no caller sees."""
    types = {**TYPES, "rows": request.param}
    expose(**KEYS, **{"contenttypes.contenttype": types})
    return marked


def shown(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_no_field_behind_a_hidden_type_is_shown(ask: Ask, hidden: Rows) -> None:
    fields = "label, on, on.film.title, on.actor.name, a:on.actor.name, k:on.actor"
    answer = ask("sticker", fields=fields, filters={"label.in": ["new", "who"]})

    assert 200 == answer.status, answer.body
    film, actor = answer.results
    assert {"title": "Alien"} == film["on"]["film"]
    key = {"type": None, "id": str(hidden.actor.pk)}
    assert {**key, "film": None, "actor": None} == actor["on"]
    assert (None, None) == (actor["a"], actor["k"])
    assert 1 == answer.statements

    renamed = ask("sticker", fields="b:on.actor.name, b:on.actor.id, c:on.actor.*").results
    assert [(None, None)] * 4 == [(row["b"], row["c"]) for row in renamed]
    assert [None] * 4 == [row["on"]["actor"] for row in ask("sticker", fields="on.actor.*").results]
    combined = ask("sticker", fields="on.actor.name", distinct=True, order_by="on.actor.name")
    assert [{"on": {"actor": None}}] == combined.body["results"]


@pytest.mark.parametrize(
    "filters",
    [
        {"on.actor.name": "Ann"},
        {"on.actor.name.startswith": "A"},
        {"on.actor.id.gte": 0},
        {"on.actor.isnull": False},
        {"on.actor.marks.text": "n1"},
        {"on.actor.marks.some": {"stars.gte": 1}},
        {"on.actor.marks.count.gte": 1},
        {"label": {"$field": "on.actor.name"}},
        {"not": {"on.actor.isnull": True}},
    ],
)
def test_no_filter_finds_rows_by_what_is_behind_a_hidden_type(
    ask: Ask, hidden: Rows, filters: dict[str, Any]
) -> None:
    Sticker.objects.filter(label="who").update(label="Ann")
    answer = ask("sticker", fields="label", filters=filters)
    assert (200, []) == (answer.status, answer.results), answer.body


def test_rows_of_a_hidden_type_are_sorted_and_grouped_like_those_of_none(
    ask: Ask, hidden: Rows
) -> None:
    asked = {"fields": "label", "filters": {"label.in": ["old", "who"]}}
    for order in ("on.actor.name, id", "-on.actor.name, id"):
        assert ["old", "who"] == shown(ask("sticker", **asked, order_by=order).results, "label")
    assert [None, None] == shown(
        ask("sticker", fields="n:on.actor.marks.count", filters=asked["filters"]).results, "n"
    )
    (group,) = ask("mark", "aggregate", group_by="target.actor.name", aggregate="n:count").results
    assert 7 == group["n"]
    total = ask("mark", "aggregate", aggregate="n:target.actor.name.count").body
    assert {"n": 0} == total["results"]


def test_no_list_behind_a_hidden_type_is_shown(ask: Ask, hidden: Rows) -> None:
    answer = ask("sticker", fields="on.film.marks.text, on.actor.marks.text")
    lists = [(on["film"], on["actor"]) for on in shown(answer.results, "on")]
    assert (None, None) == lists[-1]
    assert [{"text": "a1"}, {"text": "a2"}] == lists[0][0]["marks"]
    sizes = {"n": {"from": "on.actor.marks", "aggregate": "count"}}
    assert [{"count": None}] * 4 == shown(
        ask("sticker", fields="label", related=sizes).results, "n"
    )


def test_a_search_does_not_look_behind_a_hidden_type(ask: Ask, expose: Any, marked: Rows) -> None:
    searched = {**KEYS["sticker"], "search": ["on.actor.name"]}
    expose(**{**KEYS, "sticker": searched})
    assert 1 == len(ask("sticker", search="Ann").results)
    expose(**{**KEYS, "sticker": searched, "contenttypes.contenttype": TYPES})
    assert [] == ask("sticker", search="Ann").results


def test_a_key_behind_another_relation_hides_its_types(ask: Ask, hidden: Rows) -> None:
    mark = hidden.actor.marks.first()
    Sticker.objects.filter(label="new").update(mark=mark)
    answer = ask(
        "sticker", fields="mark.target.actor.name, mark.text", filters={"mark.isnull": False}
    )
    assert [{"target": {"actor": None}, "text": "n1"}] == shown(answer.results, "mark")
    assert [] == ask("sticker", filters={"mark.target.actor.name": "Ann"}).results
    (actor,) = ask("actor", fields="marks.target.actor.name").results
    assert [{"target": {"actor": None}}] * 3 == actor["marks"]


def test_types_are_hidden_from_each_caller_by_their_own_rule(expose: Any, marked: Rows) -> None:
    """The same grants, so the same cached selections and statements."""
    ann, bob = (User.objects.create_user(name) for name in ("actor", "film"))
    expose(
        **KEYS,
        **{"contenttypes.contenttype": {**TYPES, "rows": {"model": {"$user": "username"}}}},
    )
    query = {"fields": "on.film.title, on.actor.name", "shape": "list", "order_by": "id"}
    for user, found in ((ann, ["Ann"]), (bob, ["Alien", "Brazil", "Alien"])) * 2:
        body = FlexQuery("sticker").execute(query, user=user).to_dict()
        objects = [row["on"][name] for row in body["results"] for name in ("film", "actor")]
        assert found == [v for one in objects if one for v in one.values()]


def test_an_exposed_type_whose_rows_nobody_sees_hides_all(
    ask: Ask, expose: Any, marked: Rows
) -> None:
    expose(**KEYS, **{"contenttypes.contenttype": {}})
    on = shown(ask("sticker", fields="on.type, on.film.title, on.actor.name").results, "on")
    assert [{"type": None, "film": None, "actor": None}] * 4 == on
