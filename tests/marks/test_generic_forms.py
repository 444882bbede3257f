"""Generic foreign keys that a form or serializer of the project validates, and behind viewsets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import GenericViewSet

from django_flex.contrib.rest_framework import FlexViewSetMixin
from tests.doors.fronts import MIDDLEWARE, Urls
from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Bridge, Endnote, Mark, Vote

NAMED = ["*", "target", "page", "number", "voter"]
OPEN = {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"], "write_fields": NAMED}


def form_class(model: Any, fields: list[str]) -> dict[str, Any]:
    return {"form_class": forms.modelform_factory(model, fields=fields)}


def serializer_class(model: Any, fields: list[str]) -> dict[str, Any]:
    meta = type("Meta", (), {"model": model, "fields": fields})
    return {"serializer_class": type("TheSerializer", (ModelSerializer,), {"Meta": meta})}


BOTH = pytest.mark.parametrize("by", [form_class, serializer_class], ids=["form", "serializer"])
COLUMNS = ["content_type", "object_id"]


@pytest.fixture
def validated(settings: Any) -> Any:
    """Expose films and actors, and one model whose writes are validated by other code."""

    def exposed(name: str, code: dict[str, Any], grant: dict[str, Any] = OPEN) -> None:
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {
                "film": {"anon": ALL},
                "actor": {"anon": ALL},
                name: {"anon": grant, **code},
            },
        }

    return exposed


def key(row: Any) -> dict[str, Any]:
    return {"type": row._meta.label_lower, "id": row.pk}


@BOTH
def test_a_key_is_written_where_both_columns_are_served(
    ask: Ask, validated: Any, marked: Rows, by: Any
) -> None:
    validated("mark", by(Mark, ["text", *COLUMNS]))
    added = ask("mark", "add", text="x", target=key(marked.alien), _fields="target.film.title")
    assert (201, {"film": {"title": "Alien"}}) == (added.status, added.body["target"])
    mark = Mark.objects.get(text="x")
    assert marked.alien == mark.target
    for target in (marked.actor, None):
        value = None if target is None else key(target)
        edited = ask("mark", "edit", id=mark.pk, target=value, _fields="target")
        assert (200, value) == (edited.status, edited.body["target"])
        assert target == Mark.objects.get(text="x").target
    items = [{"text": "i", "target": key(row)} for row in (marked.cube, marked.actor)]
    assert 201 == ask("mark", "add", _items=items).status
    assert [marked.cube, marked.actor] == [
        one.target for one in Mark.objects.filter(text="i").order_by("pk")
    ]
    refused = ask("mark", "add", text="y" * 60, target=key(marked.alien))
    assert (400, {"text"}) == (refused.status, refused.body["fields"].keys())


@BOTH
@pytest.mark.parametrize("served", [[], COLUMNS[:1], COLUMNS[1:]], ids=["none", "type", "id"])
def test_a_key_is_refused_where_a_column_is_not_served(
    ask: Ask, validated: Any, marked: Rows, by: Any, served: list[str]
) -> None:
    validated("mark", by(Mark, ["text", *served]))
    mark = Mark.objects.get(text="a1")
    for value in (key(marked.cube), None):
        for answer in (
            ask("mark", "add", text="x", target=value),
            ask("mark", "edit", id=mark.pk, target=value),
        ):
            assert (400, {"target": ["unserved"]}) == (answer.status, answer.body["codes"])
    assert marked.alien == Mark.objects.get(text="a1").target
    assert not Mark.objects.filter(text="x").exists()


@BOTH
def test_what_may_not_be_pointed_to_is_not_passed_on(
    ask: Ask, validated: Any, marked: Rows, by: Any
) -> None:
    validated("mark", by(Mark, ["text", *COLUMNS]))
    for kind, pk in (("marks.film", 999_999), ("marks.serial", marked.dark.pk), ("x", 1)):
        answer = ask("mark", "add", text="x", target={"type": kind, "id": pk})
        assert (400, {"target": ["does_not_exist"]}) == (answer.status, answer.body["codes"])
    assert not Mark.objects.filter(text="x").exists()


def test_a_form_refuses_what_a_key_points_to(ask: Ask, validated: Any, marked: Rows) -> None:
    class NoActors(forms.ModelForm[Mark]):
        class Meta:
            model = Mark
            fields = ("text", "content_type", "object_id")

        def clean_content_type(self) -> ContentType | None:
            kind: ContentType | None = self.cleaned_data["content_type"]
            if kind is not None and kind.model == "actor":
                raise ValidationError("No actors.", code="actor")
            return kind

    validated("mark", {"form_class": NoActors})
    assert 201 == ask("mark", "add", text="x", target=key(marked.alien)).status
    answer = ask("mark", "add", text="x", target=key(marked.actor))
    assert (400, {"target": ["No actors."]}) == (answer.status, answer.body["fields"])


@BOTH
def test_each_key_has_its_own_columns_in_a_form(
    ask: Ask, validated: Any, marked: Rows, by: Any
) -> None:
    grant = {**ALL, "fields": ["*", "start", "finish"], "write_fields": ["*", "start", "finish"]}
    columns = ["start_type", "start_id", "finish_type", "finish_id"]
    validated("bridge", by(Bridge, ["name", *columns]), grant)
    film, actor = key(marked.alien), key(marked.actor)
    assert 201 == ask("bridge", "add", name="x", start=film, finish=actor).status
    assert 400 == ask("bridge", "add", name="x", start=film, finish=film).status
    bridge = Bridge.objects.get()
    assert (marked.alien, marked.actor) == (bridge.start, bridge.finish)


@BOTH
def test_a_row_with_a_key_of_several_columns_is_validated_by_a_form(
    ask: Ask, validated: Any, marked: Rows, by: Any
) -> None:
    validated("endnote", by(Endnote, ["page", "number", "text", *COLUMNS]))
    sent = {"page": 1, "number": 2, "text": "x", "target": key(marked.alien)}
    assert 201 == ask("endnote", "add", **sent).status
    assert 409 == ask("endnote", "add", **sent).status
    assert 200 == ask("endnote", "edit", _id="1~2", target=key(marked.actor)).status
    assert marked.actor == Endnote.objects.get().target

    validated("vote", by(Vote, ["voter", *COLUMNS]))
    assert 201 == ask("vote", "add", voter="ann", target=key(marked.alien)).status
    assert marked.alien == Vote.objects.get().target


class Marks(FlexViewSetMixin, GenericViewSet[Mark]):  # type: ignore[misc]  # its methods are ours
    def get_queryset(self) -> Any:
        """Leave out what points to actors."""
        return Mark.objects.exclude(content_type__model="actor")


def test_a_viewset_reads_and_writes_generic_keys(settings: Any, marked: Rows) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {name: {"anon": ALL} for name in ("film", "actor")} | {"mark": {"anon": OPEN}},
    }
    router = SimpleRouter(trailing_slash=False)
    router.register("marks", Marks, basename="mark")
    settings.ROOT_URLCONF = Urls(path("", include(router.urls)))

    def send(method: str, rest: str = "", body: Any = None) -> Any:
        sent = "" if body is None else json.dumps(body)
        return Client().generic(method, f"/marks{rest}", sent, content_type="application/json")

    listed = send("GET", "?fields=text,target,target.film.title&order_by=id&shape=list").json()
    assert ["a1", "a2", "b1", "d1"] == [row["text"] for row in listed["results"]]
    assert {**key(marked.alien), "film": {"title": "Alien"}} == listed["results"][0]["target"]
    found = send("GET", "?fields=text&filters.target.film.title=Brazil&shape=list").json()
    assert ["b1"] == [row["text"] for row in found["results"]]
    first = listed["results"][0]["id"]
    # A row that the viewset leaves out is not made by pointing to an actor either.
    for target, status in ((marked.cube, 200), (marked.actor, 403)):
        assert status == send("PATCH", f"/{first}", {"target": key(target)}).status_code
        values = {"text": "new", "target": key(target)}
        assert (201 if status == 200 else 403) == send("POST", "", values).status_code
    assert [marked.cube] == [mark.target for mark in Mark.objects.filter(text="new")]
    assert marked.cube == Mark.objects.get(pk=first).target
