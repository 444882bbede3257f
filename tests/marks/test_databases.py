"""Generic foreign keys of which an end, or the content types, are in another database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from django_flex import FlexQuery
from django_flex.checks import check_settings
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.marks.conftest import ALL
from tests.marks.models import Actor, Film, Mark

ARCHIVE = "old_marks"
TABLES = ("studio", "film", "serial", "mark", "sticker")
OPEN = {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]}
EXPOSE: dict[str, Any] = {
    "mark": {"anon": OPEN},
    "film": {"anon": ALL},
    "actor": {"anon": ALL},
}


class Nowhere:
    """A router of a project that says nothing about these models."""

    archived: frozenset[str] = frozenset()

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return ARCHIVE if model._meta.label_lower in self.archived else None

    db_for_write = db_for_read

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        return True


class FilmsElsewhere(Nowhere):
    archived = frozenset({"marks.film", "marks.serial", "marks.studio"})


class MarksElsewhere(Nowhere):
    archived = frozenset({"marks.mark", "marks.sticker"})


class TypesElsewhere(Nowhere):
    """Content types alone are in the first database."""

    archived = frozenset({"marks.mark", "marks.film", "marks.serial", "marks.studio"})


pytestmark = pytest.mark.django_db(databases=["default", ARCHIVE])


@pytest.fixture(scope="module", autouse=True)
def second_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in memory, with tables of films and marks and of nothing else."""
    config = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections.settings[ARCHIVE] = {**connections["default"].settings_dict, **config}
    connection = connections[ARCHIVE]
    # Foreign keys to content types lead to a table that it does not have.
    connection.features.can_defer_constraint_checks = False
    with django_db_blocker.unblock():
        connection.disable_constraint_checking()
        with connection.schema_editor() as editor:
            for name in TABLES:
                editor.create_model(apps.get_model("marks", name))
        connection.disable_constraint_checking()
        yield
        BaseDatabaseWrapper.close(connection)
    del connections[ARCHIVE], connections.settings[ARCHIVE]


@pytest.fixture
def store(db: None, settings: Any) -> Any:
    """Return a function that stores a film, an actor and their marks as a router says."""

    def stored(by: type[Nowhere]) -> tuple[Film, Actor]:
        settings.DATABASE_ROUTERS = [f"{__name__}.{by.__name__}"]
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
        ContentType.objects.clear_cache()
        film, actor = Film.objects.create(title="Alien"), Actor.objects.create(name="Ann")
        for row in (film, actor):
            kind = ContentType.objects.get_for_model(row)
            Mark.objects.create(text=str(row.pk), content_type_id=kind.pk, object_id=row.pk)
        return film, actor

    return stored


def ask(model: str, **query: Any) -> Any:
    return FlexQuery(model).execute({"shape": "list", **query} if "_action" not in query else query)


def refused(result: Any, at: str) -> bool:
    """Whether an answer says that the rows are in another database, and where."""
    body = result.to_dict()
    text = "The related rows are stored in another database"
    return (400, text) == (result.status_code, body["error"]) and body["path"].startswith(at)


BEHIND: list[tuple[dict[str, Any], str]] = [
    ({"fields": "target.film.title"}, "fields"),
    ({"fields": "a:target.film.title"}, "fields"),
    ({"fields": "target.film.marks.text"}, "fields"),
    ({"filters": {"target.film.title": "Alien"}}, "filters"),
    ({"filters": {"target.film.isnull": False}}, "filters"),
    ({"order_by": "target.film.title"}, "order_by"),
    ({"_action": "aggregate", "group_by": "target.film.title"}, "group_by"),
    ({"_action": "aggregate", "aggregate": "target.film.title.count"}, "aggregate"),
]


def test_a_router_alone_changes_nothing(store: Any) -> None:
    film, actor = store(Nowhere)
    fields = "target, target.film.title, target.actor.name"
    first, second = ask("mark", fields=fields, order_by="id").to_dict()["results"]
    key = {"type": "marks.film", "id": film.pk}
    assert {**key, "film": {"title": "Alien"}, "actor": None} == first["target"]
    assert {"name": "Ann"} == second["target"]["actor"]
    for query, _ in BEHIND:
        assert ask("mark", **query).ok
    assert ask("film", fields="marks.text", filters={"marks.text": str(film.pk)}).ok
    added = ask("mark", _action="add", text="x", target={"type": "marks.actor", "id": actor.pk})
    assert 201 == added.status_code
    assert not [p for p in check_settings() if p.id in {"django_flex.W027", "django_flex.E029"}]


@pytest.mark.parametrize("by", [FilmsElsewhere, MarksElsewhere, TypesElsewhere])
@pytest.mark.parametrize(("query", "at"), BEHIND)
def test_rows_of_another_database_are_not_joined(
    store: Any, by: type[Nowhere], query: dict[str, Any], at: str
) -> None:
    store(by)
    assert refused(ask("mark", **query), at)


