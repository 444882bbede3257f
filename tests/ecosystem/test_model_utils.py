"""django-model-utils: fields that fill themselves, soft deletion, managers."""

from __future__ import annotations

import pytest

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.models import Note, Place, Post, Restaurant

TEXT = "one\n\n<!-- split -->\n\ntwo"


def test_add_fills_what_the_fields_fill() -> None:
    row = added("post", body=TEXT)

    post = Post.objects.get()
    assert (post.body.content, post.body.excerpt) == (row["body"], row["_body_excerpt"])
    assert "one" == post.body.excerpt.strip()
    assert ("draft", None) == (row["status"], row["published_at"])


def test_edit_moves_what_follows_other_columns() -> None:
    row = added("post", body=TEXT)

    row = edited("post", row["id"], status="published", body="1\n\n<!-- split -->\n\n2")

    post = Post.objects.get()
    assert post.published_at is not None
    assert row["published_at"] == post.published_at.isoformat().replace("+00:00", "Z")
    assert "1" == post.body.excerpt.strip() == row["_body_excerpt"].strip()
    assert post.modified > post.created


def test_bulk_edit_moves_it_as_well() -> None:
    added("post")
    added("post")

    status, _ = ask("post", "bulk_edit", filters={}, _set={"status": "published"})

    assert 200 == status
    assert 2 == Post.published.filter(published_at__isnull=False).count()


def test_a_value_that_is_no_choice_is_refused() -> None:
    status, reply = ask("post", "add", status="x")

    assert (400, ["status"]) == (status, list(reply["fields"]))


def test_a_manager_of_the_model_is_an_entry_s_queryset(settings: object) -> None:
    entry = {"queryset": lambda _user: Post.published.all(), "anon": GRANT}
    settings.DJANGO_FLEX = expose(post=entry)  # type: ignore[attr-defined]
    Post.objects.create(status="draft")
    shown = Post.objects.create(status="published")

    assert [{"id": shown.pk}] == rows("post", "id")


@pytest.mark.filterwarnings("ignore:ModelBase.objects model manager")
def test_a_soft_delete_hides_the_row() -> None:
    first, second = added("note", text="a"), added("note", text="b")

    assert (200, {"id": first["id"], "deleted": True}) == ask("note", "delete", id=first["id"])

    assert [{"text": "b"}] == rows("note", "text")
    assert 404 == ask("note", "get", id=first["id"])[0]
    assert 2 == Note.all_objects.count()
    status, _ = ask("note", "bulk_delete", filters={"id": second["id"]})
    assert (200, 2) == (status, Note.all_objects.filter(is_removed=True).count())


def test_rows_of_subclasses_are_reached_by_their_relation() -> None:
    added("restaurant", name="a", stars=3)
    added("place", name="b")

    found = rows("place", "name, restaurant.stars")
    assert [{"name": "a", "restaurant": {"stars": 3}}, {"name": "b", "restaurant": None}] == found
    assert [{"name": "a"}] == rows("place", "name", filters={"restaurant.stars.gte": 2})
    assert [Restaurant, Place] == [type(one) for one in Place.objects.select_subclasses()]
