"""The collections of the system that the documents name, and files."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from django_flex.client import exceptions
from django_flex.client.compat.directus import DirectusFile, DirectusRelation, DirectusUser
from tests.client.compat.conftest import USER, Connect, paths, run
from tests.client.directus_server import DirectusServer


def methods(server: DirectusServer) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in server.asked]


def test_settings_are_read_and_changed(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect()
        settings = (await directus.read_settings()).item
        assert settings is not None
        assert settings["project_name"] == "Shop"
        changed = (await directus.update_settings({"project_name": "Store"})).item
        assert changed == {"id": 1, "project_name": "Store"}
        assert len((await directus.collection("directus_settings").read()).items) == 1

    run(program())
    assert methods(server) == ["GET /settings", "PATCH /settings", "GET /settings"]


def test_roles_and_users(connect: Connect) -> None:
    async def program() -> None:
        directus = await connect(*USER)
        (role,) = (await directus.roles()).items
        assert (role.name, role.users) == ("Administrator", ["1", "2"])
        user = await directus.user
        assert user is not None
        assert (user.id, user.role) == ("1", role.id)
        directus.token = "static_token"
        other = await directus.user
        assert other is not None
        assert other.id == "2"
        shown = await directus.collection(DirectusUser).fields("first_name").read("1")
        assert shown.item == DirectusUser(first_name="John")

    run(program())


def test_translations(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect()
        await directus.create_translations("new", ("old", "fr-FR"))
        rows = await directus.get_translations()
        assert [(row["key"], row["language"]) for row in rows[3:]] == [
            ("new", "en-GB"),
            ("old", "fr-FR"),
        ]
        assert json.loads(server.asked[-1].content)["query"]["limit"] == -1

    run(program())


@pytest.mark.parametrize(
    ("name", "key", "path", "found"),
    [
        ("directus_collections", None, "GET /collections", {"collection": "products"}),
        ("directus_collections", "products", "GET /collections/products", {"meta": None}),
        ("directus_fields", None, "GET /fields", {"field": "price"}),
        ("directus_fields", "products", "GET /fields/products", {"field": "price"}),
        ("directus_fields", ("products", "id"), "GET /fields/products/id", {"type": "integer"}),
        ("directus_relations", None, "GET /relations", {"field": "maker"}),
        ("directus_relations", ("products", "maker"), "GET /relations/products/maker", {}),
    ],
)
def test_the_schema_is_read_without_search(
    name: str, key: Any, path: str, found: dict[str, Any], server: DirectusServer, connect: Connect
) -> None:
    rows = run(connect().collection(name).read(key)).items
    assert methods(server) == [path]
    assert any(found.items() <= row.items() for row in rows)


def test_a_relation_has_its_foreign_key(connect: Connect) -> None:
    relation = run(connect().collection(DirectusRelation).read()).item
    assert relation is not None
    assert relation.schema_ is not None
    assert relation.schema_.foreign_key_table == "makers"


def test_a_field_is_added_below_its_collection(server: DirectusServer, connect: Connect) -> None:
    fields = connect().collection("directus_fields")
    with pytest.raises(exceptions.ApiError):  # the stand-in changes no schema
        run(fields.create({"collection": "products", "field": "size", "type": "integer"}))
    with pytest.raises(exceptions.ApiError):
        run(fields.delete(("products", "size")))
    assert methods(server) == ["POST /fields/products", "DELETE /fields/products/size"]
    with pytest.raises(exceptions.BuildError, match="one field at a time"):
        run(fields.create({"field": "size"}))


def test_a_file_goes_up_and_comes_down(
    server: DirectusServer, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "cover.png"
    path.write_bytes(bytes(range(256)) * 500)

    async def program() -> None:
        directus = await connect()
        file = (await directus.upload_file(path, folder="Covers")).item
        assert isinstance(file, DirectusFile)
        assert file.id is not None
        assert (file.title, file.folder, file.type) == ("cover", "folder-1", "image/png")
        assert (await directus.collection(DirectusFile).read(file.id)).item == file
        target = tmp_path / "again.png"
        asset = await directus.download_file(file.id, target=target)
        assert (asset.content, asset.filename) == (b"", "cover.png")
        assert target.read_bytes() == path.read_bytes()
        memory = BytesIO()
        await directus.download_file(file.id, target=memory)
        assert memory.getvalue() == path.read_bytes()

    run(program())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["again.png", "cover.png"]


def test_a_download_that_is_refused_leaves_no_file(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(exceptions.NotFoundOrForbidden):
        run(connect().download_file("missing", target=tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\evil.exe", "/root/x", "."])
def test_a_name_from_a_server_has_no_folders(
    name: str, server: DirectusServer, connect: Connect
) -> None:
    server.collections["directus_files"].append(
        {"id": "f1", "filename_download": "x", "type": "text/plain"}
    )
    server.files["f1"] = b"text"

    async def program() -> str:
        directus = await connect()
        asset = await directus.download_file("f1")
        return asset.filename

    server.filename = name
    assert run(program()) in {"passwd", "evil.exe", "x", "f1"}


def test_what_is_no_file_is_refused_before_it_is_sent(
    server: DirectusServer, connect: Connect, tmp_path: Path
) -> None:
    directus: Any = connect()
    (tmp_path / "x").write_bytes(b"")
    for call in (
        lambda: directus.upload_file(5),
        lambda: directus.download_file("../users"),
        lambda: directus.download_file("f1", fit="tight"),
        lambda: directus.download_file("f1", img_format="gif87"),
    ):
        with pytest.raises(exceptions.BuildError):
            run(call())
    with pytest.raises(exceptions.BuildError, match="no folder 'Missing'"):
        run(directus.upload_file(str(tmp_path / "x"), folder="Missing"))
    assert paths(server) == ["/folders"]


def test_the_url_of_a_file_says_how_it_is_transformed(connect: Connect) -> None:
    directus = connect()
    assert directus.get_file_url("f1") == "https://example.com/assets/f1"
    url = directus.get_file_url("f1", fit="cover", width=20, withoutEnlargement=True, blur=5)
    assert url == (
        "https://example.com/assets/f1?fit=cover&width=20&withoutEnlargement=true"
        "&transforms=%5B%5B%22blur%22%2C5%5D%5D"
    )


def test_the_server_drops_its_cache_if_it_is_told_to(
    server: DirectusServer, connect: Connect
) -> None:
    run(connect().clear_cache())
    run(connect().clear_cache(server=True))
    assert methods(server) == ["POST /utils/cache/clear"]
