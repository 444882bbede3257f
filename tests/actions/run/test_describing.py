"""What there is to say about actions, to those who may run them."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.actions import Example, action
from django_flex.actions.declare.registry import registry
from django_flex.actions.declare.signatures import SignatureInput
from django_flex.actions.run.describing import describe_action
from django_flex.conf import get_settings
from django_flex.describe import describe_role
from tests.actions.doors import Included
from tests.testapp.models import Booking


def test_the_list_holds_what_the_caller_may_run(rest, grant) -> None:
    grant("confirm", "close_all", "count_all", actions={"confirm": {"input": ["note"]}})

    body = rest.request("GET", "/api/booking/actions/list/").body

    assert ("booking", "/api/booking/") == (body["resource"], body["basepath"])
    kinds = ("instance", "bulk", "collection", "global")
    assert [["confirm"], ["close_all"], ["count_all"], []] == [
        [one["id"] for one in body[f"{kind}_actions"]] for kind in kinds
    ]
    [one] = body["instance_actions"]
    assert ("Confirm", "Confirm a booking.", "prod") == (
        one["title"],
        one["description"],
        one["status"],
    )
    assert (
        ["note"] == [field["name"] for field in one["fields"]] == list(one["input"]["properties"])
    )


@pytest.mark.parametrize("prefix", ["/api/booking", "/api/bookings", "/api/testapp.booking"])
@pytest.mark.parametrize("kind", ["middleware", "urls"])
def test_every_url_that_is_listed_answers(settings, rest, grant, prefix, kind) -> None:
    names = ("confirm", "close_all", "count_all")
    grant(*names)
    door = rest if kind == "middleware" else Included(settings)
    sent: dict[str, Any] = {"close_all": {"_ids": [1]}}

    body = door.request("GET", f"{prefix}/actions/list/").body
    listed = [one for key in body if key.endswith("_actions") for one in body[key]]

    assert 3 == len(listed)
    for one in listed:
        url = one["url"].replace("{id}", "2")
        assert url.startswith(prefix)
        assert 200 == door.request(one["method"], url, sent.get(one["id"], {})).status
        assert one["id"] == door.request("GET", url).body["id"]


def test_one_action_is_described_with_schema_and_examples(rest, grant) -> None:
    @action(
        Booking,
        status="beta",
        title="Ship it",
        tags=["logistics"],
        examples=[Example(name="plain", payload={"by": "van"})],
        destructive=True,
        idempotency="required",
    )
    def ship(ctx: Any, booking: Booking, by: str) -> None: ...

    grant("ship")

    assert {
        "id": "ship",
        "type": "instance",
        "status": "beta",
        "version": 1,
        "title": "Ship it",
        "description": "",
        "tags": ["logistics"],
        "capabilities": [],
        "method": "POST",
        "url": "/api/booking/{id}/actions/ship/",
        "fields": [{"name": "by", "required": True, "description": "", "type": "str"}],
        "input": {
            "type": "object",
            "properties": {"by": {"type": "string"}},
            "required": ["by"],
            "additionalProperties": False,
        },
        "examples": [{"name": "plain", "description": "", "payload": {"by": "van"}}],
        "destructive": True,
        "dry_run": True,
        "idempotency": "required",
        "background": "never",
    } == rest.request("GET", "/api/booking/actions/ship/").body


def test_a_description_leaves_nothing_behind(rest, grant) -> None:
    grant("confirm")

    first = rest.request("GET", "/api/booking/actions/confirm/").body
    second = rest.request("GET", "/api/bookings/actions/confirm/").body

    assert first["url"] != second["url"]
    assert {**first, "url": ""} == {**second, "url": ""}


def test_what_may_be_done_with_a_row_now_and_why_not(rest, grant) -> None:
    grant(
        "confirm",
        "approve",
        "remind",
        "close_all",
        actions={"confirm": {"rows": {"urgent": True}}},
    )

    pending = rest.request("GET", "/api/booking/2/actions/").body
    confirmed = rest.request("GET", "/api/booking/1/actions").body

    assert {
        "id": 2,
        "actions": {
            "approve": {"available": True, "url": "/api/booking/2/actions/approve/"},
            "remind": {
                "available": False,
                "url": "/api/booking/2/actions/remind/",
                "reason": "This action is not possible now",
            },
        },
    } == pending
    assert ("It is confirmed", True, True) == (
        confirmed["actions"]["approve"]["reason"],
        confirmed["actions"]["confirm"]["available"],
        confirmed["actions"]["remind"]["available"],
    )


@pytest.mark.parametrize("pk", [2, 99, "x"])
def test_a_hidden_row_reveals_nothing(rest, grant, pk) -> None:
    grant("confirm", rows={"urgent": True})

    reply = rest.request("GET", f"/api/booking/{pk}/actions/")

    assert (404, "object.not_found") == (reply.status, reply.code)


def test_actions_that_are_not_granted_are_not_described(rest, grant) -> None:
    grant("confirm")

    forbidden = rest.request("GET", "/api/booking/actions/fail/")
    unknown = rest.request("GET", "/api/booking/actions/nonsense/")

    assert (404, "action.not_found") == (forbidden.status, forbidden.code)
    assert forbidden.body == unknown.body
    assert "fail" not in str(rest.request("GET", "/api/booking/actions/list/").body)


def test_an_action_is_listed_where_options_describe_the_model(rest, grant) -> None:
    grant("confirm", "close_all")

    body = rest.request("OPTIONS", "/api/booking/").body

    assert ["close_all", "confirm"] == body["actions"]
    assert ["get"] == body["operations"]


def test_a_description_is_cached_by_its_tag(rest, grant) -> None:
    grant("confirm")
    tag = rest.request("GET", "/api/booking/actions/list/").headers["ETag"]

    again = rest.request("GET", "/api/booking/actions/list/", None, {"If-None-Match": tag})

    assert 304 == again.status


def test_without_the_app_there_are_no_actions(settings, rest, grant) -> None:
    grant("confirm")
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "django_flex.actions"
    ]

    assert (404, 404) == (
        rest.run("confirm", 2).status,
        rest.request("GET", "/api/booking/actions/list/").status,
    )
    reply = rest.request("POST", "/api/", {"_model": "booking", "_action": "confirm", "id": 2})
    assert (400, "There is no such action") == (reply.status, reply.body["error"])


def test_options_reads_no_input(rest, grant, monkeypatch) -> None:
    def fail(_self: Any) -> Any:
        message = "an input was read"
        raise AssertionError(message)

    grant("confirm")
    monkeypatch.setattr(SignatureInput, "schema", fail)

    assert ["confirm"] == rest.request("OPTIONS", "/api/booking/").body["actions"]


@pytest.mark.django_db
def test_a_description_of_a_model_has_the_inputs_of_its_actions(grant) -> None:
    grant("confirm", actions={"confirm": {"input": ["note"]}})
    settings = get_settings()
    entry = settings.policy.names["booking"]

    def actions(entry: Any, granted: Any) -> Any:
        every = registry.for_model(entry.resource.model)
        return tuple(
            describe_action(every[name], granted.grant.actions[name].input)
            for name in granted.grant.actions
        )

    described = describe_role(settings.policy, "anon", entry, settings.limits, actions=actions)

    assert described is not None
    [one] = described.summary.actions
    assert ("confirm", "instance", ["note"]) == (one.id, one.scope, list(one.input["properties"]))


@pytest.mark.django_db
def test_without_the_app_of_actions_none_is_described(grant) -> None:
    grant("confirm")
    settings = get_settings()
    entry = settings.policy.names["booking"]
    described = describe_role(settings.policy, "anon", entry, settings.limits)

    assert described is not None
    assert described.summary.actions == ()
