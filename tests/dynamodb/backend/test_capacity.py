"""Limits on the units of capacity that a caller consumes of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_flex import FlexQuery
from django_flex.backends.dynamodb import DynamoBackend
from django_flex.checks import check_settings
from django_flex.conf import get_settings
from django_flex.dynamodb.transport import current_transport, override_transport, tables_of
from django_flex.dynamodb.wire.clients import Response, Transport
from django_flex.policy.compile.entries import with_view_grants
from django_flex.policy.rates import Rate
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import client_error
from tests.dynamodb.models import Play

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("unused_caches")]

OF_ADA = {"listener": "ada"}
OPS = [*GRANT["ops"], "export"]


@dataclass
class Costs:
    """Tells of each request that it has cost so much, of each of its tables."""

    inner: Transport
    units: float = 1
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        asked = parameters.get("ReturnConsumedCapacity")
        self.asked.append((operation, asked))
        response = self.inner.call(operation, parameters)
        if asked is None:
            return response
        told = [
            {"TableName": name, "CapacityUnits": self.units} for name in {*tables_of(parameters)}
        ]
        several = operation.startswith(("Batch", "Transact"))
        return {**response, "ConsumedCapacity": told if several else told[0]}


@pytest.fixture
def costs(api: Client) -> Iterator[Costs]:
    Play.objects.bulk_create(
        [Play(listener="ada", moment=n, plays=1) for n in range(3)], mode="batch"
    )
    transport = Costs(current_transport())
    with override_transport(transport):
        yield transport


@pytest.fixture
def limit(settings: Any) -> Any:
    """Return a function that sets the rates of the entry, and of the role."""

    def set_to(entry: Any = None, role: Any = None, **others: Any) -> None:
        grant = {**GRANT, "ops": OPS, "rate_limit": role}
        play = {"rate_limit": entry, "anon": grant, "authenticated": grant}
        expose = {"play": play, "account": {"anon": GRANT}}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **others}

    return set_to


def read(api: Client, **more: Any) -> Any:
    return api.get("/api/play/?filters.listener=ada", **more)


def edit(api: Client, moment: int = 0) -> Any:
    changes = {"plays": {"$inc": 1}}
    return api.patch(f"/api/play/ada~{moment}", changes, content_type="application/json")


def post(api: Client, body: Any) -> Any:
    return api.post("/api/", body, content_type="application/json")


def test_what_was_consumed_is_charged_and_the_next_request_is_refused(
    api: Client, costs: Costs, limit: Any
) -> None:
    limit({"read_units": "10/d"})
    costs.units = 4.5
    replies = [read(api) for _ in range(4)]

    assert [200, 200, 200, 429] == [one.status_code for one in replies]
    refused = replies[-1]
    assert "rate_limit.exceeded" == refused.json()["code"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400
    assert '"read_units";q=10;w=86400' == refused.headers["RateLimit-Policy"]
    assert refused.headers["RateLimit"].startswith('"read_units";r=0;t=')
    assert [("Query", "TOTAL")] * 3 == costs.asked


def test_half_units_count(api: Client, costs: Costs, limit: Any) -> None:
    limit({"read_units": "1/d"})
    costs.units = 0.5

    assert [200, 200, 429] == [read(api).status_code for _ in range(3)]


def test_without_a_limit_no_cost_is_asked_for(api: Client, costs: Costs, limit: Any) -> None:
    limit({"default": 60})

    assert [200, 200] == [read(api).status_code, edit(api).status_code]
    assert {None} == {asked for _, asked in costs.asked}


def test_reads_go_on_when_no_write_may_be_paid(api: Client, costs: Costs, limit: Any) -> None:
    limit({"write_units": "2/d"})

    assert [200, 200, 429] == [edit(api).status_code for _ in range(3)]
    assert 200 == read(api).status_code
    assert 3 == Play.objects.get(listener="ada", moment=0).plays


def test_the_rate_of_the_role_counts_first_and_that_of_the_api_last(
    api: Client, costs: Costs, limit: Any
) -> None:
    limit({"read_units": "1/d"}, {"read_units": "3/d"})
    assert [200] * 3 + [429] == [read(api).status_code for _ in range(4)]

    limit(RATE_LIMIT={"read_units": "2/7d"})
    assert [200] * 2 + [429] == [read(api).status_code for _ in range(3)]


def test_callers_are_charged_apart_and_so_are_models(api: Client, costs: Costs, limit: Any) -> None:
    limit(RATE_LIMIT={"read_units": "1/d"})
    assert [200, 429] == [read(api).status_code for _ in range(2)]

    assert 200 == read(api, REMOTE_ADDR="203.0.113.7").status_code
    assert 404 == api.get("/api/account/nobody").status_code
    assert 429 == api.get("/api/account/nobody").status_code


def test_python_code_is_charged_to_its_user(costs: Costs, limit: Any) -> None:
    limit({"read_units": "1/d"})
    user = User(pk=uuid4().int >> 80, username="somebody")
    codes = [
        FlexQuery("play").execute({"filters": OF_ADA}, user=user).status_code for _ in range(2)
    ]
    free = FlexQuery("play").unrestricted().execute({"filters": OF_ADA}).status_code

    assert [200, 429, 200] == [*codes, free]


def test_an_atomic_batch_is_charged_for_its_one_request(
    api: Client, costs: Costs, limit: Any, database: str
) -> None:
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")
    limit({"write_units": "3/d"})
    costs.units = 3
    edits = [
        {"_model": "play", "_action": "edit", "_id": f"ada~{n}", "plays": {"$inc": 1}}
        for n in range(2)
    ]
    first, second = (post(api, {"_batch": edits}) for _ in range(2))

    assert (200, 429) == (first.status_code, second.status_code), first.content
    assert 1 == sum(name == "TransactWriteItems" for name, _ in costs.asked)


def test_each_operation_of_a_batch_finds_what_is_left(
    api: Client, costs: Costs, limit: Any
) -> None:
    limit({"read_units": "2/d"})
    lists = [{"_model": "play", "_action": "list", "filters": OF_ADA}] * 3
    found = post(api, {"_batch": lists, "_atomic": False}).json()

    assert [None, None, 429] == [one.get("status_code") for one in found["results"]]


def test_an_export_is_charged_as_it_is_read(
    api: Client, costs: Costs, limit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_flex.backends.dynamodb.lists.CHUNK", 1)
    limit({"read_units": "3/d"}, LIMITS={"MAX_LIMIT": 2, "DEFAULT_LIMIT": 2})
    stream = read(api, headers={"accept": "application/x-ndjson"})
    assert 200 == stream.status_code
    assert 200 == read(api).status_code

    assert 3 == len(b"".join(stream).splitlines())
    assert 3 <= sum(asked == "TOTAL" for _, asked in costs.asked)
    assert 429 == read(api).status_code


@pytest.mark.exhaustive
def test_what_fails_half_way_is_charged_for_what_it_has_read(
    api: Client, costs: Costs, limit: Any
) -> None:
    limit({"read_units": "1/d"})
    inner = costs.inner

    class Refuses:
        def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
            if operation == "UpdateItem":
                raise client_error("ConditionalCheckFailedException")
            return inner.call(operation, parameters)

    costs.inner = Refuses()
    assert 409 == edit(api).status_code
    assert 429 == read(api).status_code


AWAY = {
    "BACKEND": "tests.throttling.counting.FailingCache",
    "LOCATION": "units",
    "OPTIONS": {"error": ConnectionError("away")},
}


@pytest.mark.parametrize(("fail", "status"), [("closed", 503), ("open", 200)])
def test_while_the_cache_is_away_nothing_passes_unless_the_settings_say_so(
    api: Client, costs: Costs, limit: Any, settings: Any, fail: str, status: int
) -> None:
    settings.CACHES = {**settings.CACHES, "away": AWAY}
    limit({"read_units": "9/d"}, RATE_LIMIT_CACHE="away", RATE_LIMIT_FAIL=fail)
    reply = read(api)

    assert status == reply.status_code
    assert ("Retry-After" in reply.headers) is (status == 503)
    assert len(costs.asked) == (status == 200)


def test_rates_that_cannot_be_meant_are_reported(
    backend: DynamoBackend, limit: Any, settings: Any
) -> None:
    def told() -> list[str]:
        found = [one for one in check_settings() if str(one.id).endswith("E016")]
        return [one.msg for one in found]

    limit({"read_units": "many"})
    assert 1 == len(told())
    rates = {"user": {"rate_limit": {"read_units": 5}, "staff": {"ops": ["get"], "fields": ["id"]}}}
    settings.DJANGO_FLEX = {"EXPOSE": rates}
    assert any("Nothing counts the units" in one for one in told())


def test_a_view_with_rates_of_its_own_keeps_the_limit_of_the_table(
    backend: DynamoBackend, limit: Any
) -> None:
    limit({"default": 7, "read_units": 5, "write_units": 6})
    grants = {"rate_limit": {"default": 9, "write_units": 8}, "anon": GRANT}
    _, entry, problems = with_view_grants(get_settings().policy, "club.play", grants, "view")

    assert () == problems
    assert Rate(9, 60) == entry.rate_limit.of("list")
    assert {"read_units": Rate(5, 60), "write_units": Rate(8, 60)} == entry.rate_limit.units


def test_the_server_tells_what_requests_cost(api: Client, database: str, limit: Any) -> None:
    if database != "dynalite":
        pytest.skip("only dynalite counts as DynamoDB does")
    text = "x" * 5_000
    Play.objects.bulk_create(
        [Play(listener="ada", moment=n, title_sort=text) for n in range(4)], mode="batch"
    )
    # 20 KB are five times 4 KB, each half a unit where the read need not be consistent.
    limit({"read_units": "5/d"})

    assert [200, 200, 429] == [read(api).status_code for _ in range(3)]
