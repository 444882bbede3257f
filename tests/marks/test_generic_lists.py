"""A generic relation is a list of related rows like any other: of those that have the type, too."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from django_flex.schema.introspection import describe
from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Film, Mark, Serial, Sticker, Studio


def texts(rows: Any, name: str, field: str) -> list[list[Any]]:
    return [[one[field] for one in row[name]] for row in rows]


def test_rows_of_the_type_are_listed_by_one_statement(ask: Ask, marked: Rows) -> None:
    answer = ask("film", fields="title, marks.text, stickers.label")

    assert 200 == answer.status, answer.body
    assert ["Alien", "Brazil", "Cube", "Dark"] == [row["title"] for row in answer.results]
    assert [["a1", "a2"], ["b1"], [], []] == texts(answer.results, "marks", "text")
    assert [["new", "odd"], ["old"], [], []] == texts(answer.results, "stickers", "label")
    assert 3 == answer.statements


def test_the_keys_of_a_bare_relation_are_listed(ask: Ask, marked: Rows) -> None:
    keys = [list(film.marks.order_by("pk").values_list("pk", flat=True)) for film in marked[:3]]

    answer = ask("film", fields="marks", filters={"serial.isnull": True})
    assert keys == [row["marks"] for row in answer.results]


def test_a_child_class_has_rows_of_its_own_type(ask: Ask, marked: Rows) -> None:
    assert [["d1"]] == texts(ask("serial", fields="marks.text").results, "marks", "text")


def test_a_proxy_has_the_rows_of_its_concrete_model(ask: Ask, marked: Rows) -> None:
    found = ask("oldfilm", fields="marks.text", filters={"marks.count.gte": 1}).results
    assert [["a1", "a2"], ["b1"]] == texts(found, "marks", "text")


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"marks.text": "a2"}, ["Alien"]),
        ({"marks.text": "n1"}, []),
        ({"marks.stars.gte": 4}, ["Alien", "Brazil"]),
        ({"marks.stars.lte": 2, "marks.text": "a1"}, []),
        ({"marks.isnull": True}, ["Cube", "Dark"]),
        ({"marks.isnull": False}, ["Alien", "Brazil"]),
        ({"marks": None}, ["Cube", "Dark"]),
        ({"marks.every": {"stars.gte": 4}}, ["Brazil", "Cube", "Dark"]),
        ({"marks.none": {"stars": 5}}, ["Brazil", "Cube", "Dark"]),
        ({"marks.some": {"stars.lt": 5}}, ["Alien", "Brazil"]),
        ({"not": {"marks.text": "b1"}}, ["Alien", "Cube", "Dark"]),
        ({"or": {"marks.text": "b1", "title": "Cube"}}, ["Brazil", "Cube"]),
        ({"stickers.label": "odd"}, ["Alien"]),
        ({"stickers.label": "who"}, []),
        ({"stickers.isnull": True}, ["Cube", "Dark"]),
        ({"stickers.count": 2}, ["Alien"]),
        ({"marks.count": 0}, ["Cube", "Dark"]),
        ({"marks.stars.sum.gte": 7}, ["Alien"]),
        ({"studio.marks.isnull": True}, None),
    ],
)
def test_films_are_filtered_by_their_marks(
    ask: Ask, marked: Rows, filters: dict[str, Any], titles: list[str] | None
) -> None:
    answer = ask("film", fields="title", filters=filters)

    if titles is None:  # keys of two kinds, which no database compares
        assert 403 == answer.status
    else:
        assert (200, titles) == (answer.status, [row["title"] for row in answer.results])
        assert 1 == answer.statements


def test_marks_are_counted_and_added_up_beside_a_film(ask: Ask, marked: Rows) -> None:
    answer = ask(
        "film",
        fields="title, n:marks.count, sum:marks.stars.sum, s:stickers.count, last:stickers.label.max",
        order_by="-marks.count, title",
    )

    assert [
        ("Alien", 2, 7, 2, "odd"),
        ("Brazil", 1, 4, 1, "old"),
        ("Cube", 0, None, 0, None),
        ("Dark", 0, None, 0, None),
    ] == [tuple(v for k, v in row.items() if k != "id") for row in answer.results]
    assert 1 == answer.statements


def test_totals_are_over_the_marks_of_films(ask: Ask, marked: Rows) -> None:
    answer = ask(
        "film", "aggregate", aggregate="n:marks.count, sum:marks.stars.sum", group_by="secret"
    )
    assert [{"secret": False, "n": 3, "sum": 11}] == answer.results


def test_arguments_of_the_list_are_those_of_any_list(ask: Ask, marked: Rows) -> None:
    def listed(**asked: Any) -> list[list[str]]:
        answer = ask("film", fields="title, marks.text", related={"marks": asked})
        return texts(answer.results, "marks", "text")

    assert [["a2", "a1"], ["b1"], [], []] == listed(order_by="stars")
    assert [["a2"], [], [], []] == listed(offset=1, limit=1)
    assert [["a1"], ["b1"], [], []] == listed(filters={"stars.gte": 4})
    answer = ask(
        "film",
        fields="title",
        related={"good": {"from": "marks", "aggregate": "count", "filters": {"stars": 5}}},
    )
    assert [1, 0, 0, 0] == [row["good"]["count"] for row in answer.results]


@pytest.mark.parametrize(
    "rows",
    [{"stars.gte": 3}, {"text.in": ["a1", "b1", "n1"]}, lambda user: Q(stars__gte=3)],
    ids=["data", "list", "q"],
)
def test_hidden_marks_are_nowhere(ask: Ask, marked: Rows, expose: Any, rows: Any) -> None:
    expose(mark={**ALL, "rows": rows})

    answer = ask("film", fields="marks.text, n:marks.count, sum:marks.stars.sum")
    assert [["a1"], ["b1"], [], []] == texts(answer.results, "marks", "text")
    assert [(1, 5), (1, 4), (0, None), (0, None)] == [(r["n"], r["sum"]) for r in answer.results]
    for filters in ({"marks.text": "a2"}, {"marks.stars.lt": 3}, {"marks.count.gte": 2}):
        assert [] == ask("film", filters=filters).results
    assert 2 == len(ask("film", filters={"marks.isnull": True}).results)


def test_a_list_over_a_relation_belongs_to_the_row_there(ask: Ask, marked: Rows) -> None:
    mark = Mark.objects.get(text="a1")
    Sticker.objects.update(mark=mark)
    Mark.objects.filter(text="b1").update(secret=True)
    studio = Studio.objects.create(name="S")
    Film.objects.update(studio=studio)

    found = ask("studio", fields="films.title, films.marks.text", order_by="name").results
    assert [["a1", "a2"], ["b1"], [], []] == texts(found[0]["films"], "marks", "text")
    assert ["S"] == [
        r["name"]
        for r in ask("studio", order_by="name", filters={"films.marks.text": "b1"}).results
    ]
    assert [] == ask("studio", order_by="name", filters={"films.marks.text": "n1"}).results


def test_a_rule_goes_over_a_generic_relation(ask: Ask, marked: Rows, expose: Any) -> None:
    expose(film={**ALL, "rows": {"marks.stars.gte": 4}})
    assert ["Alien", "Brazil"] == [row["title"] for row in ask("film").results]


def test_a_relation_is_granted_by_its_paths(ask: Ask, marked: Rows, expose: Any) -> None:
    narrow = {**ALL, "fields": ["id", "marks.text"], "filters": ["marks.text"]}
    expose(film=narrow, mark=None, sticker=None)

    assert [["a1", "a2"]] == texts(
        ask("film", fields="marks.text", filters={"marks.text": "a1"}).results, "marks", "text"
    )
    assert 403 == ask("film", fields="marks.stars").status
    assert 403 == ask("film", filters={"marks.stars": 1}).status
    assert 403 == ask("film", fields="stickers.label").status


def test_a_relation_of_keys_of_two_kinds_has_no_name(ask: Ask) -> None:
    assert {"marks"} == describe(Studio).unnamable
    assert 403 == ask("studio", fields="marks.text", order_by="name").status


def test_the_side_of_a_related_query_name_has_no_name(ask: Ask, marked: Rows) -> None:
    assert 403 == ask("sticker", fields="film.title").status
    assert 200 == ask("sticker", fields="label, key").status


def test_marks_are_written_inside_a_film(ask: Ask, marked: Rows) -> None:
    added = ask("film", "add", title="Eden", marks=[{"text": "e1"}], stickers=[{"label": "hot"}])
    assert 201 == added.status, added.body
    eden = Film.objects.get(title="Eden")
    assert (["e1"], ["hot"]) == (
        [mark.text for mark in eden.marks.all()],
        [sticker.label for sticker in eden.stickers.all()],
    )

    a1, a2 = marked.alien.marks.order_by("pk")
    changes = {"$add": [{"text": "a3"}], "$edit": [{"id": a1.pk, "text": "a0"}], "$remove": [a2.pk]}
    answer = ask("film", "edit", id=marked.alien.pk, marks=changes)
    assert 200 == answer.status, answer.body
    assert ["a0", "a3"] == [mark.text for mark in marked.alien.marks.order_by("text")]

    ann = marked.actor.marks.first()
    for verb in ({"$remove": [ann.pk]}, {"$edit": [{"id": ann.pk, "text": "x"}]}):
        assert 404 == ask("film", "edit", id=marked.alien.pk, marks=verb).status
    assert 200 == ask("film", "edit", id=marked.alien.pk, marks={"$set": []}).status
    assert (0, 3) == (marked.alien.marks.count(), marked.actor.marks.count())


def test_the_outer_row_sets_the_columns_that_point_to_it(
    ask: Ask, marked: Rows, expose: Any
) -> None:
    expose(mark={**ALL, "write_fields": ["*", "object_id", "content_type"]})
    for sent in ({"object_id": 1}, {"content_type": 1}):
        answer = ask("film", "edit", id=marked.alien.pk, marks={"$add": [{"text": "x", **sent}]})
        assert (400, "The outer row sets this value") == (answer.status, answer.body["error"])


def test_marks_that_a_role_may_not_point_are_not_added(ask: Ask, marked: Rows, expose: Any) -> None:
    for fields in (["text", "object_id"], ["text", "content_type"], ["text"]):
        expose(mark={**ALL, "write_fields": fields})
        assert (
            403 == ask("film", "edit", id=marked.alien.pk, marks={"$add": [{"text": "x"}]}).status
        )
    expose(mark={**ALL, "write_fields": ["text", "object_id", "content_type"]})
    assert 200 == ask("film", "edit", id=marked.alien.pk, marks={"$add": [{"text": "x"}]}).status


def test_a_film_is_deleted_with_its_marks(ask: Ask, marked: Rows) -> None:
    assert 200 == ask("film", "delete", id=marked.alien.pk).status
    assert ["b1", "d1", "n1", "n2", "n3"] == [m.text for m in Mark.objects.order_by("text")]


def test_a_row_of_a_child_class_has_its_own_marks_written(ask: Ask, marked: Rows) -> None:
    answer = ask("serial", "edit", id=marked.dark.pk, marks={"$add": [{"text": "d2"}]})
    assert 200 == answer.status, answer.body
    assert ["d1", "d2"] == [m.text for m in Serial.objects.get().marks.order_by("text")]


def test_lists_of_a_type_are_distinct_and_paged_by_cursor(ask: Ask, marked: Rows) -> None:
    entry = {"fields": "text", "order_by": "-text", "limit": 1, "cursor": True}
    (alien, *others) = ask("film", fields="title", related={"marks": entry}).results
    assert ["a2"] == [row["text"] for row in alien["marks"]["results"]]
    assert not any("next" in row["marks"]["pagination"] for row in others)

    entry |= alien["marks"]["pagination"]["next"]
    answer = ask("film", fields="title", related={"marks": entry}, filters={"title": "Alien"})
    assert [[{"text": "a1"}]] == [row["marks"]["results"] for row in answer.results]
    other = ask("film", fields="title", related={"marks": entry}, filters={"title": "Brazil"})
    assert (400, "related.marks.cursor") == (other.status, other.body["path"])
    distinct = {"fields": "text", "distinct": "text", "order_by": "-text"}
    found = ask("film", fields="title", related={"marks": distinct}).results
    assert [["a2", "a1"], ["b1"], [], []] == texts(found, "marks", "text")
