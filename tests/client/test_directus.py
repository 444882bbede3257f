"""Both clients against the stand-in for Directus: what is sent, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_flex.client import (
    Agg,
    BuildError,
    F,
    NotFoundOrForbidden,
    Unsupported,
    ValidationFailed,
    rows,
)
from django_flex.client.dialects.directus import DirectusDialect, collection_path
from django_flex.client.messages import Reply
from tests.client.directus_server import DirectusServer
from tests.client.shells import Shell, directus
from tests.essays.server import ProjectServer


def server() -> DirectusServer:
    authors = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}]
    posts = [
        {"id": n, "title": f"T{n}", "views": n * 10, "author": authors[n % 2]} for n in range(1, 7)
    ]
    return DirectusServer({"posts": posts, "authors": authors, "directus_settings": [{"id": 1}]})


Made = DirectusServer | ProjectServer


@pytest.fixture(params=["stand-in", "project"])
def made(request: pytest.FixtureRequest, db: None, settings: Any) -> Made:
    """The stand-in, and this package as a server of the same rows."""
    return server() if request.param == "stand-in" else ProjectServer(settings)


def sent(made: Made) -> Any:
    request = made.asked[-1]
    return json.loads(request.content)["query"] if request.method == "SEARCH" else request.url


def test_a_list_is_searched_for(shell: Shell, made: Made) -> None:
    query = directus(shell, made).collection("posts").fields("id, author.name").order_by("-views")
    page = shell.run(query.filter(views__gte=30).limit(2).with_count().list())
    assert page.items == [
        {"id": 6, "author": {"name": "Ada"}},
        {"id": 5, "author": {"name": "Bob"}},
    ]
    assert (page.total, page.filtered, page.has_more) == (6, 4, True)
    assert sent(made) == {
        "fields": ["id", "author.name"],
        "filter": {"views": {"_gte": 30}},
        "sort": ["-views"],
        "limit": 2,
        "meta": "*",
    }
    following = shell.run(page.next())
    assert [row["id"] for row in following] == [4, 3]
    assert shell.run(following.next()) is None


def test_a_list_can_be_got_through_a_proxy_that_knows_no_search(shell: Shell, made: Made) -> None:
    client = directus(shell, made, dialect=DirectusDialect(method="GET"))
    query = client.collection("posts").fields("id").filter(F(title="T1") | F(views=20))
    assert [row["id"] for row in shell.run(query.list())] == [1, 2]
    assert made.asked[-1].method == "GET"
    long = query.filter(title__in=[f"T{number}" for number in range(900)])
    assert [row["id"] for row in shell.run(long.list())] == [1, 2]
    assert made.asked[-1].method == "SEARCH"


def test_rows_are_written_and_deleted(shell: Shell, made: Made) -> None:
    authors = directus(shell, made).collection("authors").fields("id", "name")
    # MariaDB goes on counting behind the keys of rows that were rolled back.
    eve = shell.run(authors.create({"name": "Eve"}))["id"]
    f, g = (
        row["id"] for row in shell.run(authors.create_many([{"name": "F"}, {"name": "G"}], chunk=1))
    )
    assert 2 < eve < f < g
    assert shell.run(authors.update(eve, {"name": "Eva"})) == {"id": eve, "name": "Eva"}
    assert shell.run(authors.update_many([eve, f], {"name": "same"})) == [
        {"id": eve, "name": "same"},
        {"id": f, "name": "same"},
    ]
    shell.run(authors.update_many([eve, f], [{"name": "x"}, {"name": "y"}]))
    assert [shell.run(authors.get(key))["name"] for key in (eve, f)] == ["x", "y"]
    shell.run(authors.filter(name__in=["x", "y"]).update_all({"name": "z"}))
    assert shell.run(authors.delete([eve, f])) == 2
    shell.run(authors.filter(name="G").delete_all())
    assert shell.run(authors.delete(2)) == 1
    assert [row["id"] for row in shell.run(authors.list())] == [1]
    assert shell.run(authors.delete([])) == 0


def test_the_only_row_of_a_collection_has_no_key(shell: Shell) -> None:
    made = server()
    settings = directus(shell, made).collection("directus_settings")
    assert shell.run(settings.update(None, {"project_name": "Shop"}))["project_name"] == "Shop"
    assert shell.run(settings.one()) == {"id": 1, "project_name": "Shop"}
    assert [request.method for request in made.asked] == ["PATCH", "GET"]
    flex = directus(shell, made, dialect="flex").collection("albums")
    with pytest.raises(BuildError, match="needs the key"):
        shell.run(flex.update(None, {"title": "x"}))


def test_aggregates_have_the_names_that_were_asked(shell: Shell, made: Made) -> None:
    posts = directus(shell, made).collection("posts")
    totals = posts.aggregate(n=Agg.count(), most=Agg.max("views"), views=Agg.sum("views"))
    assert shell.run(totals.list()).items == [{"n": 6, "most": 60, "views": 210}]
    raw = posts.aggregate(Agg.count(), Agg.sum("views"))
    assert shell.run(raw.list()).items == [{"count": 6, "sum": {"views": 210}}]


def test_a_count_reads_no_rows(shell: Shell, made: Made) -> None:
    query = directus(shell, made).collection("posts").filter(views__lt=40)
    assert shell.run(query.count()) == 3
    assert sent(made) == {"filter": {"views": {"_lt": 40}}, "limit": 0, "meta": "filter_count"}


def test_related_rows_are_asked_deeply(shell: Shell, made: Made) -> None:
    top = rows().fields("title").filter(views__gt=5).order_by("-views").limit(2)
    query = (
        directus(shell, made)
        .collection("authors")
        .fields("name")
        .related("top", top, source="posts")
    )
    if isinstance(made, ProjectServer):
        assert shell.run(query.list()).items == [
            {"name": "Ada", "top": [{"title": "T6"}, {"title": "T4"}]},
            {"name": "Bob", "top": [{"title": "T5"}, {"title": "T3"}]},
        ]
    else:
        with pytest.raises(NotFoundOrForbidden):  # the stand-in knows no relation of this name
            shell.run(query.list())
    assert sent(made) == {
        "fields": ["name", "top.title"],
        "alias": {"top": "posts"},
        "deep": {"top": {"_filter": {"views": {"_gt": 5}}, "_sort": ["-views"], "_limit": 2}},
    }


def test_a_missing_row_and_a_forbidden_one_look_alike(shell: Shell, made: Made) -> None:
    client = directus(shell, made)
    for query in (client.collection("posts"), client.collection("nothing")):
        with pytest.raises(NotFoundOrForbidden):
            shell.run(query.get(99))


def test_a_field_that_is_refused_is_named(shell: Shell, made: Made) -> None:
    with pytest.raises(ValidationFailed) as raised:
        shell.run(directus(shell, made).collection("authors").create({"name": None}))
    assert set(raised.value.fields) == {"name"}


def test_the_server_is_recognised(shell: Shell, made: Made) -> None:
    client = directus(shell, made, dialect="auto")
    shell.run(client.collection("posts").limit(1).list())
    shell.run(client.collection("posts").limit(1).list())
    assert [request.url.path for request in made.asked] == [
        "/", "/server/ping", "/items/posts", "/items/posts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("posts", "items/posts"),
        ("directus_users", "users"),
        ("my_directus_items", "items/my_directus_items"),
        ("a/b", "items/a%2Fb"),
    ],
)
def test_collections_of_the_system_stand_at_the_top(name: str, path: str) -> None:
    assert collection_path(name) == path


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda query: query.having(n__gt=1), "no having"),
        (lambda query: query.distinct(), "no distinct"),
        (lambda query: query.with_count("estimated"), "only counts exactly"),
        (lambda query: query.aggregate(Agg("stddev", "views")), "no aggregate 'stddev'"),
        (lambda query: query.alias(n="author.name"), "path with dots"),
        (lambda query: query.filter(title__regex="x").list(), "no operator 'regex'"),
        (lambda query: query.upsert({"id": 1}, "id"), "no upsert"),
        (lambda query: query.explain(), "explains no queries"),
        (lambda query: query.export("/dev/null", "ndjson"), "exports csv"),
        (lambda query: query.limit(-2), "at least -1"),
        (lambda query: query.offset(True), "whole number"),
        (lambda query: query.page(2), "needs a size"),
    ],
    ids=range(12),
)
def test_what_directus_cannot_say_is_refused_before_it_is_sent(
    shell: Shell, build: Any, told: str
) -> None:
    made = server()
    with pytest.raises((Unsupported, BuildError), match=told):
        shell.run(build(directus(shell, made).collection("posts")))
    assert made.asked == []


def test_queries_are_read_together_and_in_their_order(shell: Shell) -> None:
    client = directus(shell, server())
    queries = [client.collection("posts").limit(number) for number in range(1, 6)]
    assert [len(page) for page in shell.run(client.gather(*queries, limit=2))] == [1, 2, 3, 4, 5]


def test_a_query_is_never_changed(shell: Shell, made: Made) -> None:
    base = directus(shell, made).collection("posts").filter(views__gt=10)
    narrowed = base.filter(title="T2").limit(1)
    assert len(shell.run(narrowed.list())) == 1
    assert len(shell.run(base.list())) == 5
    assert base.query != narrowed.query


def test_a_reason_that_the_message_has_is_said_once() -> None:
    told = {"message": "Invalid query. Bad sort.", "extensions": {"reason": "Bad sort."}}
    body = json.dumps({"errors": [told]}).encode()
    error = DirectusDialect().error(Reply(status=400, headers={}, content=body))
    assert (str(error), error.hint) == ("400 Invalid query. Bad sort.", "Bad sort.")


def test_all_rows_are_read_by_keys(shell: Shell, made: Made) -> None:
    query = directus(shell, made).collection("posts").fields("title").order_by("-views")
    found = shell.rows(query.iter(page_size=4))
    assert [row["title"] for row in found] == ["T6", "T5", "T4", "T3", "T2", "T1"]