def test_rows_beside_those_of_another_database_are_read(store: Any) -> None:
    film, _ = store(FilmsElsewhere)
    first, second = ask("mark", fields="target, target.actor.name", order_by="id").to_dict()[
        "results"
    ]
    assert {"type": "marks.film", "id": film.pk, "actor": None} == first["target"]
    assert {"name": "Ann"} == second["target"]["actor"]
    assert ask("mark", filters={"target.type": "marks.film", "target.id": film.pk}).ok


@pytest.mark.parametrize("by", [MarksElsewhere, TypesElsewhere])
def test_types_of_another_database_are_not_joined(store: Any, by: type[Nowhere]) -> None:
    film, _ = store(by)
    assert refused(ask("mark", fields="target.type"), "fields")
    assert refused(ask("mark", fields="target"), "fields")
    assert refused(ask("mark", filters={"target.type": "marks.film"}), "filters")
    # The columns are those of the row itself.
    (row,) = ask("mark", fields="target.id, content_type", limit=1, order_by="id").to_dict()[
        "results"
    ]
    assert {"id": film.pk} == row["target"]


@pytest.mark.parametrize("by", [FilmsElsewhere, MarksElsewhere, TypesElsewhere])
def test_lists_are_read_where_their_types_are(store: Any, by: type[Nowhere]) -> None:
    film, _ = store(by)
    answer = ask("film", fields="marks.text")
    if by is FilmsElsewhere:  # marks are stored with content types
        assert [{"text": str(film.pk)}] == answer.to_dict()["results"][0]["marks"]
    else:
        assert refused(answer, "marks")
    for query in ({"filters": {"marks.text": "x"}}, {"fields": "n:marks.count"}):
        assert 400 == ask("film", **query).status_code


@pytest.mark.parametrize("by", [FilmsElsewhere, MarksElsewhere, TypesElsewhere])
def test_a_row_points_to_a_row_of_another_database(store: Any, by: type[Nowhere]) -> None:
    film, actor = store(by)
    kinds = ContentType.objects.get_for_models(Film, Actor)
    for row in (film, actor):
        target = {"type": row._meta.label_lower, "id": row.pk}
        values = {"text": "new", "target": target, "_fields": "text"}
        assert 201 == ask("mark", _action="add", **values).status_code
        added = Mark.objects.get(text="new")
        assert (kinds[type(row)].pk, row.pk) == (added.content_type_id, added.object_id)
        added.delete()
        values["target"] = {**target, "id": 999_999}
        missing = ask("mark", _action="add", **values)
        codes = missing.to_dict()["codes"]
        assert (400, {"target": ["does_not_exist"]}) == (missing.status_code, codes)


def test_rows_inside_need_their_types_beside_them(store: Any) -> None:
    film, _ = store(TypesElsewhere)
    answer = ask("film", _action="edit", _id=film.pk, marks={"$add": [{"text": "x"}]})
    assert refused(answer, "marks")


def test_a_rule_over_a_key_to_another_database_is_reported(store: Any, settings: Any) -> None:
    store(FilmsElsewhere)
    grant = {**OPEN, "fields": ["text", "target", "target.film.title", "target.actor.name"]}
    for rows in ({"target.film.title": "Alien"}, {"target.actor.name": "Ann"}):
        expose = {**EXPOSE, "mark": {"anon": {**grant, "rows": rows}}}
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "EXPOSE": expose}
        found = [str(p.id).rpartition(".")[2] for p in check_settings()]
        assert ("target.film.title" in rows) == ("E029" in found)
        paths = [p.msg for p in check_settings() if p.id == "django_flex.W027"]
        assert 1 == len(paths)
        assert "'target.film.title'" in paths[0]


@pytest.mark.parametrize("by", [FilmsElsewhere, MarksElsewhere, TypesElsewhere])
def test_what_is_refused_is_not_described(store: Any, settings: Any, by: type[Nowhere]) -> None:
    store(by)
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    described = Client().options("/api/marks/").json()["fields"]
    assert "target.id" in described
    assert (by is FilmsElsewhere) == ("target.type" in described)
    for path, facts in described.items():
        assert ask("mark", fields=path, limit=1).ok, path
        if "isnull" in facts["operators"]:
            assert ask("mark", filters={f"{path}.isnull": True}, limit=1).ok, path


def test_a_grant_of_types_of_another_database_is_reported(store: Any) -> None:
    store(TypesElsewhere)
    paths = [p.msg for p in check_settings() if p.id == "django_flex.W027"]
    assert ["'target.type'"] == sorted({text.split("]: ")[1].split(" needs")[0] for text in paths})
