"""The names of py-directus against this package as the server, in this process."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from asgiref.sync import async_to_sync

from django_flex.client import exceptions
from django_flex.client.compat.directus import Agg, Directus, DirectusModel, DirectusRelation, F
from tests.client.compat.conftest import URL
from tests.client.shells import QUICK
from tests.essays.server import ProjectServer


class Author(DirectusModel):
    __collection__ = "authors"
    id: int
    name: str


class Post(DirectusModel):
    __collection__ = "posts"
    id: int
    title: str
    views: int | None = None
    author: int | Author | None = None


@pytest.fixture
def project(settings: Any, db: None) -> ProjectServer:
    return ProjectServer(settings)


def opened(project: ProjectServer) -> Directus:
    return Directus(
        URL, connection=httpx2.AsyncClient(transport=project.transport()), retries=QUICK
    )


def test_rows(project: ProjectServer) -> None:
    async def program() -> None:
        rows = opened(project).collection("posts").sort("id")
        pen = await rows.create(Post.model_construct(title="Pen", views=2))
        more = await rows.create([{"title": "Ink", "views": 5}, {"title": "Pad", "views": 7}])
        # MariaDB gives no key twice, so that the tests before this one decide what the keys are.
        first, second, third = (row["id"] for row in [*pen.items, *more.items])
        await rows.update(first, {"author": 1})
        await rows.update([first, second], [{"title": "Pencil"}, {"views": 4}])
        await rows.update([second, third], {"views": 5})
        named = rows.fields("title", "author.name").filter(id__gt=6)
        assert (await named.filter(F(title="Pencil") | F(views__gt=5)).read()).items == [
            {"title": "Pencil", "author": {"name": "Ada"}}
        ]
        new = rows.filter(id__gt=6)
        for method in ("search", "get"):
            found = await new.filter(~F(title__contains="Pen")).read(method=method)
            assert [row["id"] for row in found.items] == [second, third]
        assert (await rows.search("Pad").read()).items[0]["id"] == third
        assert (await rows.filter(id__in=[]).read()).items == []
        counted = await rows.filter(views=5).include_count().limit(1).read()
        assert (counted.total_count, counted.filtered_count) == (9, 2)
        totals = opened(project).collection("posts").filter(id__gt=6)
        assert (await totals.aggregate(Agg("views__sum") & Agg()).read()).items == [
            {"sum": {"views": 12}, "count": 3}
        ]
        groups = opened(project).collection("posts").group_by("author")
        assert {row["author"] for row in (await groups.read()).items} == {1, 2, None}
        item = (await opened(project).collection(Post).read(third)).item
        assert item == Post(id=third, title="Pad", views=5, author=None)
        nested = await opened(project).collection(Post).fields("*", "author.*").read(first)
        author = Author(id=1, name="Ada")
        assert nested.item == Post(id=first, title="Pencil", views=2, author=author)
        assert (await rows.delete([first, second])).items == []
        with pytest.raises(exceptions.NotFoundOrForbidden):
            await rows.read(first)
        with pytest.raises(exceptions.ValidationFailed) as refused:
            await rows.create({"title": None})
        assert set(refused.value.fields) == {"title"}
        with pytest.raises(exceptions.NotFoundOrForbidden):
            await rows.filter(nothing=1).read()

    async_to_sync(program)()


def test_the_schema(project: ProjectServer) -> None:
    async def program() -> None:
        directus = opened(project)
        request = directus.collection("posts")
        assert (await request.metadata())["collection"] == "posts"
        names = [field["field"] for field in await request.fields_list()]
        assert names == ["id", "title", "views", "author"]
        assert "posts" in [row["collection"] for row in await directus.list_collections()]
        relation = (await directus.collection(DirectusRelation).read(("posts", "author"))).item
        assert relation is not None
        assert relation.related_collection == "authors"

    async_to_sync(program)()


def test_who_is_not_signed_in_is_nobody(project: ProjectServer) -> None:
    async def program() -> None:
        with pytest.raises(exceptions.Forbidden):
            await opened(project).me()

    async_to_sync(program)()
