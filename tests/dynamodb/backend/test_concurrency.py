"""Writes of several threads through a door: none is lost, and none is made twice."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.models import Account

pytestmark = pytest.mark.exhaustive

THREADS, TIMES = 8, 100
OWNERS = ["ada", "bob", "cyd"]


@pytest.fixture
def accounts(api: Client, database: str, settings: Any) -> None:
    """Three accounts of 100 each, whose balance never becomes negative."""
    if database == "moto":
        pytest.skip("moto loses updates of threads")
    grant = {
        **GRANT,
        "add": {"fields": ["owner", "balance"]},
        "edit": {"fields": ["balance", "note"], "check": {"balance.gte": 0}},
    }
    expose = {"account": {"anon": grant}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    for owner in OWNERS:
        Account.objects.create(owner=owner, balance=100)


def in_threads(work: Callable[[int], Counter[int]]) -> Counter[int]:
    """Return the statuses of all replies of all threads."""
    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(work, range(THREADS)), Counter())


def send(method: str, path: str, body: Any, **headers: str) -> Any:
    return Client().generic(
        method, f"/api/{path}", json.dumps(body), content_type="application/json", headers=headers
    )


def balances() -> list[int]:
    return [Account.objects.consistent().get(owner=owner).balance for owner in OWNERS]


@pytest.mark.exhaustive
def test_no_increment_is_lost_and_none_is_made_twice(accounts: None) -> None:
    def adds(number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        while found[200] < TIMES:
            reply = send("PATCH", "account/ada", {"balance": {"$inc": 1}})
            found[reply.status_code] += 1
        return found

    statuses = in_threads(adds)

    assert {200, 409} >= statuses.keys()
    assert THREADS * TIMES == statuses[200]
    assert 100 + THREADS * TIMES == balances()[0]


@pytest.mark.exhaustive
def test_of_writes_with_one_tag_one_is_made(accounts: None) -> None:
    """Each thread writes what it has read, and reads again when another was faster."""

    def edits(number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        while found[200] < TIMES // 10:
            read = Client().get("/api/account/ada")
            body = {"balance": read.json()["balance"] + 1}
            reply = send("PATCH", "account/ada", body, **{"If-Match": read.headers["ETag"]})
            found[reply.status_code] += 1
        return found

    statuses = in_threads(edits)

    assert {200, 409, 412} >= statuses.keys()
    assert statuses[412] + statuses[409]
    assert 100 + THREADS * (TIMES // 10) == balances()[0]


@pytest.mark.exhaustive
def test_transfers_lose_no_money(accounts: None, database: str) -> None:
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")

    def transfers(number: int) -> Counter[int]:
        drawn, found = random.Random(number), Counter[int]()
        for _ in range(TIMES // 4):
            payer, payee = drawn.sample(OWNERS, 2)
            amount = drawn.randint(1, 60)
            parts = [
                {"_model": "account", "_action": "edit", "_id": one, "balance": {"$inc": change}}
                for one, change in ((payer, -amount), (payee, amount))
            ]
            found[send("POST", "", {"_batch": parts}).status_code] += 1
        return found

    statuses = in_threads(transfers)

    # 403 is a balance that would be negative; a conflict wrote nothing.
    assert {200, 403, 409} >= statuses.keys()
    assert statuses[200]
    assert 300 == sum(balances())
    assert min(balances()) >= 0


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_repeated_has_one_effect(accounts: None) -> None:
    headers = {"Idempotency-Key": "transfer-of-ada-1234"}
    replies = [send("PATCH", "account/ada", {"balance": {"$inc": -5}}, **headers) for _ in range(5)]

    assert [(200, replies[0].json())] * 5 == [(one.status_code, one.json()) for one in replies]
    assert 95 == balances()[0]
