"""What clients see of throttling, failures and replicas that are behind."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from django.db import OperationalError
from django.test import Client

from django_flex.dynamodb.transport import current_transport, override_transport
from django_flex.idempotency import execution, stored
from tests.dynamodb.faults import FaultTransport, StaleTransport, passes, refuse
from tests.dynamodb.models import Play

THROTTLED = refuse("ProvisionedThroughputExceededException")
URL = "/api/play/?filters.listener=ada"


class Loses:
    """Carries out an update, and loses the answer."""

    def __init__(self) -> None:
        self.inner = current_transport()

    def call(self, operation: str, parameters: Any) -> Any:
        answer = self.inner.call(operation, parameters)
        if operation == "UpdateItem":
            raise ConnectionClosedError(endpoint_url="https://account-1234.example")
        return answer


@pytest.fixture(autouse=True)
def _plays(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One play, and no wait between attempts."""
    monkeypatch.setattr("django_flex.dynamodb.wire.attempts.time.sleep", lambda seconds: None)
    Play.objects.create(listener="ada", moment=1, title="old", plays=1)


def edit(api: Client, **changes: Any) -> Any:
    return api.patch("/api/play/ada~1", changes, content_type="application/json")


def test_what_is_throttled_three_times_is_served_then(api: Client) -> None:
    faults = FaultTransport(inner=current_transport(), faults=[THROTTLED] * 3)
    with override_transport(faults):
        assert 200 == api.get(URL).status_code
    assert ["Query"] * 4 == faults.operations

    faults = FaultTransport(inner=current_transport(), faults=[THROTTLED] * 3)
    with override_transport(faults):
        assert 200 == edit(api, plays={"$inc": 1}).status_code
    assert 2 == Play.objects.get(listener="ada", moment=1).plays


def test_what_is_throttled_all_the_time_may_come_back_later(api: Client) -> None:
    with override_transport(FaultTransport(faults=[THROTTLED] * 99)):
        replies = [api.get(URL), api.get("/api/play/ada~1"), edit(api, title="new")]

    assert [503] * 3 == [one.status_code for one in replies]
    assert ["2"] * 3 == [one.headers["Retry-After"] for one in replies]


def test_an_increment_whose_answer_is_lost_is_made_once(
    api: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "django_flex"), override_transport(Loses()):
        reply = edit(api, plays={"$inc": 1})

    assert (503, "write.unknown") == (reply.status_code, reply.json()["code"])
    # Nothing says that the request may be sent again.
    assert "Retry-After" not in reply.headers
    assert 2 == Play.objects.consistent().get(listener="ada", moment=1).plays
    assert "account-1234" not in reply.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["database", "cache"])
def test_a_key_whose_write_may_have_been_made_writes_no_more(
    api: Client, database: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "in_database", lambda: store == "database")
    headers: Any = {"Idempotency-Key": f"increment-{database}-{store}"}
    body = {"plays": {"$inc": 1}}

    def send(path: str = "ada~1") -> Any:
        return api.patch(f"/api/play/{path}", body, "application/json", headers=headers)

    with override_transport(Loses()):
        first = send()
    again, other = send(), send("ada~2")

    assert (503, first.json()) == (first.status_code, again.json())
    assert (503, 422) == (again.status_code, other.status_code)
    assert 2 == Play.objects.consistent().get(listener="ada", moment=1).plays


@pytest.mark.django_db(transaction=True)
def test_a_reply_that_cannot_be_stored_is_sent(
    api: Client, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is written: an error would have the client write again."""

    def fails(*_args: object) -> None:
        raise OperationalError("the disk is full")

    monkeypatch.setattr(stored, "_store", fails)
    headers: Any = {"Idempotency-Key": f"unstored-{database}"}
    reply = api.patch(
        "/api/play/ada~1", {"plays": {"$inc": 1}}, "application/json", headers=headers
    )

    assert (200, 2) == (reply.status_code, reply.json()["plays"])
    assert "A reply could not be stored" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["database", "cache"])
def test_a_key_whose_write_was_not_made_writes(
    api: Client, database: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "in_database", lambda: store == "database")
    headers: Any = {"Idempotency-Key": f"throttled-{database}-{store}"}
    replies: list[Any] = []
    for faults in ([passes, *[THROTTLED] * 9], []):
        with override_transport(FaultTransport(inner=current_transport(), faults=faults)):
            body = {"plays": {"$inc": 1}}
            replies.append(api.patch("/api/play/ada~1", body, "application/json", headers=headers))

    assert [503, 200] == [one.status_code for one in replies]
    assert "2" == replies[0].headers["Retry-After"]
    assert 2 == Play.objects.consistent().get(listener="ada", moment=1).plays


def test_a_write_does_not_rely_on_a_replica_that_is_behind(api: Client) -> None:
    with override_transport(StaleTransport(current_transport())):
        assert 1 == api.get("/api/play/ada~1").json()["plays"]
        for number in (2, 3):
            assert number == edit(api, plays={"$inc": 1}).json()["plays"]
        assert 1 == api.get("/api/play/ada~1").json()["plays"]

    assert 3 == api.get("/api/play/ada~1").json()["plays"]


def test_a_row_that_an_index_still_shows_is_checked_again(api: Client, settings: Any) -> None:
    """A caller whose rule a row has left does not see it, however old the index is."""
    grant = {
        "fields": ["pk", "listener", "moment", "plays"],
        "rows": {"genre": "jazz"},
        "ops": ["list"],
    }
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}
    Play.objects.filter(listener="ada", moment=1).update(genre="jazz")
    stale = StaleTransport(current_transport())
    with override_transport(stale):
        assert ["ada~1"] == [*api.get("/api/play/").json()["results"]]
        Play.objects.filter(listener="ada", moment=1).update(genre="rock")
        # Only the index is behind: the items are read again.
        stale.seen = {name: one for name, one in stale.seen.items() if "IndexName" in name}
        assert {} == api.get("/api/play/").json()["results"]
