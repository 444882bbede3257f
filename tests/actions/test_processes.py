"""One key, many processes, some of which are killed: the action has one effect."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from django_flex.actions.models import ActionEvent
from tests.testapp.models import Company

pytestmark = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="other processes cannot see a database in memory"
)


@pytest.fixture
def company(transactional_db: None) -> Company:
    return Company.objects.create(name="Acme")


def run(company: Company, **job: Any) -> Any:
    """Run the action in a process, or in several; ``None`` if it was killed, as asked for."""
    kept = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    database = {name: connection.settings_dict[name] for name in kept}
    job = {"processes": 1, "key": "one", "pk": company.pk, **job}
    done = subprocess.run(
        [sys.executable, "-m", "tests.actions.worker"],
        input=json.dumps(
            {**job, "databases": {"default": database}, "caches": django_settings.CACHES}
        ),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if job.get("die"):
        assert -signal.SIGKILL == done.returncode, done.stderr
        return None
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_fifty_processes_with_one_key_run_once(company) -> None:
    outcomes = run(company, processes=50)

    statuses = [one["status"] for one in outcomes]
    assert 50 == len(statuses)
    assert {200} <= set(statuses) <= {200, 409}
    done = [one for one in outcomes if one["status"] == 200]
    assert 1 == sum("Idempotency-Replayed" not in one["headers"] for one in done)
    assert 1 == len({one["headers"]["Flex-Action-Event"] for one in done})
    company.refresh_from_db()
    assert "Acme!" == company.name
    assert 1 == ActionEvent.objects.count()


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
