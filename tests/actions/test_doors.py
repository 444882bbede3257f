"""An action through every door: the same run, the same reply."""

from __future__ import annotations

import pytest

from django_flex.actions.models import ActionEvent
from tests.actions.doors import BY_URL
from tests.testapp.models import Booking


def test_an_instance_action_runs_and_shows_the_row(door, grant) -> None:
    grant("confirm")

    reply = door.run("confirm", 2, {"note": "by phone", "seats": 3})

    assert (200, {"id": 2, "status": "confirmed", "seats": 3}) == (reply.status, reply.body)
    assert ("confirmed", "by phone") == tuple(
        Booking.objects.values_list("status", "internal_notes").get(pk=2)
    )


def test_a_run_is_logged_and_its_event_is_in_a_header(door, grant, user) -> None:
    grant("confirm")

    reply = door.run("confirm", 2, {"note": "x"}, user=user)

    event = ActionEvent.objects.get()
    assert str(event.pk) == reply.headers["Flex-Action-Event"]
    assert ("confirm", "testapp.booking", "2") == (event.action_id, event.resource, event.object_id)
    assert (user.pk, "succeeded", True, 200) == (
        event.actor_id,
        event.state,
        event.complete,
        event.status_code,
    )
    assert {"note": "x"} == event.request_data
    assert {"id": 2, "status": "confirmed", "seats": 4} == event.response_data
    assert "instance" == event.action_type


def test_a_tracked_run_takes_three_statements_beside_its_own(door, grant) -> None:
    grant("confirm")

    reply = door.run("confirm", 2)

    # Locked, [updated by the action,] logged, read back.
    assert 1 == sum(" SET " in sql for sql in reply.statements if "UPDATE " in sql)
    assert len(reply.statements) - 1 - 1 <= 4, reply.statements  # the customer is the action's own


def test_fields_of_the_reply_can_be_chosen(door, grant) -> None:
    grant("confirm")

    assert {"status": "confirmed"} == door.run("confirm", 2, {"_fields": "status"}).body


def test_a_field_that_may_not_be_read_is_refused_before_anything_is_done(door, grant) -> None:
    grant("confirm")

    reply = door.run("confirm", 2, {"_fields": "internal_notes"})

    assert (403, "field.denied") == (reply.status, reply.code)
    assert "pending" == Booking.objects.get(pk=2).status


def test_a_role_that_may_not_read_gets_the_key(door, settings, grant) -> None:
    grant("confirm")
    settings.DJANGO_FLEX["EXPOSE"]["booking"]["anon"]["ops"] = ["confirm"]

    assert {"id": 2} == door.run("confirm", 2).body


def test_a_collection_action_has_no_row(door, grant) -> None:
    grant("count_all")

    assert {"count": 12} == door.run("count_all", None, {"factor": 2}).body


def test_a_global_action_is_granted_with_the_events(door, grant) -> None:
    grant(others={"actionevent": {"anon": {"ops": ["ping"]}}})

    assert {"answer": "pong"} == door.run("ping", model="actionevent").body


@pytest.mark.parametrize("name", ["confrim", "confirm", "fail", "add", "actions", "list"])
def test_an_action_that_is_not_granted_looks_unknown(door, grant, name, request) -> None:
    grant("approve")
    is_core = name in {"add", "list", "actions"}
    if is_core and request.node.callspec.params["door"].__name__ not in {
        "HttpActionDoor",
        "AsyncRest",
        "Included",
    }:
        pytest.skip("here it is a core operation")

    reply = door.run(name, 2)
    unknown = door.run("nonsense", 2)

    assert (unknown.status, unknown.body["error"]) == (reply.status, reply.body["error"])
    assert unknown.headers.keys() == reply.headers.keys()
    assert unknown.body["hint"] == reply.body["hint"]
    assert "pending" == Booking.objects.get(pk=2).status
    assert not ActionEvent.objects.exists()


