"""What went wrong with py-directus and py-directus2, by the number of each defect in our list."""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from django_flex.client import exceptions
from django_flex.client.compat.directus import (
    Agg,
    AggregationOperators,
    Directus,
    DirectusActivity,
    DirectusComment,
    DirectusException,
    DirectusModel,
    DirectusRelation,
    DirectusRevision,
    DirectusUser,
    F,
    models,
)
from tests.client.compat.conftest import URL, USER, Connect, connected, paths, refused, run
from tests.client.directus_server import DirectusServer


def filters(server: DirectusServer) -> Any:
    sent = json.loads(server.asked[-1].content)["query"]["filter"]
    return json.loads(sent) if isinstance(sent, str) else sent


def test_defect_01_cached_rows_are_those_of_the_server() -> None:
    async def names(server: DirectusServer, url: str) -> list[Any]:
        directus = await Directus(url, connection=connected(server))
        return [row["n"] for row in (await directus.collection("t").read(cache=True)).items]

    a, b = (DirectusServer({"t": [{"id": 1, "n": name}]}) for name in "ab")
    assert run(names(a, "https://a.example")) == ["a"]
    assert run(names(b, "https://b.example")) == ["b"]


@pytest.mark.parametrize("fault", [None, refused(500, text="broken")], ids=["told", "not told"])
def test_defect_02_a_logout_is_one(fault: Any, server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect(*USER)
        server.faults = [fault] if fault else []
        assert await directus.logout() is (fault is None)
        assert json.loads(server.asked[-1].content)["refresh_token"] == "refresh-1"
        with pytest.raises(exceptions.Forbidden):
            await directus.collection("products").read()
        assert "authorization" not in server.asked[-1].headers
        assert paths(server) == ["/auth/login", "/auth/logout", "/items/products"]
        await directus.login()
        assert len((await directus.collection("products").read()).items) == 2

    run(program())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, exceptions.ServerError),
        (502, exceptions.ServerError),
        (404, exceptions.NotFound),
        (200, exceptions.ProtocolError),
    ],
)
def test_defect_03_a_reply_without_json_is_an_error(
    status: int, kind: Any, server: DirectusServer, connect: Connect
) -> None:
    server.faults = [refused(status, html="<h1>Bad gateway</h1>")] * 4
    with pytest.raises(kind, match="Bad gateway") as raised:
        run(connect().collection("products").read())
    assert raised.value.status == status


def test_defect_04_several_rows_are_deleted(server: DirectusServer, connect: Connect) -> None:
    response = run(connect().collection("products").delete([1, 2]))
    assert response.status_code == 204
    assert response.items == []
    assert server.collections["products"] == []


def test_defect_05_several_rows_are_changed_differently(
    server: DirectusServer, connect: Connect
) -> None:
    products = connect().collection("products")
    changed = run(products.update([1, 2], [{"name": "Pencil"}, {"name": "Paper", "price": 1}]))
    assert [row["name"] for row in changed.items] == ["Pencil", "Paper"]
    alike = run(products.update([1, 2], {"price": 9}))
    assert [row["price"] for row in alike.items] == [9, 9]
    with pytest.raises(exceptions.BuildError, match="2 ids and 1 items"):
        run(products.update([1, 2], [{"price": 1}]))


def test_defect_06_only_what_was_asked_is_computed(
    server: DirectusServer, connect: Connect
) -> None:
    total = Agg(operator=AggregationOperators.Sum, fields="price")
    products = connect().collection("products")
    assert run(products.aggregate(total).read()).items == [{"sum": {"price": 7}}]
    both = total & Agg("name__count")
    assert run(products.aggregate(both).read()).items == [
        {"sum": {"price": 7}, "count": {"name": 2}}
    ]
    assert total.query == {"sum": ["price"]}
    for wrong in (Agg, products.aggregate):
        with pytest.raises(exceptions.UnknownOperator, match="sum needs the path"):
            wrong(operator=AggregationOperators.Sum)


