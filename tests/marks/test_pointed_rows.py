"""A generic foreign key is written as it is read: by a type and a key, of a row that is visible."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.marks.conftest import ALL, Ask, Rows, point
from tests.marks.models import Festival, Film, Mark, Plaque, Sticker, Studio

KEY = UUID("0b8f6b4c-5a1d-4c39-9a53-2f1d2f6f7a10")
OPEN_MARK = {**ALL, "fields": ["*", "target"]}
OPEN_STICKER = {**ALL, "fields": ["*", "on"]}
OPEN_PLAQUE = {**ALL, "fields": ["*", "content_object"]}


@pytest.fixture
def opened(expose: Any) -> Any:
    def exposed(**grants: Any) -> None:
        keys = {"mark": OPEN_MARK, "sticker": OPEN_STICKER, "plaque": OPEN_PLAQUE}
        expose(**{**keys, **grants})

    exposed()
    return exposed


@pytest.fixture
def others(marked: Rows) -> Rows:
    Studio.objects.create(pk=KEY, name="Ealing")
    Festival.objects.create(code="cannes", name="Cannes")
    return marked


def key(label: str, pk: object) -> dict[str, Any]:
    return {"type": f"marks.{label}", "id": pk}


def test_a_row_points_to_what_was_sent(ask: Ask, opened: Any, others: Rows) -> None:
    sent = key("film", others.brazil.pk)
    added = ask("mark", "add", text="new", target=sent, _fields="text, target, target.film.title")

    assert 201 == added.status, added.body
    there = {**sent, "film": {"title": "Brazil"}}
    assert {"text": "new", "target": there} == {n: added.body[n] for n in ("text", "target")}
    mark = Mark.objects.get(text="new")
    assert others.brazil == mark.target

    edited = ask("mark", "edit", id=mark.pk, target=key("actor", others.actor.pk))
    assert 200 == edited.status, edited.body
    mark = Mark.objects.get(text="new")
    assert others.actor == mark.target

    assert 200 == ask("mark", "edit", id=mark.pk, target=None).status
    mark = Mark.objects.get(text="new")
    assert (None, None, None) == (mark.target, mark.content_type, mark.object_id)


@pytest.mark.parametrize(
    ("label", "pk", "stored"),
    [
        ("film", 1, "1"),
        ("film", "1", "1"),
        ("studio", str(KEY), str(KEY)),
        ("studio", KEY.hex, str(KEY)),
        ("festival", "cannes", "cannes"),
    ],
    ids=["number", "digits", "uuid", "hex", "text"],
)
def test_a_text_holds_a_key_of_any_kind(
    ask: Ask, opened: Any, others: Rows, label: str, pk: Any, stored: str
) -> None:
    if label == "film":
        pk, stored = type(pk)(others.alien.pk), str(others.alien.pk)
    added = ask("sticker", "add", label="x", on=key(label, pk), _fields="on")

    assert 201 == added.status, added.body
    assert key(label, stored) == added.body["on"]
    sticker = Sticker.objects.get(label="x")
    assert (stored, label) == (sticker.key, sticker.kind.model)
    assert sticker.on is not None


def test_a_uuid_is_pointed_to_by_one(ask: Ask, opened: Any, others: Rows) -> None:
    added = ask("plaque", "add", words="x", content_object=key("studio", str(KEY)))
    assert 201 == added.status, added.body
    assert Studio.objects.get() == Plaque.objects.get().content_object


def test_a_child_class_is_pointed_to_by_its_own_type(ask: Ask, opened: Any, others: Rows) -> None:
    assert 201 == ask("mark", "add", text="x", target=key("serial", others.dark.pk)).status
    assert others.dark == Mark.objects.get(text="x").target
    missing = ask("mark", "add", text="y", target=key("serial", others.alien.pk))
    assert (400, {"target"}) == (missing.status, missing.body["fields"].keys())


def refusals(ask: Ask, others: Rows) -> list[tuple[int, Any]]:
    """Return the answers about rows that are hidden, missing, or of no type to point to."""
    sent: list[dict[str, Any]] = [
        key("film", others.brazil.pk),
        key("film", 999_999),
        key("film", "abc"),
        key("nothing", 1),
        {"type": "auth.user", "id": 1},
        {"type": 7, "id": 1},
        {"type": "marks.film", "id": None},
    ]
    answers = []
    for value in sent:
        for action in ({}, {"id": Mark.objects.get(text="a1").pk}):
            answer = ask("mark", "edit" if action else "add", target=value, **action)
            name = f"{value['type']} {value['id']}"
            text = str(answer.body["fields"]).replace(name, "…")
            answers.append((answer.status, (text, answer.body["codes"], answer.body["error"])))
    return answers


def test_what_may_not_be_pointed_to_looks_like_what_is_not_there(
    ask: Ask, opened: Any, others: Rows
) -> None:
    Film.objects.filter(pk=others.brazil.pk).update(secret=True)
    opened(film={**ALL, "rows": {"secret": False}})

    found = refusals(ask, others)
    assert 14 == len(found)
    assert {400} == {status for status, _ in found}
    assert 1 == len({str(answer) for _, answer in found}), found
    assert {"target": ["does_not_exist"]} == found[0][1][1]
    assert not Mark.objects.filter(text="").exists()


def test_a_type_without_a_grant_is_like_none(ask: Ask, opened: Any, others: Rows) -> None:
    for grant in (None, {**ALL, "fields": [], "ops": []}, {}):
        ContentType.objects.filter(app_label="marks", model="festival").delete()
        ContentType.objects.clear_cache()
        opened(festival=grant)
        sent = {"on": key("festival", "cannes")}
        answer = ask("sticker", "add", label="x", **sent)
        found = {"on": ["marks.festival cannes does not exist."]}
        if grant is None or not grant:
            assert (400, found) == (answer.status, answer.body["fields"])
            # Nothing was asked of, or added for, a model that the caller may not name.
            assert not ContentType.objects.filter(model="festival").exists()


@pytest.mark.parametrize(
    "sent",
    [
        5,
        "7",
        "marks.film",
        [],
        {},
        {"type": "marks.film"},
        {"id": 5},
        {"$add": {"title": "x"}},
        {"type": "marks.film", "id": 5, "more": 1},
    ],
)
def test_another_form_is_refused(ask: Ask, opened: Any, others: Rows, sent: Any) -> None:
    answer = ask("mark", "add", text="x", target=sent)
    expected = {"target": ["This has to be an object with a type and a key."]}
    assert (400, expected) == (answer.status, answer.body["fields"])


def test_a_key_that_is_needed_is_not_null(ask: Ask, opened: Any, others: Rows) -> None:
    expected = {"on": ["This has to be an object with a type and a key."]}
    answer = ask("sticker", "add", label="x", on=None)
    assert (400, expected) == (answer.status, answer.body["fields"])
    missing = ask("sticker", "add", label="x")
    assert 400 == missing.status


@pytest.mark.parametrize("sent", [{"object_id": 1}, {"content_type": 1}, {"object_id": None}])
def test_a_wildcard_writes_no_column_by_its_own_name(
    ask: Ask, opened: Any, others: Rows, sent: dict[str, Any]
) -> None:
    # Nothing is looked up there: the row may be one that the caller does not see, or none.
    mark = Mark.objects.get(text="a1")
    for grant in (ALL, {**ALL, "write_fields": ["*"]}, OPEN_MARK):
        opened(mark=grant)
        for action, more in (("add", {}), ("edit", {"id": mark.pk})):
            answer = ask("mark", action, text="x", **sent, **more)
            assert (403, *sent) == (answer.status, answer.body["path"])
        found = ask("mark", "bulk_edit", filters={"text": "a1"}, _set=sent, _max_affected=1)
        assert 403 == found.status, found.body
    assert mark.target == Mark.objects.get(text="a1").target
    opened(mark={**ALL, "write_fields": ["text", *sent]})
    assert 200 == ask("mark", "edit", id=mark.pk, **sent).status


def test_the_columns_are_not_written_beside_it(ask: Ask, opened: Any, others: Rows) -> None:
    opened(mark={**OPEN_MARK, "write_fields": ["*", "target", "object_id", "content_type"]})
    for beside in ({"object_id": 1}, {"content_type": 1}):
        answer = ask("mark", "add", target=key("film", others.alien.pk), **beside)
        assert 400 == answer.status
        assert "write the same value" in answer.body["error"]
    inner = {"$add": [{"text": "x", "target": key("film", others.cube.pk)}]}
    answer = ask("film", "edit", id=others.alien.pk, marks=inner)
    assert (400, "The outer row sets this value") == (answer.status, answer.body["error"])


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (["text", "target"], 201),
        (["text", "target.*"], 201),
        (["text", "content_type", "object_id"], 201),
        (["*"], 201),
        (["text"], 403),
        (["text", "target.id"], 403),
        (["text", "object_id"], 403),
        (["text", "target.film.title"], 403),
    ],
)
def test_a_key_is_written_where_both_columns_may_be(
    ask: Ask, opened: Any, others: Rows, written: list[str], status: int
) -> None:
    opened(mark={**ALL, "write_fields": written})
    answer = ask("mark", "add", text="x", target=key("film", others.alien.pk))
    assert status == answer.status, answer.body


def test_a_column_that_is_preset_is_not_sent(ask: Ask, opened: Any, others: Rows) -> None:
    opened(mark={**OPEN_MARK, "presets": {"object_id": 1}})
    assert 403 == ask("mark", "add", text="x", target=key("film", others.alien.pk)).status


def test_many_rows_are_looked_up_together(ask: Ask, opened: Any, others: Rows) -> None:
    films = [others.alien, others.brazil, others.cube] * 4
    items = [{"text": f"m{n}", "target": key("film", film.pk)} for n, film in enumerate(films)]
    items.append({"text": "actor", "target": key("actor", others.actor.pk)})

    with CaptureQueriesContext(connection) as queries:
        answer = FlexQuery("mark").execute({"_action": "add", "_items": items})
    assert 201 == answer.status_code, answer.to_dict()
    asked = [q["sql"] for q in queries if "SELECT" in q["sql"] and "marks_film" in q["sql"]]
    assert 1 == len(asked)
    assert films == [Mark.objects.get(text=f"m{n}").target for n in range(len(films))]

    items[3]["target"] = key("film", 999_999)
    refused = ask("mark", "add", _items=items)
    assert (400, "_items[3]") == (refused.status, refused.body["path"])


def test_rows_by_filter_are_pointed(ask: Ask, opened: Any, others: Rows) -> None:
    answer = ask(
        "mark",
        "bulk_edit",
        filters={"text.startswith": "n"},
        _set={"target": key("film", others.cube.pk)},
        _max_affected=5,
    )
    assert 200 == answer.status, answer.body
    assert 3 == others.cube.marks.count()


def test_the_rules_of_the_written_row_hold(ask: Ask, opened: Any, others: Rows) -> None:
    opened(mark={**OPEN_MARK, "check": {"target.film.title": "Alien"}})
    assert 201 == ask("mark", "add", text="x", target=key("film", others.alien.pk)).status
    assert 403 == ask("mark", "add", text="y", target=key("film", others.brazil.pk)).status
    assert 403 == ask("mark", "add", text="y", target=key("actor", others.actor.pk)).status


def test_only_the_types_of_the_column_and_of_the_caller_are_taken(
    ask: Ask, opened: Any, others: Rows, monkeypatch: Any
) -> None:
    types = {"rows": {"model": "film"}, "fields": ["model"], "ops": ["list"]}
    opened(**{"contenttypes.contenttype": types})
    sent = {"film": others.alien.pk, "actor": others.actor.pk}
    assert {"film": 201, "actor": 400} == {
        label: ask("mark", "add", target=key(label, pk)).status for label, pk in sent.items()
    }
    opened()
    column = Mark._meta.get_field("content_type")
    monkeypatch.setattr(column.remote_field, "limit_choices_to", {"model": "actor"})
    assert {"film": 400, "actor": 201} == {
        label: ask("mark", "add", target=key(label, pk)).status for label, pk in sent.items()
    }


def test_an_unchanged_row_is_left_as_it_is(ask: Ask, opened: Any, others: Rows) -> None:
    mark = Mark.objects.get(text="a1")
    before = point(others.alien)
    answer = ask("mark", "edit", id=mark.pk, target=key("film", others.alien.pk))
    assert 200 == answer.status, answer.body
    mark.refresh_from_db()
    assert (before["content_type"], before["object_id"]) == (mark.content_type, mark.object_id)


SHOWING_NOTHING: dict[str, Any] = {
    "nothing": {"fields": [], "ops": []},
    "adding": {"fields": [], "write_fields": ["title", "name"], "ops": ["add"]},
    "counting": {"ops": ["aggregate"], "aggregates": ["count"]},
    "all-rows": {"rows": "*", "filters": ["pk"], "ops": []},
}
SHOWING: dict[str, Any] = {
    "keys": {"fields": ["id"], "ops": []},
    "names": {"fields": [], "ops": ["list"]},
    "deleting": {"fields": [], "ops": ["delete"]},
}


@pytest.mark.parametrize("grant", SHOWING_NOTHING)
def test_a_grant_that_shows_no_row_lets_none_be_pointed_to(
    ask: Ask, opened: Any, others: Rows, grant: str
) -> None:
    kept = SHOWING_NOTHING[grant]
    opened(film=kept, studio=kept, serial=ALL, oldfilm=None)
    number, mark = others.brazil.pk, Mark.objects.create(text="old")
    for action, more in (("add", {"text": "new"}), ("edit", {"id": mark.pk})):
        there, missing = (
            ask("mark", action, **more, target=key("film", one)) for one in (number, 999)
        )
        assert (400, 400) == (there.status, missing.status), there.body
        assert str(there.body).replace(str(number), "999") == str(missing.body)
    there, missing = (
        ask("serial", "add", title="x", studio=str(one)) for one in (KEY, UUID(int=9))
    )
    assert (400, 400) == (there.status, missing.status), there.body
    assert str(there.body).replace(str(KEY), str(UUID(int=9))) == str(missing.body)


@pytest.mark.parametrize("grant", SHOWING)
def test_a_grant_that_shows_rows_lets_them_be_pointed_to(
    ask: Ask, opened: Any, others: Rows, grant: str
) -> None:
    opened(film=SHOWING[grant], studio=SHOWING[grant], serial=ALL)
    made = ask("mark", "add", text="new", target=key("film", others.brazil.pk))
    assert 201 == made.status, made.body
    made = ask("serial", "add", title="x", studio=str(KEY))
    assert 201 == made.status, made.body
