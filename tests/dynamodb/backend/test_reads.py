"""What a table is asked through the doors, and how it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_flex import FlexQuery
from django_flex.backends.dynamodb import DynamoBackend
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import FaultTransport, refuse
from tests.dynamodb.models import Account, Play


def ask(api: Client, **query: Any) -> tuple[int, Any]:
    body = {"_action": "list", "fields": "moment", **query}
    response = api.post("/api/play/", body, content_type="application/json")
    return response.status_code, response.json()


def moments(found: Any) -> list[Any]:
    return [one["moment"] for one in found["results"].values()]


@pytest.fixture
def plays(api: Client) -> None:
    played = [
        Play(
            listener="ada", moment=n, device="phone" if n % 2 else "tv", plays=10 - n, title=f"t{n}"
        )
        for n in range(6)
    ]
    played.append(Play(listener="bob", moment=3, device="phone", plays=1, genre="rock"))
    played.append(Play(listener="cy", moment=9, device="phone", tags={"x", "y"}, skipped=True))
    Play.objects.bulk_create(played, mode="batch")


@pytest.fixture
def sent(plays: None) -> Any:
    """All requests to the tables."""
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        yield transport


OF_ADA = {"listener": "ada"}


@pytest.mark.parametrize(
    ("query", "expected", "operations"),
    [
        pytest.param({"filters": OF_ADA}, [0, 1, 2, 3, 4, 5], ["Query"], id="hash"),
        pytest.param({"filters": {**OF_ADA, "moment.gte": 4}}, [4, 5], ["Query"], id="range"),
        pytest.param(
            {"filters": {**OF_ADA, "moment.range": [1, 2]}}, [1, 2], ["Query"], id="between"
        ),
        pytest.param({"filters": {**OF_ADA, "moment": 2}}, [2], ["GetItem"], id="whole-key"),
        pytest.param(
            {"filters": {**OF_ADA, "moment.in": [2, 4, 99]}}, [2, 4], ["BatchGetItem"], id="keys"
        ),
        pytest.param(
            {"filters": {"pk.in": ["bob~3", "ada~0"]}, "order_by": "-title"},
            [3, 0],
            ["BatchGetItem"],
            id="texts-of-keys",
        ),
        pytest.param({"filters": OF_ADA, "order_by": "-moment", "limit": 2}, [5, 4], ["Query"]),
        pytest.param(
            {"filters": {"device": "phone", "plays.gte": 2}, "order_by": "plays"},
            [5, 3, 1],
            ["Query"],
            id="index",
        ),
        pytest.param(
            {"filters": {"genre": "rock"}, "fields": "moment,title"},
            [3],
            ["Query", "GetItem"],
            id="index-without-attributes",
        ),
        pytest.param(
            {"filters": {"listener.in": ["ada", "bob"], "moment.gte": 3}, "order_by": "-moment"},
            [5, 4, 3, 3],
            ["Query", "Query"],
            id="several-hashes",
        ),
        pytest.param({"filters": {**OF_ADA, "title": "t2"}}, [2], ["Query"], id="filter"),
        pytest.param({"filters": {**OF_ADA, "title.ne": "t2"}}, [0, 1, 3, 4, 5], ["Query"]),
        pytest.param(
            {"filters": {"listener": "cy", "tags.contains": ["x"], "skipped": True}}, [9], ["Query"]
        ),
        pytest.param({"filters": {"listener.in": []}}, [], [], id="nothing"),
        pytest.param({"filters": {**OF_ADA, "moment.range": [5, 1]}}, [], [], id="empty-range"),
        pytest.param({"filters": {"listener": ""}}, [], [], id="no-such-key"),
        pytest.param({"filters": {"pk": "nobody~1"}}, [], ["GetItem"], id="no-such-row"),
    ],
)
def test_lists_are_read_by_keys(
    api: Client, sent: FaultTransport, query: Any, expected: list[int], operations: list[str]
) -> None:
    status, found = ask(api, **query)

    assert (200, expected) == (status, moments(found)), found
    assert operations == sent.operations


#: What no key serves: the place, and a word of the hint.
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-filter": ({}, "filters", "'device', 'genre', 'listener'"),
    "no-key": ({"filters": {"title": "t1"}}, "filters", "'listener'"),
    "not-exact": ({"filters": {"listener.startswith": "a"}}, "filters", "'listener'"),
    "or": ({"filters": {"or": [OF_ADA, {"title": "t1"}]}}, "filters", "'listener'"),
    "too-many": ({"filters": {"listener.in": [*"abcdefghijk"]}}, "filters", "'listener'"),
    "sparse-index": ({"filters": {"device": "phone"}}, "filters", "'plays'"),
    "order": ({"filters": OF_ADA, "order_by": "plays"}, "order_by", "'moment'"),
    "two-orders": ({"filters": {"genre": "rock"}, "order_by": "moment"}, "order_by", "'order_by'"),
    "order-by-a-list": ({"filters": OF_ADA, "order_by": "tags"}, "order_by", "'moment'"),
    "order-by-json": ({"filters": OF_ADA, "order_by": "-extra"}, "order_by", "'moment'"),
    "keys-by-a-list": (
        {"filters": {"pk.in": ["ada~0"]}, "order_by": "-tags"},
        "order_by",
        "'title'",
    ),
    "keys-by-json": (
        {"filters": {"pk.in": ["ada~0"]}, "order_by": "size,place", "cursor": True},
        "order_by",
        "'title'",
    ),
    "offset": ({"filters": OF_ADA, "offset": 3}, "offset", "'cursor'"),
    "distinct": ({"filters": OF_ADA, "distinct": True}, "distinct", "'distinct'"),
    "operator": ({"filters": {**OF_ADA, "title.icontains": "T"}}, "filters", "contains"),
    "kind": ({"filters": {**OF_ADA, "extra.contains": "a"}}, "filters", "isnull"),
    "key": ({"filters": {**OF_ADA, "extra.a": 1}}, "filters", "JSON"),
    "aggregate": ({"filters": OF_ADA, "aggregate": "count"}, "aggregate", "rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_key_serves_is_refused_with_what_would_do(
    api: Client, sent: FaultTransport, settings: Any, name: str
) -> None:
    query, path, hint = REFUSED[name]
    grant = {**GRANT, "aggregates": ["*"], "ops": [*GRANT["ops"], "aggregate"]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    status, found = ask(api, **query)

    assert (400, "query.unsupported", path) == (status, found["code"], found["path"])
    assert hint in found["hint"]
    assert [] == sent.operations


def test_an_item_is_got_by_its_key(api: Client, plays: None) -> None:
    found = api.get("/api/play/ada~2?fields=listener,moment,title,skipped").json()
    missing = api.get("/api/play/ada~77")

    assert {"listener": "ada", "moment": 2, "title": "t2", "skipped": None} == found
    assert 404 == missing.status_code


def test_a_hint_names_nothing_that_the_caller_may_not_filter(
    api: Client, plays: None, settings: Any
) -> None:
    grant = {**GRANT, "filters": ["title", "device"]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    _, found = ask(api, filters={"title": "x"})
    grant["filters"] = ["title"]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}
    _, other = ask(api, filters={"title": "x"})

    assert found["hint"].endswith(": 'device'")
    assert "'" not in other["hint"]


@pytest.mark.parametrize("fields", ["moment", "moment,title,plays"])
def test_a_rule_narrows_what_is_read_and_may_be_its_key(
    api: Client, sent: FaultTransport, settings: Any, fields: str
) -> None:
    rule = {"listener": {"$user": "username"}}
    settings.DJANGO_FLEX = {"EXPOSE": {"play": {"authenticated": {**GRANT, "rows": rule}}}}
    bob = User(pk=1, username="bob")

    own = FlexQuery("play").execute({"_action": "list", "fields": fields}, user=bob)
    other = FlexQuery("play").execute(
        {"_action": "list", "fields": fields, "filters": OF_ADA}, user=bob
    )
    hidden = FlexQuery("play").execute({"_id": "ada~1", "fields": fields}, user=bob)

    assert [3] == moments(own.to_dict())
    assert {} == other.to_dict()["results"]
    assert 404 == hidden.status_code
    assert ["Query", "GetItem"] == sent.operations


def test_an_index_that_is_behind_shows_no_row_that_has_left(
    api: Client, sent: FaultTransport, settings: Any
) -> None:
    """Items that an index has the keys of are read from the table, and checked again there."""
    grant = {**GRANT, "rows": {"genre": "rock"}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    def leaves(operation: str, parameters: Any) -> Any:
        if operation == "Query":
            Play.objects.filter(listener="bob", moment=3).update(genre="jazz")
            key = {"listener": {"S": "bob"}, "moment": {"N": "3"}, "genre": {"S": "rock"}}
            return {"Items": [key], "Count": 1, "ScannedCount": 1}
        return None

    sent.faults.append(leaves)
    status, found = ask(api, fields="title")

    assert (200, {}) == (status, found["results"])


def test_pages_end_where_the_budget_ends_and_go_on_there(
    backend: DynamoBackend, api: Client
) -> None:
    Play.objects.bulk_create(
        [Play(listener="ada", moment=n, size=7 if n == 40 else None) for n in range(50)],
        mode="batch",
    )
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=20)
    found: list[Any] = []
    sizes: list[int] = []
    query: dict[str, Any] = {"filters": {**OF_ADA, "size": 7}, "limit": 5}
    while query:
        status, page = ask(api, **query)
        assert 200 == status, page
        found += moments(page)
        sizes.append(len(moments(page)))
        assert page["pagination"]["has_more"] is ("next" in page["pagination"])
        query = page["pagination"].get("next", {})

    assert ([40], [0, 0, 1]) == (found, sizes)


@pytest.mark.exhaustive
def test_one_of_5000_is_found_page_by_page(
    backend: DynamoBackend, api: Client, database: str
) -> None:
    """In both directions, each page reads no more than its budget, and the one row is there once."""
    if database == "moto":
        pytest.skip("moto takes too long to write 5,000 items")
    budget = backend.tables["club.play"].max_evaluated
    played = [Play(listener="ada", moment=n, size=n) for n in range(5_000)]
    Play.objects.bulk_create(played, mode="batch")
    transport = FaultTransport(inner=current_transport())
    for order, page_with_it in (("moment", 4), ("-moment", 0)):
        query: dict[str, Any] = {"filters": {**OF_ADA, "size": 4_321}, "limit": 5}
        query["order_by"] = order
        found: list[Any] = []
        while query:
            transport.sent.clear()
            with override_transport(transport):
                status, page = ask(api, **query)
            assert 200 == status, page
            assert budget >= sum(one["Limit"] for _, one in transport.sent)
            found.append(moments(page))
            query = page["pagination"].get("next", {})

        assert [4_321] == found.pop(page_with_it)
        assert len(found) in {4, 5}
        assert not any(found)


def test_a_count_that_would_cost_too_much_is_a_lower_bound(
    backend: DynamoBackend, api: Client, plays: None
) -> None:
    exact = ask(api, filters=OF_ADA, count=True)[1]["pagination"]
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=3)
    capped = ask(api, filters=OF_ADA, count=True, limit=1)[1]["pagination"]

    assert (6, "exact") == (exact["count"], exact["count_kind"])
    assert (3, "capped") == (capped["count"], capped["count_kind"])


def test_a_cursor_is_of_no_use_in_another_query(api: Client, sent: FaultTransport) -> None:
    _, page = ask(api, filters=OF_ADA, limit=2)
    cursor = page["pagination"]["next"]["cursor"]
    before = len(sent.operations)

    for other in ({"filters": {"listener": "bob"}}, {"filters": OF_ADA, "order_by": "-moment"}):
        status, found = ask(api, **other, limit=2, cursor=cursor)
        assert (400, "query.cursor") == (status, found["code"])
    assert before == len(sent.operations)


def test_the_length_of_a_cursor_tells_nothing_of_a_hidden_key(
    backend: DynamoBackend, api: Client, settings: Any
) -> None:
    grant = {**GRANT, "rows": {"skipped": True}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=1)
    found: list[Any] = []
    for moment in (1, 123_456_789):
        Play.objects.bulk_create(
            [Play(listener=f"{moment:9}", moment=moment + n) for n in range(3)], mode="batch"
        )
        _, page = ask(api, filters={"listener": f"{moment:9}"}, limit=1)
        assert [] == moments(page)
        found.append(page["pagination"]["next"]["cursor"])

    assert len(found[0]) == len(found[1])


def test_streams_have_all_rows(api: Client, plays: None, settings: Any) -> None:
    grant = {**GRANT, "ops": ["list", "export"]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}
    url = "/api/play/?filters.listener=ada&fields=moment"

    response = api.get(url, headers={"accept": "application/x-ndjson"})

    assert 6 == len(b"".join(response).splitlines())
    assert 400 == api.get("/api/play/", headers={"accept": "application/x-ndjson"}).status_code


def test_throttling_is_a_503_with_a_time(api: Client, plays: None, settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {**settings.PYDJAMODB_DATABASE, "MAX_ATTEMPTS": 1}
    faults = FaultTransport(faults=[refuse("ProvisionedThroughputExceededException")])
    with override_transport(faults):
        response = api.get("/api/play/ada~1")

    assert (503, "2") == (response.status_code, response.headers["Retry-After"])
    assert b"arn" not in response.content


def test_a_table_is_described(api: Client) -> None:
    found = api.options("/api/play/").json()

    assert {"type": "float", "null": False} == {
        name: found["fields"]["moment"][name] for name in ("type", "null")
    }
    assert {"startswith", "isnull"} <= {*found["fields"]["title"]["operators"]}
    assert not {"icontains", "regex"} & {*found["fields"]["title"]["operators"]}
    assert ["isnull"] == found["fields"]["extra"]["operators"]


def test_an_order_without_places_is_not_described(api: Client, settings: Any) -> None:
    grant = {**GRANT, "order_by": ["title", "tags", "-extra", "-price"]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    assert ["-price", "title"] == api.options("/api/play/").json()["order_by"]


def test_a_resource_needs_a_table_of_its_own(backend: DynamoBackend) -> None:
    assert "pk" == backend.tables["club.play"].resource.pk.name
    assert "owner" == backend.tables["club.account"].resource.pk.name
    assert Account is backend.tables["club.account"].model


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        pytest.param(
            {"listener.in": [f"n{n}" for n in range(12)]},
            "name at most 10 values of 'listener', not 12, or send several requests",
            id="hash",
        ),
        pytest.param(
            {"device.in": [f"n{n}" for n in range(11)], "title": "x"},
            "name at most 10 values of 'device', not 11, or send several requests",
            id="index",
        ),
        pytest.param(
            {"pk.in": [f"n{n}~{n}" for n in range(101)]},
            "name at most 100 values of 'pk', not 101, or send several requests",
            id="hash and range",
        ),
    ],
)
def test_too_many_values_of_a_key_are_counted_beside_their_limit(
    sent: FaultTransport, api: Client, filters: dict[str, Any], told: str
) -> None:
    for write in ({}, {"_action": "bulk_delete", "_max_affected": 5}):
        query = {"filters": filters, **write}
        body = {"_action": "list", **query}
        response = api.post("/api/play/", body, content_type="application/json")

        assert (400, "query.unsupported") == (response.status_code, response.json()["code"])
        assert ("filters", told) == (response.json()["path"], response.json()["hint"])
    assert [] == sent.operations


def test_as_many_values_as_are_looked_up_are_served(sent: FaultTransport, api: Client) -> None:
    names = [f"n{n}" for n in range(9)]
    assert 200 == ask(api, filters={"listener.in": [*names, "ada"]})[0]
    # A value that is named twice is one.
    assert 200 == ask(api, filters={"listener.in": [*names, "ada", "ada"]})[0]


def test_how_many_values_a_rule_has_is_not_told(
    sent: FaultTransport, api: Client, settings: Any
) -> None:
    rule = {"rows": {"listener.in": [f"n{n}" for n in range(12)]}}
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "EXPOSE": {"play": {"anon": GRANT | rule}}}

    for filters in ({"title": "x"}, {"listener.in": ["n1", "n2", "n3"]}):
        status, found = ask(api, filters=filters)
        assert "12" not in str(found)
        assert (200 if "listener.in" in filters else 400) == status
