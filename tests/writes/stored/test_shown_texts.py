"""Sending back the text that a reply shows for an object changes nothing: there is more in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from django_flex import FlexQuery
from tests.wild.worded import Banner, Scrap, Texts
from tests.writes.conftest import GRANT, ask
from tests.writes.uploading import send

BOTH = {"en": "Ticket", "de": "Karte"}
STORED: dict[str, Any] = {
    **dict.fromkeys(("copying", "refusing", "stumbling", "safe"), BOTH),
    "several": [BOTH, {"en": "Rain", "de": "Regen"}],
}
SHOWN: dict[str, Any] = {
    **dict.fromkeys(("copying", "refusing", "stumbling", "safe"), "Ticket"),
    "several": ["Ticket", "Rain"],
}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> None:
    configure({"wild.banner": {"anon": GRANT}, "wild.scrap": {"anon": GRANT}})


@pytest.fixture
def poster() -> Banner:
    made = Banner.objects.create(code="a", **_objects())
    Scrap.objects.create(poster=made, **_objects())
    return made


def _objects() -> dict[str, Any]:
    several = [Texts(one) for one in STORED["several"]]
    return {**{name: Texts(BOTH) for name in STORED}, "several": several}


def raw(model: Any = Banner) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(STORED)} FROM {model._meta.db_table}")
        return dict(zip(STORED, map(json.loads, cursor.fetchone()), strict=True))


def _edit(key: int, sent: dict[str, Any]) -> Any:
    return ask("wild.banner", "edit", id=key, **sent)


def _put(key: int, sent: dict[str, Any]) -> Any:
    reply = Client().put(f"/api/wild.banner/{key}", json.dumps(sent), "application/json")
    return reply.status_code, reply.json()


def _bulk_edit(_key: int, sent: dict[str, Any]) -> Any:
    return ask("wild.banner", "bulk_edit", filters={}, _set=sent)


def _upsert(_key: int, sent: dict[str, Any]) -> Any:
    return ask("wild.banner", "upsert", _match="code", code="a", **sent)


def _upsert_list(_key: int, sent: dict[str, Any]) -> Any:
    return ask("wild.banner", "upsert", _match="code", _items=[{"code": "a", **sent}])


def _batch(key: int, sent: dict[str, Any]) -> Any:
    result = FlexQuery(Banner).execute(
        {"_batch": [{"_model": "wild.banner", "_action": "edit", "id": key, **sent}]}
    )
    return result.status_code, result.to_dict()


def _nested(key: int, sent: dict[str, Any]) -> Any:
    part = {"id": Scrap.objects.get().pk, **sent}
    return ask("wild.banner", "edit", id=key, scraps={"$edit": [part]})


WAYS = (_edit, _put, _bulk_edit, _upsert, _upsert_list, _batch, _nested)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STORED)
def test_what_is_shown_keeps_the_rest(
    poster: Banner, way: Callable[[int, dict[str, Any]], Any], name: str
) -> None:
    status, reply = way(poster.pk, {name: SHOWN[name]})

    assert status == 200, reply
    assert raw() == raw(Scrap) == STORED
    assert poster.changed == Banner.objects.get().changed  # nothing was saved


def test_reply_shows_the_texts(poster: Banner) -> None:
    _, reply = ask("wild.banner", "get", id=poster.pk, fields=", ".join(STORED))
    assert SHOWN == json.loads(json.dumps({name: reply[name] for name in STORED}, default=str))


def test_form_keeps_the_rest(poster: Banner) -> None:
    sent = {name: text for name, text in SHOWN.items() if name != "several"}

    status, reply = send("PATCH", f"/api/wild.banner/{poster.pk}", **sent)

    assert status == 200, reply
    assert raw() == STORED


@pytest.mark.parametrize("name", ["copying", "safe"])
@pytest.mark.parametrize("way", WAYS)
def test_another_text_is_written(poster: Banner, way: Any, name: str) -> None:
    status, reply = way(poster.pk, {name: "Karte"})

    assert status == 200, reply
    assert {"en": "Karte"} == raw(Scrap if way is _nested else Banner)[name]


@pytest.mark.parametrize("name", ["refusing", "stumbling"])
@pytest.mark.parametrize("way", WAYS)
def test_another_text_is_refused_by_its_field(poster: Banner, way: Any, name: str) -> None:
    status, reply = way(poster.pk, {name: "Karte", "several": SHOWN["several"]})

    assert status == 400, reply
    assert name in str(reply["fields"])
    assert raw() == raw(Scrap) == STORED


def test_changed_item_is_written(poster: Banner) -> None:
    status, reply = _edit(poster.pk, {"several": ["Ticket", "Snow"]})

    assert status == 200, reply
    assert [{"en": "Ticket"}, {"en": "Snow"}] == raw()["several"]


def test_whole_object_is_written_though_its_text_is_the_same(poster: Banner) -> None:
    status, reply = _edit(poster.pk, {"refusing": {"en": "Ticket", "de": "Schein"}})

    assert status == 200, reply
    assert {"en": "Ticket", "de": "Schein"} == raw()["refusing"]
