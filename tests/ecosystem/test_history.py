"""django-simple-history and django-safedelete: what was is kept."""

from __future__ import annotations

from tests.ecosystem.conftest import added, ask, edited, rows
from tests.ecosystem.models import Author, Book, Poll


def test_each_write_is_in_the_history() -> None:
    row = added("poll", question="q")
    edited("poll", row["id"], votes=3)
    assert 200 == ask("poll", "bulk_edit", filters={"votes": 3}, _set={"votes": 4})[0]
    assert 200 == ask("poll", "delete", id=row["id"])[0]

    kept = Poll.history.order_by("history_id")
    assert [("+", 0), ("~", 3), ("~", 4), ("-", 4)] == [(h.history_type, h.votes) for h in kept]


def test_the_history_is_read_by_its_own_key() -> None:
    row = added("poll", question="q")
    edited("poll", row["id"], votes=3)

    found = rows("historicalpoll", "history_id, history_type, votes", order_by="-history_id")
    assert [("~", 3), ("+", 0)] == [(one["history_type"], one["votes"]) for one in found]
    last = found[0]["history_id"]
    assert 3 == ask("historicalpoll", "get", _id=last)[1]["votes"]
    assert 2 == len(rows("historicalpoll", filters={"id": row["id"]}))
    assert last == Poll.history.latest("history_date").pk


def test_a_safe_delete_hides_the_row_and_what_belongs_to_it() -> None:
    author = added("author", name="a")
    book = added("book", title="b", author=author["id"])

    assert 200 == ask("author", "delete", id=author["id"])[0]

    assert ([], []) == (rows("author"), rows("book"))
    assert 404 == ask("book", "get", id=book["id"])[0]
    assert 404 == ask("author", "edit", id=author["id"], name="x")[0]
    assert (1, 1) == (Author.deleted_objects.count(), Book.deleted_objects.count())


def test_nothing_points_to_what_is_deleted_safely() -> None:
    author = added("author", name="a")
    assert 200 == ask("author", "bulk_delete", filters={"name": "a"})[0]

    status, reply = ask("book", "add", title="b", author=author["id"])

    assert (400, ["author"]) == (status, list(reply["fields"]))
    assert 1 == Author.deleted_objects.count()


def test_related_rows_that_are_deleted_safely_are_left_out() -> None:
    author = added("author", name="a")
    kept, gone = (added("book", title=title, author=author["id"]) for title in "bc")
    assert 200 == ask("book", "delete", id=gone["id"])[0]

    assert [{"name": "a", "books": [{"id": kept["id"]}]}] == rows("author", "name, books.id")
    assert [] == rows("author", filters={"books.title": "c"})
