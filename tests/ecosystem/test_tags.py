"""django-taggit: tags, read by the models that the package keeps them in."""

from __future__ import annotations

from tests.ecosystem.conftest import ask, rows
from tests.ecosystem.models import Photo


def test_tags_are_read_and_filtered_by_the_models_of_the_package() -> None:
    photo = Photo.objects.create(title="x")
    photo.tags.add("a", "b")

    found = rows("taggit.taggeditem", "object_id, tag.name", filters={"tag.name": "a"})
    assert [{"object_id": photo.pk, "tag": {"name": "a"}}] == found
    assert ["a", "b"] == [row["name"] for row in rows("taggit.tag", order_by="name")]


def test_the_manager_of_tags_is_no_field() -> None:
    assert 403 == ask("photo", "list", fields="title, tags.name")[0]
    assert 403 == ask("photo", "add", title="y", tags=["a"])[0]