def test_defect_07_a_shared_connection_stays_open(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        connection = connected(server)
        other = await connect(connection=connection)
        async with await connect(*USER, connection=connection) as directus:
            await directus.me()
        assert not connection.is_closed
        assert len((await other.collection("products").read()).items) == 2

    run(program())


def test_defect_08_an_expired_token_is_refreshed(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect(*USER)
        server.expire_tokens()
        assert len((await directus.collection("products").read()).items) == 2
        assert paths(server).count("/auth/refresh") == 1

    run(program())


@pytest.mark.parametrize("status", [429, 503])
def test_defect_08_a_busy_server_is_asked_again(
    status: int, server: DirectusServer, connect: Connect
) -> None:
    server.faults = [refused(status, headers={"retry-after": "0"})]
    assert len(run(connect().collection("products").read()).items) == 2
    assert len(server.asked) == 2


def test_defect_09_a_refresh_needs_no_cache(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = connect(*USER)
        await directus.login()
        await directus.refresh()
        assert directus.token == "access-2"

    run(program())
    assert paths(server) == ["/auth/login", "/auth/refresh"]


def test_defect_09_a_refresh_clears_the_cache_of_nobody_else(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        other, directus = await connect(), await connect(*USER)
        await other.collection("products").read(cache=True)
        await directus.refresh()
        await other.collection("products").read(cache=True)

    run(program())
    assert paths(server) == ["/auth/login", "/items/products", "/auth/refresh"]


def test_defect_10_cached_reads_do_not_wait_for_each_other() -> None:
    async def program() -> None:
        barrier = asyncio.Barrier(5)

        async def answer(request: httpx2.Request) -> httpx2.Response:
            async with asyncio.timeout(1):
                await barrier.wait()
            return httpx2.Response(200, json={"data": []})

        connection = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
        products = (await Directus(URL, connection=connection)).collection("products")
        await asyncio.gather(*(products.limit(number).read(cache=True) for number in range(1, 6)))

    run(program())


def test_defect_11_a_download_has_the_credentials(server: DirectusServer, connect: Connect) -> None:
    row = {"id": "f1", "filename_download": "cover.png", "type": "image/png"}
    server.collections["directus_files"].append(row)
    server.files["f1"] = b"an image"

    async def program() -> None:
        directus = await connect()
        asset = await directus.download_file("f1", width=20)
        assert (asset.status_code, asset.content) == (200, b"an image")
        assert server.asked[-1].headers["authorization"] == "Bearer static_token"
        assert dict(server.asked[-1].url.params) == {"download": "", "width": "20"}
        with pytest.raises(exceptions.NotFoundOrForbidden):
            await directus.download_file("missing")

    run(program())


class Received:
    """A file as web frameworks hand it over, of no class that we know."""

    filename = "notes.txt"
    content_type = "text/markdown"

    async def read(self) -> bytes:
        return b"# Notes"


def test_defect_12_an_upload_needs_neither_libmagic_nor_starlette(
    server: DirectusServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "magic", None)

    async def program() -> None:
        directus = await connect()
        path = tmp_path / "cover.png"
        path.write_bytes(b"an image")
        file = (await directus.upload_file(str(path), folder="Covers")).item
        assert file is not None
        assert (file.type, file.title, file.folder) == ("image/png", "cover", "folder-1")
        received = (await directus.upload_file(Received())).item
        assert received is not None
        assert (received.type, received.filesize) == ("text/markdown", 7)
        told = (await directus.upload_file(str(path), media_type="image/x-own")).item
        assert told is not None
        assert told.type == "image/x-own"

    run(program())


def test_defect_13_no_row_is_none_and_no_rows_are_an_empty_list(connect: Connect) -> None:
    response = run(connect().collection(DirectusUser).filter(first_name="Nobody").read())
    assert (response.item, response.item_as(DirectusUser), response.item_as_dict()) == (None,) * 3
    assert (response.items, response.items_as(DirectusUser), response.items_as_dict()) == ([],) * 3


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (DirectusComment, {"id": "c1", "comment": "Good"}),
        (DirectusRelation, {"related_collection": "makers", "field": "maker"}),
        (DirectusActivity, {"ip": "127.0.0.1", "revisions": [1]}),
        (DirectusRevision, {"activity": 1}),
    ],
)
def test_defect_14_shipped_models_fit_what_directus_has(
    model: Any, values: dict[str, Any], connect: Connect
) -> None:
    item: Any = run(connect().collection(model).read()).item
    assert {name: getattr(item, name) for name in values} == values


def test_defect_14_shipped_models_shadow_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = runpy.run_path(str(models.__file__))
    assert "schema" in names["DirectusRelation"].model_json_schema()["properties"]


def test_defect_15_json_of_the_process_stays_as_it_is(connect: Connect) -> None:
    class Own:
        def __json__(self) -> str:
            return "own"

    connect().collection("products").filter(name="Pen")
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(Own())


def test_defect_16_nothing_is_printed(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    async def program() -> None:
        async with await connect() as directus:
            response = await directus.collection(DirectusUser).read(as_task=True)
            assert not response.is_resolved
            await directus.gather()
            assert len(response.items) == 3
            assert json.loads(response.to_json())["json"]["data"][0]["id"] == "1"

    run(program())
    assert capsys.readouterr() == ("", "")


def test_defect_17_only_the_prefix_makes_a_collection_one_of_the_system(connect: Connect) -> None:
    class HTTPLog2(DirectusModel):
        id: int

    class BlogPost(DirectusModel):
        id: int

    directus = connect()
    uris = {
        "my_directus_items": f"{URL}/items/my_directus_items",
        "directus_users": f"{URL}/users",
        HTTPLog2: f"{URL}/items/http_log2",
        BlogPost: f"{URL}/items/blog_post",
    }
    assert {target: directus.collection(target).uri for target in uris} == uris  # type: ignore[call-overload] # a name or a model


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12:00:00+00:00"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Decimal("1E+2"), "100"),
    ],
)
def test_defect_18_values_of_python_can_be_filtered_by(
    value: object, sent: str, server: DirectusServer, connect: Connect
) -> None:
    run(connect().collection("products").filter(name=value).read())
    assert filters(server) == {"name": {"_eq": sent}}
    run(connect().collection("products").filter(F(name__in=[value, "x"])).read())
    assert filters(server) == {"name": {"_in": [sent, "x"]}}


@pytest.mark.parametrize(
    "name", ["name__like", "name__ilike", "maker__name__contians", "name__is_null"]
)
def test_defect_19_an_unknown_operator_is_refused(name: str, connect: Connect) -> None:
    for build in (F, connect().collection("products").filter):
        with pytest.raises(exceptions.UnknownOperator, match="did you mean"):
            build(**{name: "x"})


def test_defect_20_a_nested_condition_is_explained() -> None:
    condition = (F(maker__name="Inc") | F(maker__name__starts_with="A")) & F(price__between=[1, 5])
    assert condition.get_explanation().split("\n") == [
        "    maker.name Equals Inc",
        "  OR",
        "    maker.name Starts with A",
        "AND",
        "  price Is between [1, 5]",
    ]


def test_defect_21_translations_are_grouped_by_their_keys(connect: Connect) -> None:
    assert run(connect().get_translations(clean=True)) == {
        "hello": {"en-GB": "Hello", "de-DE": "Hallo"},
        "bye": {"en-GB": "Bye"},
    }


def test_defect_22_a_client_that_was_not_awaited_has_a_user(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        directus = connect()
        me = (await directus.me(cache=True)).item
        user = await directus.user
        assert me is not None
        assert me == user
        assert me.first_name == "Jane"

    run(program())
    assert paths(server) == ["/users/me"]


def test_defect_23_a_request_is_never_changed(connect: Connect) -> None:
    base = connect().collection("products").filter(price__gt=1)
    narrowed = base.filter(name="Pen").sort("name").limit(1).fields("name").aggregate(count="*")
    assert narrowed.params.keys() == {"filter", "sort", "limit", "fields", "aggregate"}
    assert base.params == {"filter": {"price": {"_gt": 1}}}
    assert len(run(base.read()).items) == 2


def test_defect_24_errors_say_what_went_wrong(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        with pytest.raises(exceptions.InvalidCredentials, match="Invalid user credentials"):
            await connect(USER[0], "wrong")
        products = (await connect()).collection("products")
        with pytest.raises(exceptions.ValidationFailed) as raised:
            await products.create({"name": None})
        assert set(raised.value.fields) == {"name"}
        assert (raised.value.status_code, raised.value.code) == (400, "NOT_NULL_VIOLATION")
        assert isinstance(raised.value, DirectusException)
        server.faults = [refused(500, json={"errors": []}, headers={"x-request-id": "r-7"})]
        with pytest.raises(exceptions.ServerError, match="request r-7") as failed:
            await products.read()
        assert failed.value.request_id == "r-7"

    run(program())
