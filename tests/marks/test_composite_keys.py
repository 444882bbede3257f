"""Generic foreign keys of rows whose key is several columns, and of those whose key they are in."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.checks import check_settings
from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Endnote, Vote

OPEN = {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]}


@pytest.fixture
def opened(expose: Any, marked: Rows) -> Rows:
    named = ["*", "page", "number", "voter", "target"]
    expose(endnote={**OPEN, "write_fields": named}, vote={**OPEN, "write_fields": named})
    return marked


def key(row: Any) -> dict[str, Any]:
    return {"type": row._meta.label_lower, "id": row.pk}


@pytest.fixture
def notes(opened: Rows) -> Rows:
    for number, target in enumerate((opened.alien, opened.actor, None), start=1):
        Endnote.objects.create(page=1, number=number, text=f"n{number}", target=target)
    for voter, target in (("ann", opened.alien), ("bob", opened.actor), ("cid", opened.brazil)):
        Vote.objects.create(voter=voter, target=target)
    return opened


def test_a_row_of_several_columns_points_to_any_row(ask: Ask, notes: Rows) -> None:
    fields = "text, target, target.film.title, target.actor.name"
    answer = ask("endnote", fields=fields, order_by="pk")
    assert [
        {**key(notes.alien), "film": {"title": "Alien"}, "actor": None},
        {**key(notes.actor), "film": None, "actor": {"name": "Ann"}},
        None,
    ] == [row["target"] for row in answer.results]
    assert ["1~1", "1~2", "1~3"] == [row["pk"] for row in answer.results]
    assert 1 == answer.statements

    listed = ask("endnote", fields="target.film.marks.text", order_by="pk")
    assert [{"film": {"marks": [{"text": "a1"}, {"text": "a2"}]}}, {"film": None}, None] == [
        row["target"] for row in listed.results
    ]
    assert 2 == listed.statements


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"target.film.title": "Alien"}, ["n1"]),
        ({"target.type": "marks.actor"}, ["n2"]),
        ({"target.film.marks.some": {"stars": 5}}, ["n1"]),
        ({"target.film.marks.count.gte": 1}, ["n1"]),
        ({"target": None}, ["n3"]),
        ({"target.film.isnull": True}, ["n2", "n3"]),
    ],
)
def test_rows_of_several_columns_are_filtered_by_where_they_point(
    ask: Ask, notes: Rows, filters: dict[str, Any], found: list[str]
) -> None:
    answer = ask("endnote", filters=filters, order_by="pk")
    assert found == [row["text"] for row in answer.results]
    assert 1 == answer.statements


@pytest.mark.parametrize("name", ["endnote", "vote"])
def test_pages_by_cursor_are_sorted_by_where_rows_point(ask: Ask, notes: Rows, name: str) -> None:
    order = "-target.film.title.nulls_last, pk"
    whole = ask(name, fields="pk", order_by=order).results
    found, query = [], {"fields": "pk", "order_by": order, "limit": 1, "cursor": True}
    while query:
        answer = ask(name, **query)
        assert 1 == answer.statements
        found += answer.results
        query = answer.body["pagination"].get("next")
    assert whole == found
    assert 3 == len(found)


def test_a_row_of_several_columns_is_pointed(ask: Ask, opened: Rows) -> None:
    sent = {"page": 2, "number": 1, "text": "x", "target": key(opened.alien)}
    added = ask("endnote", "add", **sent, _fields="target.film.title")
    assert (201, {"film": {"title": "Alien"}}) == (added.status, added.body["target"])
    for target in (opened.actor, opened.dark, None):
        value = None if target is None else key(target)
        edited = ask("endnote", "edit", _id="2~1", target=value, _fields="target")
        assert (200, value) == (edited.status, edited.body["target"])
        assert target == Endnote.objects.get().target
    many = ask(
        "endnote",
        "bulk_edit",
        filters={"page": 2},
        _set={"target": key(opened.cube)},
        _max_affected=1,
    )
    assert (200, opened.cube) == (many.status, Endnote.objects.get().target)
    missing = {"type": "marks.film", "id": 999_999}
    assert 400 == ask("endnote", "edit", _id="2~1", target=missing).status


def test_a_key_is_made_of_what_the_row_points_to(ask: Ask, opened: Rows) -> None:
    added = ask("vote", "add", voter="ann", target=key(opened.alien), _fields="*, target")
    assert 201 == added.status, added.body
    vote = Vote.objects.get()
    kind = vote.content_type_id
    assert f"{kind}~{opened.alien.pk}~ann" == added.body["pk"]
    assert (opened.alien, key(opened.alien)) == (vote.target, added.body["target"])
    assert 400 == ask("vote", "add", voter="ann", target=key(opened.alien)).status
    assert 400 == ask("vote", "add", voter="bob").status
    assert 400 == ask("vote", "add", voter="bob", target=None).status

    got = ask("vote", "get", _id=added.body["pk"], fields="target.film.title")
    assert {"film": {"title": "Alien"}} == got.body["target"]
    assert 200 == ask("vote", "edit", _id=added.body["pk"], stars=4).status
    assert 200 == ask("vote", "delete", _id=added.body["pk"]).status


def test_a_key_does_not_change_with_what_the_row_points_to(ask: Ask, notes: Rows) -> None:
    pk = f"{Vote.objects.get(voter='ann').content_type_id}~{notes.alien.pk}~ann"
    by_key = ask("vote", "edit", _id=pk, target=key(notes.cube))
    by_filter = ask(
        "vote",
        "bulk_edit",
        filters={"voter": "ann"},
        _set={"target": key(notes.cube)},
        _max_affected=1,
    )
    for answer in (by_key, by_filter):
        assert (400, "'target' is part of the key, which does not change") == (
            answer.status,
            answer.body["error"],
        )
    assert notes.alien == Vote.objects.get(voter="ann").target


def test_a_key_that_may_not_be_written_looks_like_none(ask: Ask, expose: Any, marked: Rows) -> None:
    vote = Vote.objects.create(voter="ann", target=marked.alien)
    pk = f"{vote.content_type_id}~{marked.alien.pk}~ann"
    expose(vote={**OPEN, "write_fields": ["stars"]})
    unknown = ask("vote", "edit", _id=pk, nothing=1)
    answer = ask("vote", "edit", _id=pk, target=key(marked.cube))
    assert (403, unknown.body["code"]) == (answer.status, answer.body["code"])


def test_a_check_does_not_ask_for_a_key_of_several_columns(expose: Any) -> None:
    """Which nobody sends: a new row needs its columns."""
    expose()
    found = {p.msg for p in check_settings() if p.id == "django_flex.W019"}
    assert not [text for text in found if "'endnote'" in text or "'vote'" in text]
    expose(vote={**ALL, "write_fields": ["voter", "object_id"]})
    (missing,) = (p.msg for p in check_settings() if "'vote'" in p.msg and "W019" in str(p.id))
    assert missing.endswith("needs: content_type.")
