"""One key, many processes, some of which are killed: the action has one effect."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from django_flex.actions import FlexAction
from django_flex.actions.models import ActionEvent
from tests.actions.background import worker
from tests.processes import Started, start
from tests.testapp.models import Company, Tag

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="other processes cannot see a database in memory"
    ),
]


@pytest.fixture
def company(transactional_db: None) -> Company:
    return Company.objects.create(name="Acme")


def on_this_database(**job: Any) -> dict[str, Any]:
    kept = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    database = {name: connection.settings_dict[name] for name in kept}
    return {**job, "databases": {"default": database}, "caches": django_settings.CACHES}


def run(company: Company, **job: Any) -> Any:
    """Run the action in a process, or in several; ``None`` if it was killed, as asked for."""
    job = on_this_database(**{"processes": 1, "key": "one", "pk": company.pk, **job})
    return start(worker.run, job).end(killed="die" in job)


def start_worker(**job: Any) -> Started:
    """Start a process that runs what is queued."""
    return start(worker.run_queued, on_this_database(**job))


def test_forty_processes_with_one_key_run_once(company) -> None:
    outcomes = run(company, processes=40)

    statuses = [one["status"] for one in outcomes]
    assert 40 == len(statuses)
    assert {200} <= set(statuses) <= {200, 409}
    done = [one for one in outcomes if one["status"] == 200]
    assert 1 == sum("Idempotency-Replayed" not in one["headers"] for one in done)
    assert 1 == len({one["headers"]["Flex-Action-Event"] for one in done})
    company.refresh_from_db()
    assert "Acme!" == company.name
    events = [e for e in ActionEvent.objects.all() if "dry_run" not in e.action_context]
    assert 1 == len(events)  # the worker compiled everything by a dry run before


def test_a_process_that_is_killed_leaves_nothing_and_the_retry_has_one_effect(company) -> None:
    run(company, die="inside")
    company.refresh_from_db()
    assert ("Acme", 0) == (company.name, ActionEvent.objects.count())

    [first] = run(company)
    [second] = run(company)

    assert [200, 200] == [first["status"], second["status"]]
    assert "true" == second["headers"]["Idempotency-Replayed"]
    company.refresh_from_db()
    assert ("Acme!", 1) == (company.name, ActionEvent.objects.count())


def test_runs_without_a_key_wait_for_each_other(company) -> None:
    outcomes = run(company, processes=5, key=None)

    assert [200] * 5 == [one["status"] for one in outcomes]
    company.refresh_from_db()
    assert "Acme!!!!!" == company.name


@pytest.fixture
def tags(transactional_db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = worker.DJANGO_FLEX
    worker.register({})
    Tag.objects.bulk_create(Tag(slug=f"t{n:05}") for n in range(10_000))


def progress() -> int:
    found = ActionEvent.objects.get(action_id="mark").progress_current
    assert isinstance(found, int)
    return found


def test_progress_of_many_rows_is_seen_and_a_cancel_stops_them_within_a_chunk(tags) -> None:
    reply = FlexAction("tag", "mark").execute({"_filters": {}})
    assert (202, 10_000) == (reply.status_code, ActionEvent.objects.get().progress_total)
    process = start_worker()
    try:
        until = time.monotonic() + 60
        while progress() < 300 and time.monotonic() < until:
            time.sleep(0.02)
        cancelled = FlexAction("actionevent", "cancel").execute(pk=reply.data["event"])
        stopping = progress()
    finally:
        process.end()

    assert 200 == cancelled.status_code, cancelled.data
    event = ActionEvent.objects.get(action_id="mark")
    assert "cancelled" == event.state
    assert 300 <= event.progress_current <= stopping + 100 < 10_000
    assert event.progress_current == Tag.objects.filter(date="!").count() == event.rows_ok


def test_a_worker_that_is_killed_leaves_each_row_done_once(tags) -> None:
    Tag.objects.filter(slug__gte="t00500").delete()
    reply = FlexAction("tag", "mark").execute({"_filters": {}})

    start_worker(die="t00250").end(killed=True)
    assert (200, 200) == (progress(), Tag.objects.filter(date="!").count())
    ActionEvent.objects.update(modified_date="2020-01-01T00:00:00Z")  # it is long ago
    retried = FlexAction("actionevent", "retry").execute(pk=reply.data["event"])
    start_worker().end()

    assert 200 == retried.status_code
    event = ActionEvent.objects.get(action_id="mark")
    assert ("succeeded", 500, 500, 2) == (
        event.state,
        event.progress_current,
        event.rows_ok,
        event.attempts,
    )
    assert 500 == Tag.objects.filter(date="!").count()
