"""Films with marks and stickers, and what a caller asks of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.marks.models import (
    Actor,
    Bridge,
    Endnote,
    Festival,
    Film,
    GoldPlaque,
    Mark,
    OldFilm,
    Plaque,
    Postmark,
    Serial,
    Sticker,
    Studio,
    Vote,
)

ALL: dict[str, Any] = {
    "rows": "*",
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete"],
}
MODELS = (
    *(Actor, Bridge, Endnote, Festival, Film, GoldPlaque, Mark, OldFilm, Plaque, Postmark),
    *(Serial, Sticker, Studio, Vote),
)


class Answer(NamedTuple):
    """What a caller got, and by how many statements on tables of the app."""

    status: int
    body: Any
    statements: int

    @property
    def results(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.body["results"]
        return found


Ask = Callable[..., Answer]


@pytest.fixture
def expose(settings: Any) -> Callable[..., None]:
    """Expose every model to everybody, some by other grants; ``None`` for none."""

    def exposed(**grants: Any) -> None:
        entries = {str(model._meta.model_name): {"anon": ALL} for model in MODELS} | {
            name: {"anon": grant} for name, grant in grants.items()
        }
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {name: entry for name, entry in entries.items() if entry["anon"] is not None},
        }

    return exposed


@pytest.fixture
def ask(db: None, expose: Callable[..., None]) -> Ask:
    """Ask of a model as a project's Python code does; lists are in the order of their keys."""
    expose()

    def asked(model: str, action: str = "list", **spec: Any) -> Answer:
        if action == "list":
            spec = {"order_by": "id", "shape": "list", **spec}
        with CaptureQueriesContext(connection) as queries:
            result = FlexQuery(model).execute({"_action": action, **spec})
        own = [query for query in queries if "marks_" in query["sql"]]
        return Answer(result.status_code, result.to_dict(), len(own))

    return asked


def point(row: Any) -> dict[str, Any]:
    """The columns of a mark that point to a row."""
    kind = ContentType.objects.get_for_model(row)
    return {"content_type": kind, "object_id": row.pk}


def stick(row: Any) -> dict[str, Any]:
    """The columns of a sticker that point to a row."""
    return {
        "kind": ContentType.objects.get_for_model(row),
        "key": str(row.pk),
    }


class Rows(NamedTuple):
    """The rows that most tests have; the actor and the first film have the same key."""

    alien: Film
    brazil: Film
    cube: Film
    dark: Serial
    actor: Actor


@pytest.fixture
def marked(db: None) -> Rows:
    alien, brazil, cube = (
        Film.objects.create(title=title) for title in ("Alien", "Brazil", "Cube")
    )
    dark = Serial.objects.create(title="Dark", seasons=3)
    actor = Actor.objects.create(pk=alien.pk, name="Ann")
    for text, stars, row in (
        ("a1", 5, alien),
        ("a2", 2, alien),
        ("b1", 4, brazil),
        ("d1", 1, dark),
        ("n1", 3, actor),
        ("n2", 3, actor),
        ("n3", 3, actor),
    ):
        Mark.objects.create(text=text, stars=stars, **point(row))
    for label, row in (("new", alien), ("old", brazil), ("odd", alien), ("who", actor)):
        Sticker.objects.create(label=label, **stick(row))
    return Rows(alien, brazil, cube, dark, actor)
