"""Requests and responses beyond the documents: caches, tasks, partial rows, what is refused."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from django_flex.client import ConfigurationError, DecodeError, exceptions
from django_flex.client.compat.directus import (
    Agg,
    AggregationOperators,
    Directus,
    DirectusModel,
    DirectusResponse,
    F,
)
from tests.client.compat.conftest import TOKEN, URL, USER, Connect, connected, paths, refused, run
from tests.client.directus_server import DirectusServer


class Maker(DirectusModel):
    id: int
    name: str


class Product(DirectusModel):
    __collection__ = "products"
    id: int
    name: str
    price: int | None = None
    maker: int | Maker | None = None


def query(server: DirectusServer) -> Any:
    return json.loads(server.asked[-1].content)["query"]


def test_a_cached_read_is_sent_once_and_dropped_by_a_write(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        products = (await connect()).collection("products")
        for _ in range(2):
            assert len((await products.read(cache=True)).items) == 2
        assert len(server.asked) == 1
        await products.create({"name": "Pad"})
        assert len((await products.read(cache=True)).items) == 3
        server.collections["products"].pop()
        assert len((await products.read(cache=True)).items) == 3
        assert len((await products.read()).items) == 2  # and renews what is cached
        assert len((await products.read(cache=True)).items) == 2
        assert len(server.asked) == 4
        assert await products.clear_cache() is True
        assert await products.clear_cache() is False

    run(program())


def test_what_is_not_asked_to_be_cached_is_not(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect()
        products = directus.collection("products")
        for _ in range(2):
            await products.read()
            await products.metadata()
            await products.fields_list()
            await directus.list_collections()
            await directus.read_settings()

    run(program())
    assert len(server.asked) == 10


def test_what_is_cached_is_one_users(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        directus = await connect()
        assert (await directus.me(cache=True)).items[0].first_name == "Jane"
        await directus.logout()
        with pytest.raises(exceptions.Forbidden):
            await directus.collection("products").read(cache=True)
        directus.token = TOKEN
        await directus.start_cache()
        await directus.me(cache=True)
        await directus.clear_cache()
        await directus.me(cache=True)

    run(program())
    assert paths(server).count("/users/me") == 3


def test_tasks_are_sent_together_and_one_failure_hides_no_response(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        directus = await connect()
        good = await directus.collection("products").read(as_task=True)
        bad = await directus.collection("nothing").read(as_task=True)
        made = await directus.collection("products").create({"name": "Pad"}, as_task=True)
        assert server.asked == []
        for attribute in ("items", "status_code", "total_count"):
            with pytest.raises(exceptions.ClientError, match="await gather"):
                getattr(good, attribute)
        with pytest.raises(exceptions.NotFoundOrForbidden):
            await directus.gather()
        assert len(good.items) >= 2
        assert made.item is not None
        assert made.item["id"] == 3
        assert not bad.is_resolved
        await directus.gather()
        assert len(server.asked) == 3

    run(program())


def test_rows_are_validated_once_and_only_as_far_as_they_were_selected(connect: Connect) -> None:
    products = connect().collection(Product)
    response = run(products.read())
    assert response.items == [
        Product(id=1, name="Pen", price=2, maker=7),
        Product(id=2, name="Ink", price=5),
    ]
    assert response.items is response.items
    assert response.item is response.items[0]
    assert response.items_as(Product) is response.items
    defaults = run(products.fields("id", "name").read()).items[0]
    assert (defaults.name, defaults.price) == ("Pen", None)
    partial = run(products.fields("name", "maker.name").read()).items[0]
    assert isinstance(partial.maker, Maker)
    assert (partial.name, partial.maker.name) == ("Pen", "Inc")
    with pytest.raises(AttributeError):
        _ = partial.id
    with pytest.raises(DecodeError, match="Row 0 does not fit Product, field 'name'"):
        run(connect().collection("transactions").read()).items_as(Product)


def test_a_response_can_be_written_down(connect: Connect) -> None:
    response = run(connect().collection(Product).fields("name").limit(1).read())
    again = DirectusResponse.from_json(response.to_json(), Product)
    assert (again.items_as_dict(), again.status_code) == ([{"name": "Pen"}], 200)
    assert again.item == response.item
    told = response.get_explanation()
    assert told["Query"] == {"fields": ["name"], "limit": 1}
    assert told["Response"]["data"] == [{"name": "Pen"}]
    assert "Bearer" not in str(told) + repr(response)


def test_writes_take_models_and_only_what_was_set(server: DirectusServer, connect: Connect) -> None:
    async def program() -> None:
        products = (await connect()).collection(Product)
        await products.create(Product(id=3, name="Pad"))
        assert json.loads(server.asked[-1].content) == {"id": 3, "name": "Pad"}
        await products.create([Product(id=4, name="Cap")])
        assert json.loads(server.asked[-1].content) == [{"id": 4, "name": "Cap"}]
        await products.update(4, Product.model_construct(price=3))
        assert json.loads(server.asked[-1].content) == {"price": 3}
        sent = len(server.asked)
        for nothing in (products.create([]), products.update([], []), products.delete([])):
            assert (await nothing).status_code == 204
        assert len(server.asked) == sent

    run(program())


def test_lists_can_be_read_by_get(server: DirectusServer, connect: Connect) -> None:
    products = connect().collection("products").filter(F(price__gt=3) | F(name="Pen"))
    assert len(run(products.sort("price", asc=False).read(method="get")).items) == 2
    (request,) = server.asked
    assert request.method == "GET"
    assert request.url.params["sort"] == "-price"
    assert json.loads(request.url.params["filter"])["_or"][0] == {"price": {"_gt": 3}}


def test_pages_limits_and_what_replaces_what(server: DirectusServer, connect: Connect) -> None:
    products = connect().collection("products").fields("id").fields("name").group_by("a")
    asked = products.group_by("name").limit().offset(2).page(1).page(2).search(5).params
    assert asked == {
        "fields": ["name"], "groupBy": ["name"], "limit": -1, "offset": 2, "page": 2, "search": "5",
    }  # fmt: skip
    second = run(connect().collection("products").limit(1).page(2).fields("id").read())
    assert second.items == [{"id": 2}]


@pytest.mark.parametrize(
    ("built", "asked"),
    [
        (~(F(a=1) | F(b__in=[2])), {"_and": [{"a": {"_neq": 1}}, {"b": {"_nin": [2]}}]}),
        (F() | F(a=1), {"a": {"_eq": 1}}),
        (F() & F(a=1) & None, {"a": {"_eq": 1}}),
        (F(a=None), {"a": {"_null": True}}),
        (F(a__nnull=False), {"a": {"_null": True}}),
        (F(a__b__c__nistarts_with="x"), {"a": {"b": {"c": {"_nistarts_with": "x"}}}}),
        (F(__or=[F(a=1), F(b=2)]), {"_or": [{"a": {"_eq": 1}}, {"b": {"_eq": 2}}]}),
        (F.some("tags", label="x"), {"tags": {"_some": {"label": {"_eq": "x"}}}}),
        (F(), {}),
    ],
    ids=range(9),
)
def test_conditions(built: F, asked: dict[str, Any]) -> None:
    assert built.query == asked
    assert isinstance(built, F)
    assert isinstance(built.get_explanation(), str)


@pytest.mark.parametrize(
    ("built", "asked"),
    [
        (Agg(), {"count": "*"}),
        (Agg("price__sum", "author__name__countDistinct"), {"sum": ["price"], "countDistinct": ["author.name"]}),
        (Agg("price"), {"count": ["price"]}),
        (Agg(sum="price", count=["id", "name"]), {"sum": ["price"], "count": ["id", "name"]}),
        (Agg(operator="avg", fields=["a", "b"]), {"avg": ["a", "b"]}),
        (Agg(operator=AggregationOperators.CountAll), {"countAll": "*"}),
        (Agg(min="a") + Agg(min="b") + Agg(max="a"), {"min": ["a", "b"], "max": ["a"]}),
    ],
    ids=range(7),
)  # fmt: skip
def test_aggregates(built: Agg, asked: dict[str, Any]) -> None:
    assert built.query == asked


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda d: d.collection(""), "a name or a pydantic model"),
        (lambda d: d.collection(dict), "a name or a pydantic model"),
        (lambda d: d.collection("t").filter({"a": 1}), "F objects and keywords"),
        (lambda d: d.collection("t").aggregate("count"), "Agg objects and keywords"),
        (lambda d: d.collection("t").aggregate(total="x"), "no aggregate 'total'"),
        (lambda d: d.collection("t").aggregate(median="x"), "no aggregate 'median'"),
        (lambda d: d.collection("t").filter(title__regex="x"), "no operator 'regex'"),
        (lambda d: d.collection("t").filter(__or=["x"]), "list of F objects"),
        (lambda d: d.collection("t").page(0), "at least 1"),
        (lambda d: d.collection("t").limit(-2), "at least -1"),
        (lambda d: run(d.collection("t").read(method="post")), "'search' and 'get'"),
        (lambda d: run(d.collection("t").update(1, [{}])), "list of ids only"),
        (lambda d: run(d.collection("t").delete(None)), "not None"),
        (lambda d: run(d.collection("t").create(["x"])), "instance of a model"),
    ],
    ids=range(14),
)
def test_what_cannot_be_sent_is_refused_before(
    build: Any, told: str, server: DirectusServer, connect: Connect
) -> None:
    with pytest.raises(exceptions.BuildError, match=told):
        build(connect())
    assert server.asked == []


def test_tokens_of_an_earlier_login_are_used_and_refreshed(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        first = await connect(*USER)
        assert first.expires is not None
        assert first.expires > 890_000
        assert first.expiration_time is not None
        directus = await connect(token=first.token, refresh_token=first.refresh_token)
        assert directus.token == "access-1"
        server.expire_tokens()
        assert len((await directus.collection("products").read()).items) == 2
        assert (directus.token, directus.refresh_token) == ("access-2", "refresh-2")
        only_refresh = await connect(refresh_token=directus.refresh_token)
        assert only_refresh.token == "access-3"
        assert "access-3" not in repr(only_refresh)

    run(program())
    assert paths(server).count("/auth/login") == 1


def test_a_client_without_anything_to_log_in_with_says_so(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="nothing to refresh"):
        run(connect().refresh())
    with pytest.raises(ConfigurationError, match="no address"):
        Directus("example.com")


def test_a_connection_of_its_own_is_closed_at_the_end_of_a_block(
    server: DirectusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = connected(server)
    monkeypatch.setattr(httpx2, "AsyncClient", lambda **options: opened)

    async def program() -> None:
        async with await Directus(URL, token=TOKEN) as directus:
            await directus.me()
            assert not opened.is_closed
        assert opened.is_closed

    run(program())


def test_a_block_that_fails_logs_out_and_shows_its_own_error(
    server: DirectusServer, connect: Connect
) -> None:
    async def program() -> None:
        async with await connect(*USER):
            server.faults = [refused(500, text="broken")]
            raise LookupError("of the program")

    with pytest.raises(LookupError, match="of the program"):
        run(program())
    assert paths(server)[-1] == "/auth/logout"
