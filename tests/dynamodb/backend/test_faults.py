"""What clients see of throttling, failures and replicas that are behind."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from django.test import Client

from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport, StaleTransport, refuse
from tests.dynamodb.models import Play

THROTTLED = refuse("ProvisionedThroughputExceededException")
URL = "/api/play/?filters.listener=ada"


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
    inner = current_transport()

    class Loses:
        """Carries out an update, and loses the answer."""

        def call(self, operation: str, parameters: Any) -> Any:
            answer = inner.call(operation, parameters)
            if operation == "UpdateItem":
                raise ConnectionClosedError(endpoint_url="https://account-1234.example")
            return answer

    with caplog.at_level(logging.DEBUG, "django_flex"), override_transport(Loses()):
        reply = edit(api, plays={"$inc": 1})

    assert 503 == reply.status_code
    assert 2 == Play.objects.consistent().get(listener="ada", moment=1).plays
    assert "account-1234" not in reply.content.decode()


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
