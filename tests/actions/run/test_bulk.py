"""Actions on many rows, which the engine chooses."""

from __future__ import annotations

import pytest

from django_flex.actions import ActionContext, action
from django_flex.actions.models import ActionEvent
from tests.actions import handlers
from tests.testapp.models import Booking


def statuses() -> dict[int, str]:
    return dict(Booking.objects.values_list("pk", "status"))


def test_rows_by_key_are_done_together(door, grant) -> None:
    grant("close_all")

    reply = door.run("close_all", None, {"_ids": [1, 2], "status": "shut"})

    assert 200 == reply.status
    meta = reply.body["meta"]
    assert str(ActionEvent.objects.get().pk) == meta.pop("event")
    assert {"matched": 2, "succeeded": 2, "failed": 0} == meta
    assert {"1", "2"} == set(reply.body["results"])
    assert {"id": 1, "status": "shut", "seats": 2} == reply.body["results"]["1"]
    assert ("shut", "shut") == (statuses()[1], statuses()[2])


def test_rows_by_filter_are_those_that_the_caller_may_see(door, grant) -> None:
    grant("close_all", filters=["status"], rows={"urgent": True})

    reply = door.run("close_all", None, {"_filters": {"status": "pending"}})

    assert (1, ["6"]) == (reply.body["meta"]["matched"], list(reply.body["results"]))
    assert "pending" == statuses()[2]


def test_an_empty_filter_is_every_row_that_the_caller_may_see(door, grant) -> None:
    grant("close_all", rows={"urgent": True})

    assert 3 == door.run("close_all", None, {"_filters": {}}).body["meta"]["matched"]


def test_a_filter_that_is_not_granted_is_refused(door, grant) -> None:
    grant("close_all")

    reply = door.run("close_all", None, {"_filters": {"price.gt": 1}})

    assert (403, "filter.denied") == (reply.status, reply.code)


def test_one_hidden_row_undoes_all(door, grant) -> None:
    grant("close_all", rows={"urgent": True})
    before = statuses()

    hidden = door.run("close_all", None, {"_ids": [1, 2]})
    missing = door.run("close_all", None, {"_ids": [1, 99]})

    assert (404, "object.not_found", "_ids") == (hidden.status, hidden.code, hidden.body["path"])
    assert missing.body == hidden.body
    assert before == statuses()


def test_a_bulk_run_can_run_each_row_separately(door, grant) -> None:
    grant("close_each", rows={"id.lt": 7})

    reply = door.run("close_each", None, {"_ids": [1, 2, 6, 99, "x", 2]})

    meta = reply.body["meta"]
    assert (5, 1, 4) == (meta["matched"], meta["succeeded"], meta["failed"])
    assert ["2"] == list(reply.body["results"])
    assert {
        "1": "action.unavailable",
        "6": "action.failed",
        "99": "object.not_found",
        "x": "object.not_found",
    } == {key: error["code"] for key, error in reply.body["errors"].items()}
    assert ("closed", "pending", "confirmed") == (statuses()[2], statuses()[6], statuses()[1])
    assert [2, 6] == handlers.RAN
    event = ActionEvent.objects.get()
    assert (5, 1, 4) == (event.rows_matched, event.rows_ok, event.rows_failed)


@pytest.mark.parametrize(
    ("sent", "status", "path"),
    [
        ({}, 400, "_ids"),
        ({"_ids": []}, 400, "_ids"),
        ({"_ids": "1,2"}, 400, "_ids"),
        ({"_ids": [True]}, 400, "_ids"),
        ({"_ids": [[1]]}, 400, "_ids"),
        ({"_ids": [1], "_filters": {}}, 400, "_ids"),
        ({"_ids": [1, 2], "_expect": 3}, 409, "_expect"),
        ({"_ids": [1], "_expect": -1}, 400, "_expect"),
        ({"_ids": list(range(1, 9))}, 400, "_ids"),
        ({"_filters": {}, "status": "x"}, 400, None),
        ({"_filters": []}, 400, "_filters"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(door, grant, sent, status, path) -> None:
    grant("close_all", flex={"MAX_ACTION_ROWS": 5})
    before = statuses()

    reply = door.run("close_all", None, sent)

    assert status == reply.status, reply.body
    if path is not None:
        assert path == reply.body["path"]
    assert before == statuses()


def test_as_many_rows_as_expected_go_through(door, grant) -> None:
    grant("close_all")

    assert 200 == door.run("close_all", None, {"_filters": {}, "_expect": 6}).status


def test_many_rows_come_by_key_alone(rest, grant) -> None:
    grant("close_all", limits={"max_limit": 2})

    reply = rest.run("close_all", None, {"_filters": {}})

    assert {"1": {"id": 1}} == {key: reply.body["results"][key] for key in ("1",)}
    assert 6 == len(reply.body["results"])


def test_the_rows_are_locked_in_the_order_of_their_keys(rest, grant) -> None:
    grant("close_all")

    reply = rest.run("close_all", None, {"_ids": [6, 1, 3]})

    assert ["1", "3", "6"] == list(reply.body["results"])
    # One statement locks, one logs, one reads back, and the action saves three.
    assert 6 == len(reply.statements), reply.statements


@pytest.mark.parametrize("atomic", [True, False])
def test_selecting_rows_counts_towards_the_time_limit(rest, grant, atomic: bool) -> None:
    ran: list[Booking] = []

    @action(Booking, scope="bulk", atomic=atomic)
    def note_all(ctx: ActionContext, bookings: list[Booking]) -> None:
        ran.extend(bookings)

    limits = {"READ_TIMEOUT": 1e-9, "WRITE_TIMEOUT": 1e-9}
    grant("note_all", filters=["status"], flex={**limits, "TRACK_ACTIONS": False})

    reply = rest.run("note_all", None, {"_filters": {"status": "pending"}})

    assert (503, "backend.timeout", []) == (reply.status, reply.code, ran)
