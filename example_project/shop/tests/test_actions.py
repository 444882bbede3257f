"""The actions of the shop: over HTTP, in the admin, from the command line."""

from __future__ import annotations

import json
from base64 import b64encode
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client
from shop.models import Invoice, InvoiceLine, Playlist, Refund, TrackStatistics
from shop.tour import ADMIN, ANDREW, JANE, LUIS, TOUR, Account

from django_flex.actions.models import ActionEvent

pytestmark = pytest.mark.django_db

REFUND, ARCHIVE, STATISTICS = TOUR[-3:]


def post(account: Account | None, path: str, body: Any) -> Any:
    headers = {}
    if account is not None:
        login = b64encode(f"{account.username}:{account.password}".encode()).decode()
        headers = {"authorization": f"Basic {login}"}
    return Client().post(path, body, content_type="application/json", headers=headers)


def get(account: Account, path: str) -> Any:
    login = b64encode(f"{account.username}:{account.password}".encode()).decode()
    return Client().get(path, headers={"authorization": f"Basic {login}"})


# --- over HTTP ------------------------------------------------------------------------------------


def test_the_agent_refunds_an_invoice_once() -> None:
    reply = post(JANE, REFUND.path, REFUND.body)

    assert (200, {"total": "3.98", "customer": {"last_name": "Gonçalves"}, "refunded": "3.98"}) == (
        reply.status_code,
        reply.json(),
    )
    assert Refund.objects.get(invoice=98).reason == "Bought twice"
    again = post(JANE, REFUND.path, REFUND.body)
    assert (409, "It has already been refunded") == (again.status_code, again.json()["error"])
    event = ActionEvent.objects.get(state="succeeded")
    assert ("jane", "98", reply["Flex-Action-Event"]) == (
        event.actor_repr,
        event.object_id,
        str(event.pk),
    )


@pytest.mark.parametrize("amount", ["-1", "0", "4.00"])
def test_no_more_is_paid_back_than_was_paid(amount: str) -> None:
    reply = post(JANE, REFUND.path, {"reason": "x", "amount": amount})

    assert 400 == reply.status_code
    assert ["amount"] == list(reply.json()["fields"])
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("account", "invoice", "status"),
    [
        pytest.param(JANE, 327, 404, id="more-than-10"),
        pytest.param(JANE, 1, 404, id="not-her-customer"),
        pytest.param(ANDREW, 327, 200, id="the-manager"),
        pytest.param(LUIS, 98, 404, id="the-customer"),
        pytest.param(None, 98, 404, id="a-visitor"),
    ],
)
def test_who_may_refund_what(account: Account | None, invoice: int, status: int) -> None:
    reply = post(account, f"/api/invoices/{invoice}/actions/refund/", {"reason": "x"})

    assert status == reply.status_code, reply.content
    assert (status == 200) == Refund.objects.filter(invoice=invoice).exists()


def test_the_manager_archives_playlists_and_puts_them_back() -> None:
    reply = post(ANDREW, ARCHIVE.path, ARCHIVE.body)

    assert 200 == reply.status_code, reply.content
    meta = reply.json()["meta"]
    assert (4, 4, 0) == (meta["matched"], meta["succeeded"], meta["failed"])
    assert 4 == Playlist.objects.exclude(archived_at=None).count()
    shown = Client().get("/api/playlists/?filters.name=Movies").json()["results"]
    assert {} == shown
    post(ANDREW, ARCHIVE.path, {"_ids": list(reply.json()["results"]), "undo": True})
    assert not Playlist.objects.exclude(archived_at=None).exists()


def test_not_as_many_playlists_as_expected_change_nothing() -> None:
    reply = post(ANDREW, ARCHIVE.path, {**(ARCHIVE.body or {}), "_expect": 3})

    assert 409 == reply.status_code
    assert not Playlist.objects.exclude(archived_at=None).exists()


def test_the_statistics_add_up() -> None:
    for _ in range(2):
        reply = post(ANDREW, STATISTICS.path, {})
        assert (200, {"tracks": 3_503}) == (reply.status_code, reply.json())

    assert 3_503 == TrackStatistics.objects.count()
    told = TrackStatistics.objects.aggregate(sold=Sum("sold"), revenue=Sum("revenue"))
    paid = Invoice.objects.aggregate(all=Sum("total"))["all"]
    assert (2_240, round(paid, 2)) == (told["sold"], round(told["revenue"], 2))


