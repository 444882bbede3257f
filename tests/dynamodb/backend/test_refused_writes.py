"""Writes that DynamoDB would refuse, or that this backend cannot do as the settings have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from django_flex.backends.dynamodb import DynamoBackend, Table, units
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered
from django_flex.conf import get_settings
from django_flex.dynamodb.transport import current_transport, override_transport
from django_flex.resolved import Rows
from tests.dynamodb.backend.conftest import ALL, GRANT
from tests.dynamodb.faults import FaultTransport, passes, refuse
from tests.dynamodb.models import Account, Play, Visit

pytestmark = pytest.mark.exhaustive

TWO = {"_items": [{"listener": "ada", "moment": n} for n in (1, 2)]}
UPSERT = {"_action": "upsert", "_match": ["listener", "moment"]}


def expose(settings: Any, name: str = "play", **grant: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {name: {"anon": {**GRANT, "ops": ALL, **grant}}},
    }


def ask(api: Client, path: str, body: dict[str, Any], method: str = "post") -> tuple[int, Any]:
    found = getattr(api, method)(f"/api/{path}", body, content_type="application/json")
    return found.status_code, found.json()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("ItemCollectionSizeLimitExceeded", (400, "query.limit")),
        ("ValidationError", (400, "query.value")),
        ("ThrottlingError", (503, "backend.unavailable")),
        ("AccessDenied", (503, "backend.unavailable")),
    ],
)
def test_only_what_another_write_has_changed_is_a_conflict(
    api: Client, reason: str, expected: tuple[int, str]
) -> None:
    canceled = refuse("TransactionCanceledException", CancellationReasons=[{"Code": reason}])
    faults = [passes, passes, *[canceled] * 4]
    with override_transport(FaultTransport(inner=current_transport(), faults=faults)):
        status, found = ask(api, "play/", TWO)

    assert expected == (status, found["code"])
    assert "arn:" not in str(found)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ItemCollectionSizeLimitExceededException", (400, "query.limit")),
        ("ValidationException", (400, "query.value")),
        ("ResourceNotFoundException", (503, "backend.unavailable")),
    ],
)
def test_one_write_is_refused_like_one_of_several(
    api: Client, code: str, expected: tuple[int, str]
) -> None:
    faults = [passes, refuse(code)]
    with override_transport(FaultTransport(inner=current_transport(), faults=faults)):
        status, found = ask(api, "play/", TWO["_items"][0])

    assert expected == (status, found["code"])


@pytest.mark.exhaustive
@pytest.mark.parametrize("dry", [True, False])
def test_what_no_transaction_holds_is_refused_before_it_is_sent(
    api: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, dry: bool
) -> None:
    expose(settings)
    assert 4 * 1024**2 == units.LARGEST
    monkeypatch.setattr(units, "LARGEST", 4000)
    Play.objects.bulk_create(
        [Play(listener="ada", moment=n, extra={"text": "x" * 900}) for n in range(5)], mode="batch"
    )
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        body = {"filters": {"listener": "ada"}, "_set": {"title": "new"}, "_dry_run": dry}
        status, found = ask(api, "play/", {"_action": "bulk_edit", "_fields": "pk", **body})
        many = [{"listener": "bob", "moment": n} for n in range(101)]
        too_many, _ = ask(api, "play/", {"_items": many, "_fields": "pk", "_dry_run": dry})

    assert (400, "query.limit", 400) == (status, found["code"], too_many)
    assert "TransactWriteItems" not in transport.operations


@pytest.mark.exhaustive
def test_an_upsert_says_that_a_row_is_denied_before_it_says_that_a_key_is_taken(
    api: Client, settings: Any
) -> None:
    expose(settings, rows={"genre": "rock"})
    Play.objects.create(listener="ada", moment=1, genre="jazz")
    denied = {"listener": "ada", "moment": 9, "genre": "pop"}

    taken, free = (
        ask(
            api,
            "play/",
            {**UPSERT, "_items": [{"listener": "ada", "moment": n, "genre": "rock"}, denied]},
        )
        for n in (1, 2)
    )
    alone, _ = ask(api, "play/", {**UPSERT, "listener": "ada", "moment": 1, "genre": "rock"})

    assert (403, 409) == (taken[0], alone)
    assert taken == free


@pytest.mark.parametrize("key", ["hooks", "form_class", "serializer_class"])
def test_code_around_writes_is_reported_and_not_skipped(
    api: Client, settings: Any, key: str
) -> None:
    code = {"before_add": print} if key == "hooks" else object
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"play": {key: code, "anon": GRANT}},
    }

    problems = get_settings().problems
    status, _ = ask(api, "play/", TWO["_items"][0])

    place = f"DJANGO_FLEX: EXPOSE['play'][{key!r}]"
    assert [("E009", place)] == [(one.id, one.place) for one in problems]
    assert 401 == status  # with mistakes in the settings nothing is exposed
    assert 0 == Play.objects.set_hash_key("ada").count()


@pytest.mark.parametrize("version", [{"S": "x"}, {"N": "1E+125"}, {"N": "-9.9E+40"}], ids=str)
def test_a_version_that_cannot_be_read_is_counted_from_the_start(
    api: Client, version: dict[str, Any]
) -> None:
    item = {"owner": {"S": "ada"}, "version": version, "balance": {"N": "1"}}
    put = {"TableName": Account.Meta.table_name, "Item": item}
    current_transport().call("PutItem", put)

    status, found = ask(api, "account/ada", {"balance": 3}, "patch")

    assert (200, 3, 1) == (status, found["balance"], found["version"])


@pytest.fixture
def visits(api: Client, backend: DynamoBackend) -> Iterator[str]:
    table = Table(model=Visit, resource=resource_of(Visit, "club.visit"))
    backend.tables["club.visit"] = table
    for text in ("2026-01-01T00:00:00.000000+0000", "soon", "later"):
        item = {"guest": {"S": "ada"}, "at": {"S": text}, "seats": {"S": "x"}}
        current_transport().call("PutItem", {"TableName": Visit.Meta.table_name, "Item": item})
    with registered(backend, *(one.resource for one in backend.tables.values())):
        yield "visit/"


def test_rows_whose_keys_cannot_be_read_keep_keys_of_their_own(
    api: Client, visits: str, settings: Any, database: str
) -> None:
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")
    expose(settings, "visit")
    keys = ["ada~2026-01-01T00_3A00_3A00Z", "ada~later", "ada~soon"]
    where = {"filters": {"guest": "ada"}}

    listed = ask(api, visits, {"_action": "list", **where})
    edited = ask(api, visits, {"_action": "bulk_edit", **where, "_set": {"note": "z"}})
    deleted = ask(api, visits, {"_action": "bulk_delete", **where})

    assert (200, keys) == (listed[0], [*listed[1]["results"]])
    assert (200, keys) == (edited[0], [one["pk"] for one in edited[1]["results"]])
    assert (200, keys) == (deleted[0], [one["pk"] for one in deleted[1]["results"]])


def test_an_instance_lacks_what_cannot_be_read(backend: DynamoBackend, visits: str) -> None:
    rows = Rows(backend.tables["club.visit"].resource)
    found = backend.find(rows, ("ada", datetime(2026, 1, 1, tzinfo=UTC)), "dynamodb")

    assert ("ada", None) == (found.guest, found.seats)
