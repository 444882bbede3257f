"""Actions that run later: queued on commit, run with the permissions of then, stopped, repeated."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from django_flex.actions import ActionContext, FlexAction, action, checks
from django_flex.actions.background import worker
from django_flex.actions.background.worker import _on_own_connection, run_queued
from django_flex.actions.models import ActionEvent
from django_flex.conf import get_settings
from django_flex.dynamodb.exceptions import RequestFailedError
from django_flex.engine.writing import write_once
from django_flex.exceptions import OutcomeUnknownError
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import action_route
from tests.dialects.tiny import TINY
from tests.testapp.models import Booking, Customer, Partner, SmallPartner, Tag

RAN: list[Any] = []


@pytest.fixture(autouse=True)
def background(actions: None) -> None:  # noqa: C901 - one after the other
    """Register actions that run in the background."""
    RAN.clear()

    @action(Booking, background="allowed")
    def send(ctx: ActionContext, booking: Booking, password: str = "", fail: bool = False) -> None:
        RAN.append((ctx.attempt, booking.pk))
        booking.status = "sent"
        booking.save()
        if fail:
            raise LookupError(password)

    @action(Booking, background="always")
    def report(ctx: ActionContext, booking: Booking) -> None:
        booking.status = "reported"
        booking.save()
        ctx.progress(1, 2, "half way")
        ctx.check_cancelled()
        raise LookupError

    @action(Booking, background="always", retries=2)
    def insist(ctx: ActionContext, booking: Booking) -> None:
        RAN.append(ctx.attempt)
        if ctx.attempt < 3:
            raise LookupError

    @action(Booking, background="always", retries=2)
    def count(ctx: ActionContext, booking: Booking) -> None:
        RAN.append(ctx.attempt)
        raise RequestFailedError("DynamoDB did not answer UpdateItem", in_doubt=True)

    @action(Booking, background="always", retries=2, retry_on=[KeyError])
    def resign(ctx: ActionContext, booking: Booking) -> None:
        RAN.append(ctx.attempt)
        raise LookupError

    @action(Tag, scope="bulk", bulk_mode="each", background="allowed", chunk_size=3)
    def paint(ctx: ActionContext, tag: Tag, colour: str = "red") -> None:
        RAN.append(tag.pk)
        if tag.pk == "t05":
            raise LookupError
        tag.date = colour
        tag.save()

    @action(Tag, scope="bulk", background="allowed")
    def together(ctx: ActionContext, tags: list[Tag]) -> None:
        for tag in tags:
            tag.date = "all"
            tag.save()

    @action(Tag, scope="collection", background="always")
    def sweep(ctx: ActionContext) -> dict[str, int]:
        return {"swept": Tag.objects.count()}


@pytest.fixture
def queued(rest: Any, grant: Any, django_capture_on_commit_callbacks: Any) -> Any:
    """Return a function that runs an action, and what waits for its commit."""

    def send(name: str, pk: Any = None, data: Any = None, **options: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return rest.run(name, pk, data, **options)

    grant(
        "send",
        "insist",
        "count",
        "resign",
        "report",
        "confirm",
        filters=["status"],
        others={
            "tag": {"anon": {"fields": ["slug"], "ops": ["get", "paint", "together", "sweep"]}},
            "actionevent": {
                "anon": {
                    "fields": ["state", "progress_current", "progress_total"],
                    "ops": ["get", "list", "cancel", "retry"],
                }
            },
        },
    )
    return send


def event() -> ActionEvent:
    return ActionEvent.objects.exclude(action_id__in=["cancel", "retry"]).get()


def work() -> int:
    """Run what is queued, as a worker would; return how many tasks there were."""
    ready = list(DBTaskResult.objects.ready())
    for one in ready:
        one.claim("test")
        one.set_successful(one.task.call(*one.task_result.args))
    return len(ready)


def test_a_call_is_accepted_and_run_by_a_worker(queued, rest) -> None:
    reply = queued("send", 2, {"_background": True})

    assert (202, "queued", "pending") == (
        reply.status,
        reply.body["state"],
        Booking.objects.get(pk=2).status,
    )
    location = reply.headers["Location"]
    assert f"/api/actionevent/{reply.body['event']}" == location
    assert "queued" == rest.request("GET", location).body["state"]
    assert 1 == work()
    found = event()
    assert ("succeeded", True, 200, 1, "2") == (
        found.state,
        found.complete,
        found.status_code,
        found.attempts,
        found.object_id,
    )
    assert "sent" == Booking.objects.get(pk=2).status
    assert {"id": 2, "status": "sent", "seats": 4} == found.response_data
    assert str(DBTaskResult.objects.get().pk) == found.task_result_id


@pytest.mark.parametrize("row", [2, 4004])
def test_a_call_in_another_dialect_runs_later_as_it_was_meant(
    queued: Any, row: int, django_capture_on_commit_callbacks: Any
) -> None:
    settings = get_settings()
    door = Door(settings=settings, policy=settings.policy, dialect=TINY)
    content = json.dumps({"data": {"password": "hunter2"}, "select": "status"})
    request = RequestFactory().post(
        "/", content, content_type="application/json", headers={"Prefer": "respond-async"}
    )
    with django_capture_on_commit_callbacks(execute=True):
        reply: Any = serve(request, lambda: action_route("booking", str(row), "send"), door)
    body = json.loads(reply.content)
    if row == 4004:
        assert (404, "object.not_found") == (reply.status_code, body["errors"][0]["code"])
        assert 0 == ActionEvent.objects.count()
        return
    assert (202, {"later": str(event().pk)}) == (reply.status_code, body)
    assert 1 == work()
    assert ("succeeded", "sent") == (event().state, Booking.objects.get(pk=2).status)
    assert {"status": "sent"} == event().response_data


def test_a_client_may_prefer_not_to_wait(queued) -> None:
    headers = {"Prefer": "respond-async"}

    later = queued("send", 2, headers=headers)
    now = queued("confirm", 2, headers=headers)

    assert (202, "respond-async") == (later.status, later.headers["Preference-Applied"])
    assert 200 == now.status


@pytest.mark.parametrize(
    ("name", "sent"), [("confirm", {"_background": True}), ("insist", {"_background": False})]
)
def test_an_action_says_where_it_runs(queued, name, sent) -> None:
    reply = queued(name, 2, sent)

    assert (400, "_background") == (reply.status, reply.body["path"])


@pytest.mark.parametrize(
    ("pk", "sent", "status"),
    [
        (99, {}, 404),
        (2, {"password": 5}, 400),
        (2, {"_if": {"status": "paid"}}, 412),
        (2, {"passwort": ""}, 400),
    ],
)
def test_an_invalid_call_is_refused_before_it_is_queued(queued, pk, sent, status) -> None:
    reply = queued("send", pk, {**sent, "_background": True})

    assert status == reply.status
    assert not ActionEvent.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_a_dry_run_runs_at_once(queued) -> None:
    reply = queued("send", 2, {"_background": True, "_dry_run": True})

    assert (200, "sent") == (reply.status, reply.body["status"])
    assert "pending" == Booking.objects.get(pk=2).status


def test_the_stored_call_is_encrypted(queued) -> None:
    queued("send", 2, {"_background": True, "password": "hunter2"})

    row = ActionEvent.objects.values().get()
    assert row["call"]
    assert "hunter2" not in str(row)
    work()
    assert "" == event().call


def test_the_same_key_queues_once(queued) -> None:
    headers = {"Idempotency-Key": "one"}

    replies = [queued("send", 2, {"_background": True}, headers=headers) for _ in range(2)]

    assert [202, 202] == [one.status for one in replies]
    assert replies[0].body == replies[1].body
    assert 1 == work()
    assert [(1, 2)] == RAN


def test_an_event_is_run_by_one_worker(queued) -> None:
    queued("send", 2, {"_background": True})
    pk = event().pk

    assert ["succeeded", "taken"] == [run_queued(pk), run_queued(pk)]
    assert [(1, 2)] == RAN


def test_permissions_are_checked_again_at_the_run(queued, grant, settings) -> None:
    queued("send", 2, {"_background": True})
    grant("confirm")

    work()

    assert ("failed", "action.not_found") == (event().state, event().error_code)
    assert "pending" == Booking.objects.get(pk=2).status


def test_a_row_that_is_hidden_by_then_is_missing(queued, settings) -> None:
    queued("send", 2, {"_background": True})
    Booking.objects.filter(pk=2).delete()

    work()

    assert "object.not_found" == event().error_code


def test_rows_of_an_input_are_looked_up_again_at_the_run(queued, settings) -> None:
    @action(Booking, background="always")
    def hand_over(ctx: ActionContext, booking: Booking, customer: Customer) -> None:
        booking.customer = customer
        booking.save()

    flex = settings.DJANGO_FLEX
    flex["EXPOSE"]["booking"]["anon"]["ops"].append("hand_over")
    vips = {"anon": {"fields": ["name"], "ops": ["get"], "rows": {"vip": True}}}
    settings.DJANGO_FLEX = {**flex, "EXPOSE": {**flex["EXPOSE"], "customer": vips}}
    assert 202 == queued("hand_over", 2, {"customer": 1}).status
    Customer.objects.update(vip=False)

    work()

    assert ("failed", "write.invalid", 2) == (
        event().state,
        event().error_code,
        Booking.objects.get(pk=2).customer_id,
    )


def test_a_user_who_is_gone_or_switched_off_runs_nothing(queued, settings, user) -> None:
    expose = settings.DJANGO_FLEX["EXPOSE"]
    settings.DJANGO_FLEX = {
        "EXPOSE": {**expose, "booking": {"authenticated": {"ops": ["send"]}}},
    }
    queued("send", 2, {"_background": True}, user=user)
    queued("send", 3, {"_background": True}, user=user)
    assert 2 == ActionEvent.objects.filter(actor=user).count()
    first, second = ActionEvent.objects.order_by("pk")
    assert "succeeded" == run_queued(first.pk)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)

    assert "failed" == run_queued(second.pk)
    second.refresh_from_db()
    assert "auth.required" == second.error_code


KINDS: dict[str, Any] = {
    "partner": lambda: Partner.objects.create(pk=1, name="p"),
    "proxy": lambda: SmallPartner.objects.create(pk=1, name="p"),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_queued_run_is_for_the_kind_of_user_that_sent_it(queued, grant, user, make) -> None:
    partner = make()
    seen = []

    @action(Booking, background="always")
    def look(ctx: ActionContext, booking: Booking) -> None:
        seen.append((type(ctx.user), ctx.user.pk))

    grant("look")
    queued("look", 2, user=partner)
    work()

    found = event()
    assert ([(type(partner), 1)], "succeeded") == (seen, found.state)
    assert (None, "p", {"kind": "testapp.partner", "key": "1"}) == (
        found.actor_id,
        found.actor_repr,
        found.action_context["user"],
    )


def test_a_user_who_is_gone_is_not_somebody_anonymous(queued, user) -> None:
    queued("send", 2, {"_background": True}, user=user)
    user.delete()
    work()

    assert ("auth.required", "pending") == (event().error_code, Booking.objects.get(pk=2).status)


def test_a_user_who_cannot_be_looked_up_again_is_refused(queued) -> None:
    machine = SimpleNamespace(pk=1, is_authenticated=True)
    reply = queued("send", 2, {"_background": True}, user=machine)

    assert (400, "query.unsupported", 0) == (reply.status, reply.code, ActionEvent.objects.count())


def test_a_failure_is_undone_and_reported(queued) -> None:
    queued("send", 2, {"_background": True, "fail": True, "password": "hunter2"})

    work()

    found = event()
    assert ("failed", 500, "LookupError") == (
        found.state,
        found.status_code,
        found.error_type,
    )
    assert "hunter2" not in str(ActionEvent.objects.values().get())
    assert "pending" == Booking.objects.get(pk=2).status


def test_a_failure_is_tried_again_as_often_as_the_action_says(
    queued, django_capture_on_commit_callbacks
) -> None:
    queued("insist", 2)

    for _ in range(4):
        DBTaskResult.objects.update(run_after=timezone.now())
        work()

    assert [1, 2, 3] == RAN
    assert ("succeeded", 3) == (event().state, event().attempts)


def test_a_failure_of_another_kind_is_not_tried_again(queued) -> None:
    queued("resign", 2)

    work()

    assert ([1], "failed") == (RAN, event().state)


@pytest.fixture
def tags(bookings: None) -> None:
    Tag.objects.all().delete()
    Tag.objects.bulk_create(Tag(slug=f"t{n:02}") for n in range(10))


def test_many_rows_run_in_chunks(queued, tags) -> None:
    reply = queued("paint", None, {"_filters": {}, "_background": True}, model="tag")

    assert 202 == reply.status
    work()

    found = event()
    assert (10, 10, 9, 1) == (
        found.progress_current,
        found.progress_total,
        found.rows_ok,
        found.rows_failed,
    )
    assert {"t05": "action.failed"} == {
        key: error["code"]
        for key, error in found.response_data["errors"].items()  # type: ignore[index]  # JSON
    }
    assert 9 == Tag.objects.filter(date="red").count()
    assert ("succeeded", 10) == (found.state, len(RAN))


def test_a_run_goes_on_where_it_ended(queued, tags, monkeypatch) -> None:
    from django_flex.actions.run import bulk

    queued("paint", None, {"_filters": {}, "_background": True}, model="tag")
    run_each, calls = bulk.run_each, []

    def dies(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        run_each(*args)

    monkeypatch.setattr(bulk, "run_each", dies)
    with pytest.raises(KeyboardInterrupt):
        run_queued(event().pk)
    found = event()
    assert ("running", 6, 5) == (found.state, found.progress_current, found.rows_ok)
    monkeypatch.undo()

    retry(found)
    assert 409 == retry_status(found)  # not for a while: a worker may still be at it
    ActionEvent.objects.filter(pk=found.pk).update(modified_date="2020-01-01T00:00:00Z")
    assert 200 == retry_status(found)
    run_queued(found.pk)

    found = event()
    assert ("succeeded", 10, 9, 1, 2) == (
        found.state,
        found.progress_current,
        found.rows_ok,
        found.rows_failed,
        found.attempts,
    )
    assert [f"t{n:02}" for n in range(10)] == RAN


def retry(found: ActionEvent) -> Any:
    return FlexAction("actionevent", "retry").execute(pk=str(found.pk))


def retry_status(found: ActionEvent) -> int:
    return int(retry(found).status_code)


def test_what_may_have_been_done_is_not_tried_again(queued) -> None:
    queued("count", 2)

    for _ in range(3):
        DBTaskResult.objects.update(run_after=timezone.now())
        work()

    assert ([1], "failed", "write.unknown") == (RAN, event().state, event().error_code)


def _loses_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the answer to the next commit of the worker be lost."""

    def loses(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(worker, "write_once", write_once)
        write_once(*args, **options)
        raise OutcomeUnknownError

    monkeypatch.setattr(worker, "write_once", loses)


def test_a_run_whose_commit_got_no_answer_has_succeeded_if_that_is_stored(
    queued, monkeypatch
) -> None:
    queued("send", 2, {"_background": True})
    _loses_one_answer(monkeypatch)

    assert "succeeded" == run_queued(event().pk)
    assert ("succeeded", "sent") == (event().state, Booking.objects.get(pk=2).status)


def test_a_run_goes_on_behind_a_commit_that_got_no_answer(queued, tags, monkeypatch) -> None:
    queued("paint", None, {"_filters": {}, "_background": True}, model="tag")
    _loses_one_answer(monkeypatch)
    assert "failed" == run_queued(event().pk)
    found = event()
    assert ("write.unknown", 3, 3) == (found.error_code, found.progress_current, found.rows_ok)

    assert 200 == retry_status(found)
    run_queued(found.pk)

    assert ("succeeded", 10, 9) == (event().state, event().progress_current, event().rows_ok)
    assert [f"t{n:02}" for n in range(10)] == RAN


def test_rows_together_are_all_or_nothing(queued, tags) -> None:
    queued("together", None, {"_ids": ["t01", "t02"], "_background": True}, model="tag")
    queued("together", None, {"_ids": ["t03", "t04"], "_background": True}, model="tag")
    Tag.objects.filter(pk="t04").delete()

    work()

    assert {"t01", "t02"} == set(Tag.objects.filter(date="all").values_list("pk", flat=True))
    assert {"succeeded", "failed"} == set(ActionEvent.objects.values_list("state", flat=True))


def test_an_action_without_rows_runs_later_too(queued, tags) -> None:
    queued("sweep", None, {}, model="tag")

    work()

    assert {"swept": 10} == event().response_data


def test_a_queued_run_can_be_cancelled_and_run_again(
    queued, rest, django_capture_on_commit_callbacks
) -> None:
    reply = queued("send", 2, {"_background": True})
    url = f"/api/actionevent/{reply.body['event']}/actions"

    stopped = rest.request("POST", f"{url}/cancel/", {})
    assert ("cancelled", 1, []) == (stopped.body["state"], work(), RAN)
    again = rest.request("POST", f"{url}/cancel/", {})
    assert (409, "It has ended: cancelled") == (again.status, again.body["error"])
    with django_capture_on_commit_callbacks(execute=True):
        retried = rest.request("POST", f"{url}/retry/", {})

    assert ("queued", 1) == (retried.body["state"], work())
    assert ("succeeded", "sent") == (event().state, Booking.objects.get(pk=2).status)
    assert 409 == rest.request("POST", f"{url}/retry/", {}).status


@pytest.mark.django_db(transaction=True)
def test_progress_stays_when_the_run_is_undone(queued) -> None:
    queued("report", 2)

    assert "failed" == run_queued(event().pk)
    found = event()
    assert ("half way", 1, 2) == (
        found.progress_message,
        found.progress_current,
        found.progress_total,
    )
    assert "pending" == Booking.objects.get(pk=2).status


@pytest.mark.django_db(transaction=True)
def test_a_run_stops_where_it_looks(queued, monkeypatch) -> None:
    queued("report", 2)
    found = event()

    def cancel(self: Any, *args: Any) -> None:
        cancelled = ActionEvent.objects.filter(pk=found.pk)
        _on_own_connection(lambda: cancelled.update(cancel_requested=True), "default")

    monkeypatch.setattr(ActionContext, "progress", cancel)

    assert "cancelled" == run_queued(found.pk)
    assert "pending" == Booking.objects.get(pk=2).status
    assert ("cancelled", "action.cancelled") == (event().state, event().error_code)


def test_progress_that_cannot_be_stored_does_not_stop_a_run(queued, monkeypatch) -> None:
    from django_flex.actions.background import worker
    from django_flex.exceptions import UnavailableError

    def broken(*_args: Any) -> None:
        raise UnavailableError

    queued("report", 2)
    monkeypatch.setattr(
        worker, "_on_own_connection", lambda do, using: broken() if "put" in str(do) else do()
    )

    assert "failed" == run_queued(event().pk)
    assert "LookupError" == event().error_type


def test_a_run_that_was_stopped_before_it_began_does_nothing(queued) -> None:
    queued("send", 2, {"_background": True})
    ActionEvent.objects.update(cancel_requested=True)

    assert "cancelled" == run_queued(event().pk)
    assert [] == RAN


def test_an_action_that_is_gone_by_then_fails(queued) -> None:
    queued("send", 2, {"_background": True})
    ActionEvent.objects.update(action_id="gone")

    assert "failed" == run_queued(event().pk)
    assert "action.not_found" == event().error_code


@pytest.mark.parametrize("column", ["call", "id"])
def test_a_call_that_was_tampered_with_is_not_run(queued, column) -> None:
    queued("send", 2, {"_background": True})
    queued("send", 3, {"_background": True})
    first, second = ActionEvent.objects.order_by("pk")
    other = second.call if column == "id" else "AAAA"
    ActionEvent.objects.filter(pk=first.pk).update(call=other)

    assert "failed" == run_queued(first.pk)
    assert [] == RAN


def test_a_fault_of_ours_does_not_leave_the_event_open(queued, monkeypatch) -> None:
    from django_flex.actions.run import execution

    queued("send", 2, {"_background": True})

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(execution, "prepare", broken)

    assert "failed" == run_queued(event().pk)
    assert ("internal", "RuntimeError") == (event().error_code, event().error_type)


def test_without_a_backend_there_is_a_503(queued, settings) -> None:
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "ACTION_TASK_BACKEND": "nowhere"}

    reply = queued("send", 2, {"_background": True})

    assert (503, "backend.unavailable") == (reply.status, reply.code)
    assert not ActionEvent.objects.exists()


