"""django-taggit: tags as a relation, compared with what the package itself says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.signals import m2m_changed
from django.forms import ModelForm
from django.test import Client
from django.test.utils import CaptureQueriesContext
from taggit.models import Tag, TaggedItem

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.tagged_models import (
    TAGGED,
    Bootleg,
    Flyer,
    Frame,
    Gig,
    GigLabel,
    MoodTag,
    OwnTag,
    Photo,
    Print,
)

each_model = pytest.mark.parametrize("model", TAGGED, ids=lambda model: model.__name__)


def name_of(model: Any) -> str:
    name: str = model._meta.model_name
    return name


def tagged(model: Any, title: str, *tags: str) -> Any:
    row = model.objects.create(title=title)
    row.tags.add(*tags)
    return row


def stored(row: Any) -> list[str]:
    """What the package itself returns."""
    return [tag.name for tag in type(row)._base_manager.get(pk=row.pk).tags.all()]


def titles(model: Any, **filters: Any) -> list[str]:
    found = rows(name_of(model), "title", filters=filters, order_by="title")
    return [row["title"] for row in found]


@each_model
def test_tags_are_read_by_their_names_in_the_order_of_the_package(model: Any) -> None:
    first, second = tagged(model, "a", "live", "jazz"), tagged(model, "b", "jazz", "art")
    third = tagged(model, "c")

    found = rows(name_of(model), "title, tags", order_by="title")

    read = [row["tags"] for row in found]
    assert [["live", "jazz"], ["jazz", "art"], []] == read
    assert [stored(row) for row in (first, second, third)] == read


@each_model
def test_one_row_has_its_tags(model: Any) -> None:
    row = tagged(model, "a", "live", "jazz")
    tagged(model, "b", "other")

    assert (200, {"tags": ["live", "jazz"]}) == ask(name_of(model), "get", id=row.pk, fields="tags")


@each_model
def test_columns_of_tags_are_read_as_of_any_related_row(model: Any) -> None:
    tagged(model, "a", "Live Music")
    tag = model.tags.get()

    found = rows(name_of(model), "tags.slug", order_by="pk")
    assert [{"tags": [{"slug": tag.slug}]}] == found
    found = rows(name_of(model), "tags, tags.slug", order_by="pk")
    assert [{"tags": [{"name": "Live Music", "slug": tag.slug}]}] == found


@each_model
def test_rows_are_filtered_by_their_tags(model: Any) -> None:
    tagged(model, "a", "live", "jazz")
    tagged(model, "b", "jazz")
    tagged(model, "c")

    assert ["a", "b"] == titles(model, tags="jazz")
    assert ["a"] == titles(model, **{"tags.in": ["live", "other"]})
    assert ["a"] == titles(model, **{"tags.name.icontains": "IV"})
    assert ["b", "c"] == titles(model, **{"not": {"tags": "live"}})
    assert ["c"] == titles(model, tags=None)
    assert ["a", "b"] == titles(model, **{"tags.isnull": False})
    assert ["a"] == titles(model, **{"and": [{"tags": "live"}, {"tags": "jazz"}]})
    assert ["b"] == titles(model, **{"tags.every": {"name": "jazz"}, "tags.isnull": False})


@each_model
def test_tags_are_counted(model: Any) -> None:
    tagged(model, "a", "live", "jazz")
    tagged(model, "b", "jazz")
    tagged(model, "c")

    found = rows(name_of(model), "title, n:tags.count", order_by="-tags.count, title")
    assert [("a", 2), ("b", 1), ("c", 0)] == [(row["title"], row["n"]) for row in found]
    assert ["a"] == titles(model, **{"tags.count.gte": 2})
    _, reply = ask(name_of(model), "aggregate", aggregate="tags.count, tags.name.max")
    assert {"tags": {"count": 3, "name": {"max": "live"}}} == reply["results"]


@each_model
def test_a_list_of_names_takes_the_arguments_of_a_list(model: Any) -> None:
    tagged(model, "a", "c", "a", "b")
    tagged(model, "b", "b", "c")

    def names(**asked: Any) -> list[Any]:
        found = rows(name_of(model), "tags", related={"tags": asked}, order_by="title")
        return [row["tags"] for row in found]

    assert [["a", "b", "c"], ["b", "c"]] == names(order_by="name")
    assert [["c", "a"], ["b", "c"]] == names(limit=2)
    assert [["c"], ["c"]] == names(filters={"name": "c"})
    assert [["a", "b", "c"], ["b", "c"]] == names(distinct=True)
    first, second = names(count=True, limit=1, order_by="-name")
    assert (3, ["c"], True) == (
        first["pagination"]["count"],
        first["results"],
        first["pagination"]["has_more"],
    )
    assert (2, ["c"]) == (second["pagination"]["count"], second["results"])


@each_model
def test_twenty_rows_with_tags_are_two_statements(model: Any) -> None:
    for number in range(20):
        tagged(model, f"{number:02}", "jazz", f"t{number}")
    rows(name_of(model), "title, tags", order_by="title")

    with CaptureQueriesContext(
        connection,
    ) as statements:
        found = rows(name_of(model), "title, tags", order_by="title")
    selects = [one["sql"] for one in statements if "SELECT" in one["sql"]]
    assert 2 == len([one for one in selects if "ecosystem" in one or "taggit" in one])
    assert [["jazz", f"t{number}"] for number in range(20)] == [row["tags"] for row in found]


@each_model
def test_tags_are_added_with_a_row(model: Any) -> None:
    row = added(name_of(model), title="a", tags=["live", "jazz", "live"], _fields="title, tags")

    assert {"title": "a", "tags": ["live", "jazz"]} == row
    assert ["live", "jazz"] == stored(model.objects.get(title="a"))


@each_model
def test_a_list_replaces_tags(model: Any) -> None:
    row, other = tagged(model, "a", "live", "jazz"), tagged(model, "b", "live")

    assert {"tags": ["jazz", "art"]} == edited(
        name_of(model), row.pk, tags=["art", "jazz"], _fields="tags"
    )
    assert (["jazz", "art"], ["live"]) == (stored(row), stored(other))
    assert {"tags": []} == edited(name_of(model), row.pk, tags=[], _fields="tags")


@each_model
def test_some_tags_are_added_and_removed(model: Any) -> None:
    row, other = tagged(model, "a", "live", "jazz"), tagged(model, "b", "live")

    changes = {"$add": ["art", "jazz"], "$remove": ["live", "never"]}
    edited(name_of(model), row.pk, tags=changes)

    assert (["jazz", "art"], ["live"]) == (stored(row), stored(other))


@each_model
def test_rows_of_a_list_share_a_new_tag(model: Any) -> None:
    items = [{"title": title, "tags": ["new", title]} for title in "ab"]

    status, reply = ask(name_of(model), "add", _items=items, _fields="tags")

    assert (201, [["new", "a"], ["new", "b"]]) == (
        status,
        [row["tags"] for row in reply["results"]],
    )
    assert 3 == model.tags.through.tag_model().objects.count()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param("jazz", {"code": "query.value", "path": "tags"}, id="text"),
        pytest.param(None, {"code": "query.value", "path": "tags"}, id="null"),
        pytest.param({"$inc": ["a"]}, {"code": "query.value", "path": "tags"}, id="verb"),
        pytest.param({"$add": "a"}, {"code": "query.value", "path": "tags"}, id="no-list"),
        pytest.param([1], {"codes": {"tags": ["invalid"]}}, id="number"),
        pytest.param([None], {"codes": {"tags": ["invalid"]}}, id="null-inside"),
        pytest.param([["a"]], {"codes": {"tags": ["invalid"]}}, id="list-inside"),
        pytest.param([""], {"codes": {"tags": ["blank"]}}, id="empty"),
        pytest.param(["x" * 101], {"codes": {"tags": ["max_length"]}}, id="long"),
        pytest.param(["a\0b"], {"codes": {"tags": ["invalid"]}}, id="zero"),
    ],
)
@pytest.mark.parametrize("entry", [True, False], ids=["entry", "no-entry"])
def test_names_that_do_not_fit_are_named(
    value: Any, told: dict[str, Any], entry: bool, settings: Any
) -> None:
    if not entry:
        del settings.DJANGO_FLEX["EXPOSE"]["taggit.tag"]
        photo = settings.DJANGO_FLEX["EXPOSE"]["ecosystem.photo"]["anon"]
        written = {"fields": ["*", "tags"], "write_fields": ["title", "tags"]}
        settings.DJANGO_FLEX = {
            **settings.DJANGO_FLEX,
            "EXPOSE": {
                **settings.DJANGO_FLEX["EXPOSE"],
                "ecosystem.photo": {"anon": {**photo, **written}},
            },
        }
    row = tagged(Photo, "a", "live")

    status, reply = ask("photo", "edit", id=row.pk, title="b", tags=value)

    assert (400, told) == (status, {name: reply[name] for name in told})
    assert ("a", ["live"], 1) == (Photo.objects.get().title, stored(row), Tag.objects.count())


@pytest.mark.parametrize("ignored", [False, True], ids=["exact", "insensitive"])
def test_case_counts_as_the_project_says(ignored: bool, settings: Any) -> None:
    settings.TAGGIT_CASE_INSENSITIVE = ignored
    first, second = tagged(Photo, "a"), Photo.objects.create(title="b")
    Tag.objects.create(name="Jazz")
    first.tags.add("jazz")

    edited("photo", second.pk, tags=["jazz", "New", "NEW"])

    assert stored(first)[0] == stored(second)[0]
    second.tags.set(["jazz", "New", "NEW"])  # the package finds nothing to do
    by_package, by_us = Tag.objects.count(), {tag.name for tag in Tag.objects.all()}
    assert by_package == len(by_us)


def test_a_child_class_has_tags_of_its_own_and_a_proxy_those_of_its_model() -> None:
    child = Print.objects.create(title="a")
    child.tags.add("child")
    child.photo_ptr.tags.add("parent")

    assert [{"tags": ["child"]}] == rows("print", "tags")
    assert [{"tags": ["parent"]}] == rows("photo", "tags")
    assert [{"tags": ["parent"]}] == rows("photoproxy", "tags")
    edited("print", child.pk, tags=["x"])
    assert (["x"], ["parent"]) == (stored(child), stored(child.photo_ptr))


def test_two_sorts_of_tags_are_two_relations() -> None:
    row = added("flyer", title="a", tags=["x"], mood_tags=["calm", "x"], _fields="tags, mood_tags")

    assert {"tags": ["x"], "mood_tags": ["calm", "x"]} == row
    MoodTag.objects.filter(name="calm").update(warmth=3)
    found = rows("flyer", "mood_tags.warmth", filters={"mood_tags.warmth.gt": 1})
    assert [{"mood_tags": [{"warmth": 3}, {"warmth": 0}]}] == found
    assert ["calm", "x"] == [tag.name for tag in Flyer.objects.get().mood_tags.all()]


def test_a_tag_that_is_linked_twice_is_there_once() -> None:
    row = tagged(Gig, "a", "x", "y")
    again = OwnTag.objects.get(name="x")
    GigLabel.objects.create(tag=again, content_object=row)

    assert [{"tags": ["x", "y"], "n": 2}] == rows("gig", "tags, n:tags.count")
    edited("gig", row.pk, tags={"$remove": ["x"]})
    assert ["y"] == stored(row)


def test_tags_of_a_related_row() -> None:
    photo = tagged(Photo, "a", "live")
    Frame.objects.create(photo=photo)
    Frame.objects.create(photo=None)

    assert [{"photo": {"tags": ["live"]}}, {"photo": None}] == rows("frame", "photo.tags")
    assert [{"photo": photo.pk}] == rows("frame", "photo", filters={"photo.tags": "live"})
    assert [{"photo": None}] == rows("frame", "photo", filters={"photo.tags": None})
    found = rows("photo", "title", filters={"frames.photo": photo.pk, "tags": "live"})
    assert [{"title": "a"}] == found


def test_tags_whose_keys_the_links_cannot_hold_are_no_field() -> None:
    assert 403 == ask("unlinked", "list", fields="tags")[0]


def test_a_many_to_many_is_not_covered_by_a_star() -> None:
    tagged(Photo, "a", "live")

    assert [{"id": Photo.objects.get().pk, "title": "a"}] == rows("photo", "*")


def test_the_links_are_still_read_as_rows() -> None:
    photo = tagged(Photo, "x", "a", "b")

    found = rows("taggit.taggeditem", "object_id, tag.name", filters={"tag.name": "a"})
    assert [{"object_id": photo.pk, "tag": {"name": "a"}}] == found
    assert ["a", "b"] == [row["name"] for row in rows("taggit.tag", order_by="name")]
    assert 2 == TaggedItem.objects.count()


def test_keys_are_uuids_as_well() -> None:
    key = uuid.uuid4()
    Bootleg.objects.create(id=key, title="a").tags.add("x")

    assert [{"id": str(key), "tags": ["x"]}] == rows("bootleg", "id, tags", filters={"tags": "x"})


@pytest.fixture
def camel(settings: Any) -> None:
    settings.DJANGO_FLEX = {**expose(), "NAMING": "camel"}


def test_tags_have_a_name_in_camel_case(camel: None) -> None:
    """In the wire format of a version, which Python code does not have."""
    body = {"title": "a", "moodTags": {"$set": ["calm"]}, "_fields": "moodTags"}
    reply = Client().post("/api/flyer/", body, content_type="application/json")
    assert (201, {"moodTags": ["calm"]}) == (reply.status_code, reply.json())
    found = Client().get("/api/flyer/?fields=moodTags.slug&filters.moodTags.iexact=CALM")
    assert [{"moodTags": [{"slug": "calm"}]}] == [*found.json()["results"].values()]
    found = Client().get("/api/flyer/?fields=title&filters.moodTags.count=0")
    assert {} == found.json()["results"]


def test_a_form_sends_names_as_parts(exposed: None) -> None:
    reply = Client().post("/api/photo/?_fields=tags", {"title": "a", "tags": ["x", "y z"]})
    assert (201, {"tags": ["x", "y z"]}) == (reply.status_code, reply.json())


def test_options_say_that_names_are_sent() -> None:
    found = Client().options("/api/photo/").json()

    tags = found["inputs"]["edit"]["tags"]
    assert ("text", True, "Tags", ["$add", "$remove"]) == (
        tags["type"],
        tags["many"],
        tags["label"],
        tags["updates"],
    )
    assert {"type": "array", "items": {"type": "string", "maxLength": 100}} == tags["schema"]
    assert {"model": "taggit.tag", "many": True, "label": "Tags"} == found["relations"]["tags"]


def test_explain_shows_the_statement_of_tags_and_their_rules(settings: Any) -> None:
    grant = {**GRANT, "ops": ["list", "explain"]}
    shown = {"anon": {**GRANT, "rows": {"name.startswith": "v"}}}
    found = expose(photo={"anon": grant})
    settings.DJANGO_FLEX = {**found, "EXPOSE": {**found["EXPOSE"], "taggit.tag": shown}}

    status, reply = ask("photo", "list", fields="tags", explain=True)
    assert 200 == status
    assert ["rows", "tags"] == [one["reads"] for one in reply["plan"]["statements"]]
    rules = {one["model"]: one["rows"] for one in reply["plan"]["rules"]}
    assert rules["taggit.tag"] != rules["ecosystem.photo"] == "all"


class PhotoForm(ModelForm):  # type: ignore[type-arg]  # subscripted only by the stubs
    """The project's own rule about tags."""

    class Meta:
        model = Photo
        fields = ("title", "tags")

    def clean_tags(self) -> list[str]:
        tags: list[str] = self.cleaned_data["tags"]
        if "bad, tag" in tags or any("'" in tag or tag.isdecimal() for tag in tags):
            raise ValidationError("Not this tag", "bad")
        return tags