def test_the_statistics_are_counted_later(django_capture_on_commit_callbacks: Any) -> None:
    pytest.importorskip("django_tasks_db")
    from django_flex.actions.background.worker import run_queued

    with django_capture_on_commit_callbacks(execute=True):
        reply = post(ANDREW, STATISTICS.path, {"_background": True})
    assert (202, "queued") == (reply.status_code, reply.json()["state"])
    assert not TrackStatistics.objects.exists()

    run_queued(UUID(reply.json()["event"]))

    told = get(ANDREW, reply["Location"]).json()
    assert ("succeeded", 3_503, "3,503 of 3,503 tracks") == (
        told["state"],
        told["progress_current"],
        told["progress_message"],
    )
    assert 3_503 == TrackStatistics.objects.count()


def test_an_agent_sees_her_own_runs_in_the_log() -> None:
    post(JANE, REFUND.path, REFUND.body)
    post(ANDREW, ARCHIVE.path, ARCHIVE.body)

    told = get(JANE, "/api/actionevents/?fields=action_id,actor_repr").json()["results"]

    assert [{"action_id": "refund", "actor_repr": "jane"}] == list(told.values())
    assert 403 == get(LUIS, "/api/actionevents/").status_code


def test_an_agent_is_told_what_she_may_do_with_an_invoice() -> None:
    reply = get(JANE, "/api/invoices/98/actions/")

    assert {"refund": {"available": True, "url": REFUND.path}} == reply.json()["actions"]


# --- in the admin ---------------------------------------------------------------------------------


@pytest.fixture
def admin() -> Client:
    client = Client()
    assert client.login(username=ADMIN.username, password=ADMIN.password)
    return client


def test_the_admin_asks_for_the_reason_and_refunds(admin: Client) -> None:
    chosen = {"action": "flex_refund", "_selected_action": ["98", "121"]}

    page = admin.post("/admin/shop/invoice/", chosen)
    assert "reason" in page.content.decode()
    assert not Refund.objects.exists()

    sent = {**chosen, "flex_input": "1", "post": "yes", **filled(page, reason="Bought twice")}
    done = admin.post("/admin/shop/invoice/", sent, follow=True)

    assert 2 == Refund.objects.count(), done.content.decode()
    assert {Decimal("3.98"), Decimal("3.96")} == {one.amount for one in Refund.objects.all()}


def filled(page: Any, **values: str) -> dict[str, str]:
    """Return what the page's form sends, with values filled in."""
    form = page.context["form"]
    return {form[name].html_name: values.get(name, "") for name in form.fields}


def test_the_admin_archives_playlists(admin: Client) -> None:
    keys = [str(pk) for pk in Playlist.objects.values_list("pk", flat=True)[:2]]
    chosen = {"action": "flex_archive", "_selected_action": keys}

    page = admin.post("/admin/shop/playlist/", chosen)
    sent = {**chosen, **filled(page), "flex_input": "1", "post": "yes"}
    admin.post("/admin/shop/playlist/", sent, follow=True)

    assert 2 == Playlist.objects.exclude(archived_at=None).count()


def test_the_admin_shows_who_did_what(admin: Client) -> None:
    post(JANE, REFUND.path, REFUND.body)

    page = admin.get("/admin/flex_actions/actionevent/").content.decode()

    assert "refund" in page
    assert "jane" in page


# --- from the command line ------------------------------------------------------------------------


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_the_command_line_refunds_in_the_name_of_jane() -> None:
    data = json.dumps({"reason": "By phone", "amount": "1.00"})

    reply = json.loads(
        run("run_action", "invoice", "refund", "--id=98", "--user=jane", f"--data={data}")
    )

    assert reply["refunded"] == "1.00"
    with pytest.raises(CommandError, match=r"object\.not_found"):
        run("run_action", "invoice", "refund", "--id=1", "--user=jane", f"--data={data}")


def test_the_command_line_archives_and_counts() -> None:
    run("run_action", "playlist", "archive", "--user=andrew", '--data={"_ids": [1, 2]}')
    assert 2 == Playlist.objects.exclude(archived_at=None).count()

    reply = json.loads(run("run_action", "track", "rebuild_statistics", "--user=andrew"))
    assert reply == {"tracks": 3_503}


def test_the_examples_of_the_actions_run_and_are_undone() -> None:
    said = run("check_actions", "--run-examples")

    assert "shop.invoice.refund, example 'The whole invoice': runs" in said
    assert not Refund.objects.exists()


def test_the_list_says_who_may_run_what() -> None:
    lines = run("list_actions", "--resource=invoice", "--role=agents").splitlines()

    assert [
        "shop.invoice.refund(amount, reason)  instance, prod  granted to superuser, managers, agents"
    ] == lines


def test_every_line_was_counted() -> None:
    assert 2_240 == InvoiceLine.objects.aggregate(sold=Sum("quantity"))["sold"]