def test_an_event_says_that_it_could_not_be_queued(queued, monkeypatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("django_tasks_db.DatabaseBackend.enqueue", broken)

    assert 202 == queued("send", 2, {"_background": True}).status
    assert ("failed", 503) == (event().state, event().status_code)


def test_only_what_the_settings_grant_runs_later(queued, bookings) -> None:
    free = FlexAction(Booking, "send").unrestricted().execute(pk=2, background=True)

    assert (400, "query.unsupported") == (free.status_code, free.data["code"])


def test_a_precondition_is_checked_again_at_the_run(queued, rest) -> None:
    tag = rest.request("GET", "/api/booking/2").headers["ETag"]
    queued("send", 2, {"_background": True}, headers={"If-Match": tag})
    Booking.objects.filter(pk=2).update(seats=9)

    work()

    assert "write.precondition" == event().error_code


def test_an_inherited_action_runs_under_the_entry_of_the_child(queued, settings) -> None:
    from tests.testapp.models import Customer, VipCustomer

    @action(Customer, background="always")
    def greet(ctx: ActionContext, customer: Customer) -> dict[str, str]:
        return {"hello": customer.name}

    role = {"fields": ["name"], "ops": ["get", "greet"], "rows": {"vip": True}}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"vipcustomer": {"anon": role}},
    }
    reply = queued("greet", 1, {}, model="vipcustomer")

    work()

    assert (202, "testapp.vipcustomer") == (reply.status, event().resource)
    assert {"hello": "Aisha Khan"} == event().response_data
    assert VipCustomer.objects.filter(pk=1).exists()