def test_a_form_class_is_asked_about_names(settings: Any) -> None:
    settings.DJANGO_FLEX = expose(photo={"anon": GRANT, "form_class": PhotoForm})

    row = added("photo", title="a", tags=["x", "y z"], _fields="id, tags")
    assert ["x", "y z"] == row["tags"]
    status, reply = ask("photo", "add", title="b", tags=["bad, tag"])
    assert (400, {"tags": ["bad"]}) == (status, reply["codes"])
    assert {"tags": ["x"]} == edited("photo", row["id"], tags=["x"], _fields="tags")


def test_signals_of_the_package_are_sent() -> None:
    heard: list[tuple[str, set[Any]]] = []

    def hear(action: str, pk_set: set[Any], **_: Any) -> None:
        heard.append((action, pk_set))

    row = tagged(Photo, "a", "x")
    m2m_changed.connect(hear, sender=TaggedItem)
    try:
        edited("photo", row.pk, tags=["y"])
    finally:
        m2m_changed.disconnect(hear, sender=TaggedItem)
    names = {tag.pk: tag.name for tag in Tag.objects.all()}
    assert [("post_remove", {"x"}), ("post_add", {"y"})] == [
        (action, {names[pk] for pk in keys})
        for action, keys in heard
        if action.startswith("post") and keys
    ]
