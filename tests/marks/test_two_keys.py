"""Two generic foreign keys on one model: each has its own types, columns and grants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Bridge, Postmark

OPEN_BRIDGE = {
    **ALL,
    "fields": ["*", "start", "finish"],
    "filters": ["*", "start.*", "finish.*"],
}


@pytest.fixture
def rows(expose: Any, marked: Rows) -> Rows:
    expose(bridge=OPEN_BRIDGE)
    return marked


def key(row: Any) -> dict[str, Any]:
    return {"type": row._meta.label_lower, "id": row.pk}


def refused(answer: Any, name: str) -> bool:
    """Whether an answer says that there is no such row to point to."""
    codes = {name: ["does_not_exist"]}
    return (400, codes) == (answer.status, answer.body.get("codes"))


def test_each_key_takes_its_own_types(ask: Ask, rows: Rows) -> None:
    film, actor, serial = rows.alien, rows.actor, rows.dark
    good = ask("bridge", "add", name="x", start=key(film), finish=key(actor))
    assert 201 == good.status, good.body
    bridge = Bridge.objects.get()
    assert (film, actor) == (bridge.start, bridge.finish)

    # The type of one is not among those of the other, whichever is sent first.
    for sent in ((film, film), (actor, actor), (actor, film), (serial, serial)):
        for names in (("start", "finish"), ("finish", "start")):
            values = dict(zip(("start", "finish"), sent, strict=True))
            answer = ask("bridge", "add", name="x", **{one: key(values[one]) for one in names})
            assert 400 == answer.status, sent
    assert refused(ask("bridge", "add", name="x", start=key(film), finish=key(film)), "finish")
    assert refused(ask("bridge", "add", name="x", start=key(actor), finish=key(actor)), "start")
    assert 1 == Bridge.objects.count()


def test_rows_that_are_added_together_take_each_its_own_types(ask: Ask, rows: Rows) -> None:
    film, actor = key(rows.alien), key(rows.actor)
    items = [{"name": "a", "start": film}, {"name": "b", "start": film, "finish": film}]
    answer = ask("bridge", "add", _items=items)
    assert (400, "_items[1]") == (answer.status, answer.body["path"])
    items[1]["finish"] = actor
    assert 201 == ask("bridge", "add", _items=items).status
    bridges = Bridge.objects.order_by("name")
    assert [None, rows.actor] == [bridge.finish for bridge in bridges]

    both = {"start": actor, "finish": actor}
    assert refused(ask("bridge", "edit", id=bridges[0].pk, **both), "start")
    many = ask("bridge", "bulk_edit", filters={"name": "a"}, _set={"finish": film}, _max_affected=1)
    assert 400 == many.status
    assert None is Bridge.objects.get(name="a").finish


def test_each_key_is_read_by_its_own_columns(ask: Ask, rows: Rows) -> None:
    ask("bridge", "add", name="x", start=key(rows.brazil), finish=key(rows.actor))
    ask("bridge", "add", name="y", start=key(rows.alien))
    fields = "start, finish, start.film.title, finish.actor.name, start.actor.name"
    x, y = ask("bridge", fields=fields).results
    assert {**key(rows.brazil), "film": {"title": "Brazil"}, "actor": None} == x["start"]
    assert {**key(rows.actor), "actor": {"name": "Ann"}} == x["finish"]
    assert ("Alien", None) == (y["start"]["film"]["title"], y["finish"])
    found = ask("bridge", filters={"start.film.title": "Brazil", "finish.actor.name": "Ann"})
    assert ["x"] == [row["name"] for row in found.results]
    assert [] == ask("bridge", filters={"finish.film.title": "Brazil"}).results


def test_a_grant_of_one_key_is_none_of_the_other(ask: Ask, expose: Any, marked: Rows) -> None:
    expose(bridge={**ALL, "fields": ["name", "start"], "filters": ["name", "start"]})
    sent = {"name": "x", "start": key(marked.alien)}
    assert 403 == ask("bridge", "add", **sent, finish=key(marked.actor)).status
    assert 201 == ask("bridge", "add", **sent).status
    assert 403 == ask("bridge", fields="finish").status
    assert 403 == ask("bridge", filters={"finish.type": "marks.actor"}).status


READ = {**ALL, "fields": ["text", "target"], "filters": ["text"]}


@pytest.mark.parametrize(
    ("grant", "status"),
    [
        (READ, 403),
        ({**ALL, "fields": ["*", "target"]}, 403),
        ({**ALL, "fields": ["text", "target", "content_type", "object_id"]}, 403),
        ({**READ, "write_fields": ["*"]}, 403),
        ({**READ, "write_fields": ["text", "content_type"]}, 403),
        ({**READ, "write_fields": ["text", "target"]}, 201),
        ({**READ, "write_fields": ["text", "content_type", "object_id"]}, 201),
        ({**READ, "add": {"fields": ["text", "target"]}}, 201),
    ],
    ids=["read", "wildcard", "columns-read", "any", "half", "named", "columns", "add"],
)
def test_what_is_not_editable_is_written_only_where_a_grant_for_writing_names_it(
    ask: Ask, expose: Any, marked: Rows, grant: dict[str, Any], status: int
) -> None:
    expose(postmark=grant)
    answer = ask("postmark", "add", text="x", target=key(marked.alien))
    assert status == answer.status, answer.body
    assert (status == 201) == Postmark.objects.exists()
    # It is read all the same.
    Postmark.objects.create(text="y", target=marked.brazil)
    (row,) = ask("postmark", fields="target", filters={"text": "y"}, order_by="text").results
    assert key(marked.brazil) == row["target"]


def test_a_guarded_column_is_not_written_by_a_grant_for_reading(
    ask: Ask, expose: Any, marked: Rows, settings: Any
) -> None:
    for grant, status in ((READ, 403), ({**READ, "write_fields": ["text", "target"]}, 201)):
        expose(mark=grant)
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "GUARDED_FIELDS": ["object_id"]}
        assert status == ask("mark", "add", text="x", target=key(marked.alien)).status