@pytest.mark.parametrize(
    ("manners", "alias", "warned"),
    [
        (["never"], "default", False),
        (["allowed"], "default", False),
        (["allowed"], "queue", True),
        (["never", "always"], "default", True),
    ],
)
def test_a_missing_queue_is_reported_only_if_an_action_needs_it(
    settings, monkeypatch, manners, alias, warned
) -> None:
    """A project that never asked for one is not to be warned at each command."""

    def missing() -> None:
        raise ModuleNotFoundError("No module named 'django_tasks'")

    class Actions(list[Any]):
        problems = ()

    settings.DJANGO_FLEX = {"ACTION_TASK_BACKEND": alias}
    monkeypatch.setattr(checks, "task_api", missing)
    found = Actions(SimpleNamespace(background=manner) for manner in manners)
    monkeypatch.setattr(checks, "registry", found)

    assert warned is any(one.id == "django_flex.W009" for one in checks.check_actions())


def test_actions_that_nothing_would_run_are_reported(settings) -> None:
    from django.core.checks import run_checks

    settings.DJANGO_FLEX = {"ACTION_TASK_BACKEND": "nowhere"}

    [found] = [one for one in run_checks() if one.id == "django_flex.W009"]
    assert "TASKS['nowhere']" in found.msg
    settings.DJANGO_FLEX = {}
    assert [] == [one for one in run_checks() if one.id == "django_flex.W009"]
