"""A generic foreign key leads to rows of each exposed model, and says which row it means."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import Q

from django_flex.schema.introspection import describe
from django_flex.schema.registry import Schema
from tests.marks.conftest import ALL, Ask, Rows, point, stick
from tests.marks.models import (
    Festival,
    Film,
    GoldPlaque,
    Mark,
    Plaque,
    Sticker,
    Studio,
)

KEY = UUID("0b8f6b4c-5a1d-4c39-9a53-2f1d2f6f7a10")
#: Both columns of each key, which no wildcard covers.
OPEN_MARK = {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]}
OPEN_STICKER = {**ALL, "fields": ["*", "on"], "filters": ["*", "on.*"]}
OPEN_PLAQUE = {**ALL, "fields": ["*", "content_object"], "filters": ["*", "content_object.*"]}


@pytest.fixture
def opened(expose: Any) -> Any:
    """Expose every model, and both columns of each key; some models by other grants."""

    def exposed(**grants: Any) -> None:
        keys = {"mark": OPEN_MARK, "sticker": OPEN_STICKER, "plaque": OPEN_PLAQUE}
        expose(**{**keys, "goldplaque": OPEN_PLAQUE, **grants})

    exposed()
    return exposed


@pytest.fixture
def stuck(marked: Rows) -> Rows:
    """Stickers on rows whose keys are a UUID and a text, and ones that point nowhere."""
    studio = Studio.objects.create(pk=KEY, name="Ealing")
    cannes = Festival.objects.create(code="cannes", name="Cannes")
    Festival.objects.create(code=str(marked.alien.pk), name="One")
    for label, row in (("palm", cannes), ("logo", studio)):
        Sticker.objects.create(label=label, **stick(row))
    film = stick(marked.alien)["kind"]
    for label, key in (("torn", "x7"), ("none", ""), ("long", "9" * 30), ("past", "999999")):
        Sticker.objects.create(label=label, kind=film, key=key)
    for words, kind in (("first", Plaque), ("gold", GoldPlaque)):
        kind.objects.create(words=words, **point(studio))
    return marked


def shown(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_both_columns_are_one_value(ask: Ask, opened: Any, stuck: Rows) -> None:
    listed = ask("mark", fields="text, target, x:target, y:target.id", limit=4)

    assert 200 == listed.status, listed.body
    key = {"type": "marks.film", "id": stuck.alien.pk}
    first = listed.results[0]
    assert {"id": first["id"], "text": "a1", "target": key, "x": key, "y": key["id"]} == first
    assert {"type": "marks.serial", "id": stuck.dark.pk} == listed.results[3]["target"]
    assert 1 == listed.statements

    stickers = ask("sticker", fields="label, on", filters={"label.in": ["palm", "logo", "torn"]})
    assert [
        {"type": "marks.festival", "id": "cannes"},
        {"type": "marks.studio", "id": str(KEY)},
        {"type": "marks.film", "id": "x7"},
    ] == shown(stickers.results, "on")
    (plaque, _) = ask("plaque", fields="content_object").results
    assert {"type": "marks.studio", "id": str(KEY)} == plaque["content_object"]


def test_a_key_of_nothing_is_null(ask: Ask, opened: Any, marked: Rows) -> None:
    Mark.objects.create(text="z")
    found = ask("mark", fields="target, target.film.title", filters={"text": "z"}).results
    assert [None] == shown(found, "target")
    for filters in ({"target.isnull": True}, {"target": None}, {"target.type": None}):
        assert ["z"] == shown(ask("mark", fields="text", filters=filters).results, "text")


def test_fields_of_several_models_are_read_by_one_statement(
    ask: Ask, opened: Any, stuck: Rows
) -> None:
    answer = ask(
        "sticker",
        fields="label, on.film.title, on.actor.name, on.studio.name, on.festival.name",
    )

    assert 200 == answer.status, answer.body
    nothing = {"film": None, "actor": None, "studio": None, "festival": None}
    assert [
        ("new", {**nothing, "film": {"title": "Alien"}}),
        ("old", {**nothing, "film": {"title": "Brazil"}}),
        ("odd", {**nothing, "film": {"title": "Alien"}}),
        ("who", {**nothing, "actor": {"name": "Ann"}}),
        ("palm", {**nothing, "festival": {"name": "Cannes"}}),
        ("logo", {**nothing, "studio": {"name": "Ealing"}}),
        *((label, nothing) for label in ("torn", "none", "long", "past")),
    ] == [(row["label"], row["on"]) for row in answer.results]
    assert 1 == answer.statements


def test_a_list_behind_a_key_takes_one_statement_more(ask: Ask, opened: Any, stuck: Rows) -> None:
    answer = ask("sticker", fields="label, on.film.marks.text, on.film.studio.name", limit=4)

    films = [on and on["film"] for on in shown(answer.results, "on")]
    assert [
        {"marks": [{"text": "a1"}, {"text": "a2"}], "studio": None},
        {"marks": [{"text": "b1"}], "studio": None},
        {"marks": [{"text": "a1"}, {"text": "a2"}], "studio": None},
        None,
    ] == films
    assert 2 == answer.statements


def test_a_key_is_read_behind_other_relations(ask: Ask, opened: Any, stuck: Rows) -> None:
    film = ask("film", fields="marks.target.film.title, stickers.on", limit=1).results[0]
    assert [{"target": {"film": {"title": "Alien"}}}] * 2 == film["marks"]
    on = {"type": "marks.film", "id": str(stuck.alien.pk)}
    assert [{"on": on}, {"on": on}] == film["stickers"]

    opened(sticker={**OPEN_STICKER, "fields": ["*", "mark.target"]})
    Sticker.objects.filter(label="palm").update(mark=Mark.objects.get(text="n1"))
    (found,) = ask(
        "sticker",
        fields="mark.target.actor.name, mark.target.type, on.festival.code",
        filters={"mark.target.actor.name": "Ann"},
    ).results
    assert {"type": "marks.actor", "actor": {"name": "Ann"}} == found["mark"]["target"]
    assert {"festival": {"code": "cannes"}} == found["on"]


def test_a_key_of_a_parent_class_is_read(ask: Ask, opened: Any, stuck: Rows) -> None:
    for name, number in (("plaque", 2), ("goldplaque", 1)):
        answer = ask(name, fields="content_object, content_object.studio.name", order_by="pk")
        assert 200 == answer.status, answer.body
        there = {"type": "marks.studio", "id": str(KEY), "studio": {"name": "Ealing"}}
        assert [there] * number == shown(answer.results, "content_object")
    found = ask("goldplaque", filters={"content_object.studio.name": "Ealing"}, order_by="pk")
    assert 1 == len(found.results)


def test_a_child_class_and_a_proxy_have_names_of_their_own(
    ask: Ask, opened: Any, marked: Rows
) -> None:
    found = ask("mark", fields="text, target.serial.title, target.oldfilm.title").results
    targets = {row["text"]: row["target"] for row in found}
    assert {"serial": {"title": "Dark"}, "oldfilm": None} == targets["d1"]
    assert {"serial": None, "oldfilm": {"title": "Alien"}} == targets["a1"]


@pytest.mark.parametrize(
    ("filters", "labels"),
    [
        ({"on.type": "marks.actor"}, ["who"]),
        ({"on.type": "marks.nothing"}, []),
        ({"on.type": "actor"}, []),
        ({"on.type.in": ["marks.actor", "marks.festival"]}, ["who", "palm"]),
        ({"on.type.ne": "marks.film"}, ["who", "palm", "logo"]),
        ({"on.type.nin": ["marks.film", "marks.actor"]}, ["palm", "logo"]),
        ({"on.type.startswith": "marks.f", "on.id": "cannes"}, ["palm"]),
        ({"on.type": "marks.studio", "on.id": str(KEY)}, ["logo"]),
        ({"on.id.in": ["cannes", "x7"]}, ["palm", "torn"]),
        ({"on.film.title": "Alien"}, ["new", "odd"]),
        (
            {"on.film.title.ne": "Alien", "on.type": "marks.film"},
            ["old", "torn", "none", "long", "past"],
        ),
        ({"not": {"on.film.title": "Alien"}, "on.film.isnull": False}, ["old"]),
        ({"on.film.isnull": True}, ["who", "palm", "logo", "torn", "none", "long", "past"]),
        ({"on.festival.name.startswith": "C"}, ["palm"]),
        ({"on.festival": "cannes"}, ["palm"]),
        ({"on.studio.name": "Ealing"}, ["logo"]),
        ({"on.studio": str(KEY)}, ["logo"]),
        ({"or": {"on.film.title": "Brazil", "on.actor.name": "Ann"}}, ["old", "who"]),
        ({"on.film.marks.stars": 4}, ["old"]),
        ({"on.film.marks.count": 2}, ["new", "odd"]),
        ({"on.film.marks.none": {"stars.gte": 5}, "on.film.isnull": False}, ["old"]),
    ],
)
def test_rows_are_filtered_by_where_they_point(
    ask: Ask, opened: Any, stuck: Rows, filters: dict[str, Any], labels: list[str]
) -> None:
    answer = ask("sticker", fields="label", filters=filters)
    assert (200, labels) == (answer.status, shown(answer.results or [], "label")), answer.body
    assert 1 == answer.statements


def test_rows_are_sorted_and_counted_by_where_they_point(
    ask: Ask, opened: Any, stuck: Rows
) -> None:
    by_title = {"fields": "label", "filters": {"on.film.isnull": False}}
    for order, labels in (("-on.film.title", "old new odd"), ("on.film.title", "new odd old")):
        found = ask("sticker", **by_title, order_by=[order, "id"]).results
        assert labels.split() == shown(found, "label")
    pages = ask("sticker", **by_title, order_by="-on.film.title, id", limit=1, cursor=True)
    assert ["old"] == shown(pages.results, "label")

    groups = ask("mark", "aggregate", group_by="target.film.title", aggregate="n:count")
    assert {("Alien", 2), ("Brazil", 1), (None, 4)} == {
        (row["target"]["film"]["title"] if row["target"] else None, row["n"])
        if "target" in row
        else (row["target.film.title"], row["n"])
        for row in groups.results
    }


def test_a_key_is_no_single_value(ask: Ask, opened: Any, marked: Rows) -> None:
    answer = ask("mark", filters={"target": marked.alien.pk})
    assert (400, "'target.type', 'target.id'") == (answer.status, answer.body["hint"])


def test_a_wildcard_does_not_tell_the_columns(ask: Ask, expose: Any, marked: Rows) -> None:
    for asked in ("target", "target.*", "target.type", "target.id", "x:target"):
        assert 403 == ask("mark", fields=asked).status
    for filters in ({"target.type": "marks.film"}, {"target.id": 1}, {"target.isnull": True}):
        assert 403 == ask("mark", filters=filters).status
    assert 403 == ask("mark", order_by="target.id").status
    assert 403 == ask("film", fields="marks.target").status
    # What is behind them is granted by the models there.
    (first,) = ask("mark", fields="target.film.title", limit=1).results
    assert {"film": {"title": "Alien"}} == first["target"]
    expose(mark={**ALL, "fields": ["target.id"], "filters": []})
    assert 403 == ask("mark", fields="target.type").status
    assert [{"id": marked.alien.pk}] == shown(
        ask("mark", fields="target", limit=1, order_by="target.id").results, "target"
    )


@pytest.mark.parametrize(
    "form",
    ["{}", "x:{}", "text, {}", "{0}.*, {0}", "{}.*", "x:{}.*", "{}.type", "{}.film.title", "{}.x"],
)
@pytest.mark.parametrize(("model", "way"), [("mark", ""), ("film", "marks.")])
def test_a_key_that_is_not_granted_looks_like_no_name(
    ask: Ask, expose: Any, model: str, way: str, form: str
) -> None:
    """A refusal has the name as it was asked for, and not what would have been meant by it."""
    expose(mark={**ALL, "fields": ["id", "text"]})
    fields = form.replace("text", f"{way}text").replace("{", f"{way}{{")
    refused, unknown = (ask(model, fields=fields.format(name)) for name in ("target", "nothing"))

    assert (403, 0) == (refused.status, refused.statements)
    assert refused.body["error"] == unknown.body["error"].replace("nothing", "target")


def test_a_model_without_an_entry_or_grant_has_no_name(ask: Ask, opened: Any, marked: Rows) -> None:
    opened(actor=None, festival={**ALL, "fields": []})
    for name in ("actor.name", "festival.name", "nothing.name"):
        answer = ask("sticker", fields=f"on.{name}")
        assert 403 == answer.status
        assert 403 == ask("sticker", filters={f"on.{name}": "x"}).status
        assert 403 == ask("sticker", order_by=f"on.{name}").status


HIDING = pytest.mark.parametrize(
    "rows",
    [{"secret": False}, lambda user: Q(secret=False), {"stickers.label.ne": "old"}],
    ids=["data", "q", "relation"],
)


@HIDING
def test_hidden_rows_are_like_none(ask: Ask, opened: Any, stuck: Rows, rows: Any) -> None:
    Film.objects.filter(pk=stuck.brazil.pk).update(secret=True)
    opened(film={**ALL, "rows": rows})

    def labels(**asked: Any) -> list[str]:
        return shown(ask("sticker", fields="label", **asked).results, "label")

    answer = ask("sticker", fields="label, on, on.film.title", limit=4)
    assert ["Alien", None, "Alien", None] == [
        on["film"] and on["film"]["title"] for on in shown(answer.results, "on")
    ]
    # The columns are those of the row that points, as a foreign key's is.
    assert {"type": "marks.film", "id": str(stuck.brazil.pk), "film": None} == (
        answer.results[1]["on"]
    )
    for filters in (
        {"on.film.title": "Brazil"},
        {"on.film.title.startswith": "B"},
        {"on.film.id": stuck.brazil.pk},
        {"on.film.marks.text": "b1"},
        {"on.film.isnull": False, "label": "old"},
    ):
        assert [] == labels(filters=filters)
    assert ["old"] == labels(filters={"on.film.isnull": True, "label": "old"})
    # Its place in an order is that of rows that point to nothing.
    others = {"label.in": ["old", "torn", "past"]}
    assert ["old", "torn", "past"] == labels(filters=others, order_by="on.film.title, id")
    assert ["past", "torn", "old"] == labels(filters=others, order_by="on.film.title, -id")
    counted = ask("sticker", fields="label, n:on.film.marks.count", filters={"label": "old"})
    assert [None] == shown(counted.results, "n")


def test_hidden_types_are_null(ask: Ask, opened: Any, marked: Rows) -> None:
    types = {"rows": {"model": "film"}, "fields": ["app_label", "model"]}
    opened(**{"contenttypes.contenttype": types})
    found = shown(ask("mark", fields="target").results, "target")
    assert {"marks.film", None} == {one["type"] for one in found}
    assert [] == ask("mark", filters={"target.type": "marks.actor"}).results
    assert [] == ask("mark", filters={"target.type.startswith": "marks.a"}).results


def test_a_rule_goes_over_a_generic_key(ask: Ask, opened: Any, marked: Rows) -> None:
    opened(mark={**OPEN_MARK, "rows": {"target.film.title": "Alien"}})
    assert ["a1", "a2"] == shown(ask("mark", fields="text").results, "text")
    opened(mark={**OPEN_MARK, "rows": {"target.type": "marks.actor"}})
    assert ["n1", "n2", "n3"] == shown(ask("mark", fields="text").results, "text")


def test_a_key_is_excluded_as_a_whole(ask: Ask, opened: Any, marked: Rows) -> None:
    opened(mark={**ALL, "exclude": ["target"]})
    assert 403 == ask("mark", fields="target.film.title").status


def test_names_that_two_apps_have_are_those_of_the_apps(db: None) -> None:
    schema = Schema().exposing(["marks.film", "marks.actor", "other.film", "marks.festival"])
    ways = schema.find("marks.mark:target").relations
    assert {"marks_film", "actor"} == ways.keys()  # a text is not the key of a number
    ways = schema.find("marks.sticker:on").relations
    assert {"marks_film", "actor", "festival"} == ways.keys()


def test_each_key_of_a_model_is_a_relation_to_the_row(db: None) -> None:
    pointer = describe(Sticker).relations["on"]
    assert (True, "marks.sticker:on") == (pointer.same_row, pointer.label)
    assert {"type", "id"} == pointer.target.attributes.keys()
    assert {} == pointer.target.relations


def test_a_model_that_is_added_later_does_not_lose_the_joins(
    ask: Ask, opened: Any, stuck: Rows
) -> None:
    asked = {"fields": "label", "filters": {"on.film.title": "Alien"}}
    assert 2 == len(ask("sticker", **asked).results)
    apps.clear_cache()
    assert 2 == len(ask("sticker", **asked, order_by="label").results)


def test_statements_are_cached(ask: Ask, opened: Any, stuck: Rows) -> None:
    for title, number in (("Alien", 2), ("Brazil", 1), ("Cube", 0), ("Alien", 2)) * 2:
        asked = {"on.type": "marks.film", "on.film.title": title}
        assert number == len(ask("sticker", fields="on.film.title", filters=asked).results)
    for label, number in (("marks.film", 7), ("marks.actor", 1), ("marks.film", 7)) * 2:
        assert number == len(ask("sticker", filters={"on.type": label}).results)


def test_models_of_other_keys_have_no_name(ask: Ask, opened: Any, stuck: Rows) -> None:
    for asked in ("target.studio.name", "target.festival.name"):
        assert 403 == ask("mark", fields=asked).status
    assert 403 == ask("plaque", fields="content_object.film.title").status
