"""The client and the names of py-directus against a Directus server, if there is one.

``DIRECTUS_URL`` says where; the administrator is the user of the stand-in. It passes on
10.13.4, and passed on 11.17.4 before the tests of all rows and of a file that comes down were added.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from django_flex.client import AsyncClient, Upload, exceptions
from django_flex.client.compat.directus import (
    Agg,
    Directus,
    DirectusActivity,
    DirectusComment,
    DirectusFile,
    DirectusFolder,
    DirectusModel,
    DirectusPermission,
    DirectusRelation,
    DirectusRevision,
    DirectusRole,
    DirectusSettings,
    DirectusUser,
    DirectusVersion,
    F,
)
from tests.client.compat.conftest import TOKEN, USER, run

ADDRESS = os.environ.get("DIRECTUS_URL", "")
TABLE = "flex_products"
pytestmark = pytest.mark.skipif(not ADDRESS, reason="no Directus server is named")


class Product(DirectusModel):
    __collection__ = TABLE
    id: int
    name: str
    price: int | None = None
    maker: str | DirectusUser | None = None


@asynccontextmanager
async def table() -> AsyncIterator[Directus]:
    """A collection with a relation, which is gone afterwards."""
    async with await Directus(ADDRESS, token=TOKEN) as directus:
        key = {"is_primary_key": True, "has_auto_increment": True}
        fields = [
            {"field": "id", "type": "integer", "schema": key, "meta": {}},
            {"field": "name", "type": "string", "schema": {"is_nullable": False}, "meta": {}},
            {"field": "price", "type": "integer", "schema": {}, "meta": {}},
        ]
        collections = directus.collection("directus_collections")
        await collections.create({"collection": TABLE, "schema": {}, "meta": {}, "fields": fields})
        try:
            maker = {
                "collection": TABLE,
                "field": "maker",
                "type": "uuid",
                "schema": {},
                "meta": {},
            }
            await directus.collection("directus_fields").create(maker)
            relation = {
                "collection": TABLE,
                "field": "maker",
                "related_collection": "directus_users",
            }
            await directus.collection("directus_relations").create(relation)
            yield directus
        finally:
            await collections.delete(TABLE)


def test_rows() -> None:
    async def program() -> None:
        async with table() as directus:
            user = await directus.user
            assert user is not None
            rows = directus.collection(TABLE).sort("id")
            await rows.create(Product.model_construct(name="Pen", price=2))
            await rows.create([{"name": "Ink", "price": 5}, {"name": "Pad", "price": 7}])
            await rows.update(1, {"maker": user.id})
            await rows.update([1, 2], [{"name": "Pencil"}, {"price": 4}])
            await rows.update([2, 3], {"price": 5})
            named = rows.fields("name", "maker.email")
            assert (await named.filter(F(name="Pencil") | F(price__gt=5)).read()).items == [
                {"name": "Pencil", "maker": {"email": USER[0]}}
            ]
            for method in ("search", "get"):
                found = await rows.filter(~F(name__contains="Pen")).read(method=method)
                assert [row["id"] for row in found.items] == [2, 3]
            assert (await rows.search("Pad").read()).items[0]["id"] == 3
            assert (await rows.filter(id__in=[]).read()).items == []
            counted = await rows.filter(price=5).include_count().limit(1).read()
            assert (counted.total_count, counted.filtered_count) == (3, 2)
            totals = directus.collection(TABLE).aggregate(Agg("price__sum") & Agg())
            assert (await totals.read()).items == [{"sum": {"price": 12}, "count": 3}]
            assert len((await directus.collection(TABLE).group_by("price").read()).items) == 2
            item = (await directus.collection(Product).read(3)).item
            assert item == Product(id=3, name="Pad", price=5, maker=None)
            assert (await rows.delete([1, 2])).items == []
            with pytest.raises(exceptions.NotFoundOrForbidden):
                await rows.read(1)
            with pytest.raises(exceptions.ValidationFailed) as refused:
                await rows.create({"price": 1})
            assert set(refused.value.fields) == {"name"}

    run(program())


def test_all_rows_are_read_in_any_order() -> None:
    async def program() -> None:
        async with table() as directus:
            products = directus.collection(TABLE)
            await products.create([{"name": f"P{n % 3}", "price": -n} for n in range(9)])
            async with AsyncClient(ADDRESS, auth=TOKEN, dialect="directus") as client:
                rows = client.collection(TABLE).fields("id", "name", "price", "maker")
                for order in ("price", "-name", "name", "maker"):
                    query = rows.order_by(order, "id")
                    expected = (await query.limit(-1).list()).items
                    assert [row async for row in query.iter(2)] == expected
                users = client.collection("directus_users").fields("id")
                assert [row async for row in users.iter(1)] == (await users.list()).items

    run(program())


def test_a_file_comes_down(tmp_path: Path) -> None:
    async def program() -> None:
        async with AsyncClient(ADDRESS, auth=TOKEN, dialect="directus") as client:
            files = client.collection("directus_files").fields("id")
            made = await files.create({"title": "Notes", "file": Upload(b"what it says", "n.txt")})
            assert made is not None
            asset = await files.download(made["id"])
            assert (asset.content, asset.media_type) == (b"what it says", "text/plain")
            await files.download(made["id"], tmp_path / "n.txt")
            assert (tmp_path / "n.txt").read_bytes() == b"what it says"
            with pytest.raises(exceptions.NotFoundOrForbidden):
                await client.with_auth(None).collection("directus_files").download(made["id"])
            await files.delete(made["id"])

    run(program())


def test_the_schema() -> None:
    async def program() -> None:
        async with table() as directus:
            request = directus.collection(TABLE)
            assert (await request.metadata())["collection"] == TABLE
            names = [field["field"] for field in await request.fields_list()]
            assert names == ["id", "name", "price", "maker"]
            assert TABLE in [row["collection"] for row in await directus.list_collections()]
            relation = (await directus.collection(DirectusRelation).read((TABLE, "maker"))).item
            assert relation is not None
            assert relation.related_collection == "directus_users"
            await directus.collection("directus_fields").update(
                (TABLE, "price"), {"meta": {"note": "in cents"}}
            )
            client = AsyncClient(ADDRESS, auth=directus.token)
            field = await client.collection("directus_fields").get((TABLE, "price"))
            assert field["meta"]["note"] == "in cents"
            await client.close()

    run(program())


SHIPPED: list[Any] = [
    DirectusUser, DirectusRole, DirectusFile, DirectusFolder, DirectusSettings, DirectusRelation,
    DirectusPermission, DirectusActivity, DirectusRevision, DirectusVersion,
]  # fmt: skip


def test_shipped_models_fit() -> None:
    async def program() -> None:
        async with table() as directus:
            await directus.collection(TABLE).create({"name": "Pen"})
            for model in SHIPPED:
                found = (await directus.collection(model).read()).items
                assert all(isinstance(item, model) for item in found)
                assert found or model in {DirectusFile, DirectusFolder, DirectusVersion}
            comment = {"collection": TABLE, "item": "1", "comment": "Good"}
            with suppress(exceptions.NotFound):  # before version 11 a comment is an activity
                made = (await directus.collection(DirectusComment).create(comment)).item
                assert made is not None
                assert (made.comment, made.user_updated) == ("Good", None)

    run(program())


def test_files_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Notes")

    async def program() -> None:
        async with await Directus(ADDRESS, token=TOKEN) as directus:
            await directus.update_settings({"project_name": "Shop"})
            settings = (await directus.read_settings()).item
            assert settings is not None
            assert settings["project_name"] == "Shop"
            folder = (await directus.collection(DirectusFolder).create({"name": "Papers"})).item
            assert folder is not None
            file = (await directus.upload_file(path, folder="Papers")).item
            assert file is not None
            assert file.id is not None
            assert (file.type, file.title, file.folder) == ("text/plain", "notes", folder.id)
            asset = await directus.download_file(file.id)
            assert (asset.filename, asset.content) == ("notes.txt", b"Notes")
            async with Directus(ADDRESS) as anonymous:
                with pytest.raises(exceptions.Forbidden):
                    await anonymous.download_file(file.id)
            await directus.collection(DirectusFile).delete(file.id)
            await directus.collection(DirectusFolder).delete(str(folder.id))
            created = await directus.create_translations("flex", ("flex", "de-DE"))
            texts: Any = await directus.get_translations(clean=True)
            assert texts["flex"] == {"en-GB": "", "de-DE": ""}
            keys = [row["id"] for row in created.items_as_dict()]
            await directus.collection("directus_translations").delete(keys)

    run(program())


def test_logins() -> None:
    async def program() -> None:
        directus = await Directus(ADDRESS, *USER)
        token = directus.token
        await directus.refresh()
        assert directus.refresh_token
        assert (await directus.me()).items[0].email == USER[0]
        assert token is not None
        await directus.clear_cache(server=True)
        assert await directus.logout() is True
        with pytest.raises(exceptions.Forbidden):
            await directus.collection("directus_users").read()
        await directus.close_connection()
        async with Directus(ADDRESS, USER[0], "wrong") as wrong:
            with pytest.raises(exceptions.InvalidCredentials):
                await wrong.login()

    run(program())