def test_an_unknown_action_is_a_404_by_url_and_a_400_by_name(door, grant, request) -> None:
    grant("approve")

    reply = door.run("aprove", 2)

    by_url = any(
        request.node.callspec.id == name or request.node.callspec.id.startswith(f"{name}-")
        for name in BY_URL
    )
    expected = (404, "action.not_found") if by_url else (400, "query.value")
    assert (*expected, "did you mean 'approve'?") == (reply.status, reply.code, reply.body["hint"])


def test_a_hidden_row_looks_missing(door, grant) -> None:
    grant("confirm", rows={"status": "confirmed"})

    hidden, missing = door.run("confirm", 2), door.run("confirm", 99)

    assert (404, "object.not_found") == (hidden.status, hidden.code)
    assert hidden.body == missing.body
    assert not ActionEvent.objects.exists()


def test_a_key_that_no_row_can_have_is_a_404(door, grant) -> None:
    grant("confirm")

    assert 404 == door.run("confirm", "nine").status


def test_an_anonymous_caller_gets_a_401_whatever_the_name(door, grant) -> None:
    grant("confirm", flex={"REQUIRE_AUTHENTICATION": True})

    assert 401 == door.run("confirm", 2).status
    assert 401 == door.run("nonsense", 2).status


def test_an_unexposed_model_is_a_404(door, grant) -> None:
    grant("confirm")

    assert (404, "resource.not_found") == (
        door.run("confirm", 2, model="line").status,
        door.run("confirm", 2, model="line").code,
    )


def test_an_action_that_is_not_written_yet_is_a_501(door, grant) -> None:
    grant("someday", flex={"MIN_ACTION_STATUS": "todo"})

    assert (501, "action.todo") == (door.run("someday", 2).status, door.run("someday", 2).code)


def test_an_action_below_the_status_in_the_settings_does_not_exist(door, grant) -> None:
    grant("someday")

    assert door.run("someday", 2).body["error"] == door.run("nonsense", 2).body["error"]


def test_every_reply_is_200_where_the_settings_say_so(door, grant) -> None:
    grant("confirm", flex={"ALWAYS_HTTP_200": True})

    done, missing = door.run("confirm", 2), door.run("confirm", 99)

    assert (200, 404) == (done.body["status_code"], missing.body["status_code"])
    if door.http:
        assert 200 == done.status == missing.status


def test_a_row_action_wants_a_key(door, grant) -> None:
    grant("confirm")

    reply = door.run("confirm")

    assert (400, "_id") == (reply.status, reply.body["path"])


def test_an_action_without_a_row_takes_no_key(door, grant) -> None:
    grant("count_all")

    reply = door.run("count_all", 2)

    assert (400, "_id") == (reply.status, reply.body["path"])


def test_input_may_stand_under_a_key_of_its_own(door, grant) -> None:
    grant("confirm")

    door.run("confirm", 2, {"_input": {"note": "inside"}})

    assert "inside" == Booking.objects.get(pk=2).internal_notes


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_action_is_run_by_post_alone(rest, grant, method) -> None:
    grant("confirm")

    reply = rest.request(method, "/api/booking/2/actions/confirm/", {})

    assert (405, "GET, HEAD, OPTIONS, POST") == (reply.status, reply.headers["Allow"])


@pytest.mark.parametrize(
    "url",
    ["/api/booking/2/actions/confirm/more/", "/api/booking/2/3/actions/confirm/", "/api/actions/"],
)
def test_other_urls_are_a_404(rest, grant, url) -> None:
    grant("confirm")

    assert 404 == rest.request("POST", url, {}).status


def test_a_post_that_a_cookie_authorises_needs_the_csrf_token(rest, grant, user) -> None:
    grant("confirm")

    rest.checks_csrf = True

    reply = rest.run("confirm", 2, {"note": "x"}, user=user)

    assert (403, "csrf.failed") == (reply.status, reply.code)
    assert "pending" == Booking.objects.get(pk=2).status


def test_a_form_is_refused(rest, grant) -> None:
    grant("confirm")
    from django.test import Client

    response = Client().post("/api/booking/2/actions/confirm/", {"note": "x"})

    assert 415 == response.status_code
