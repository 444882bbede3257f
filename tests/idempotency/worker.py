"""What a process that sends writes does: a job in, a list of outcomes out.

A job says who sends which key, how often at once, and at which moment the process is to be killed.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from django_flex.plan.shape import FlexResult


def kill() -> None:
    """Die as by kill -9: nothing is said, nothing is put in order."""
    os.kill(os.getpid(), signal.SIGKILL)


def write(job: dict[str, Any]) -> FlexResult:
    """Create one row, slowly, or die while it is not committed."""
    from django_flex.plan.shape import FlexResult
    from tests.testapp.models import Company

    row = Company.objects.create(name=job["name"])
    time.sleep(job.get("pause", 0))
    if job.get("die") == "inside":
        kill()
    data = {
        "id": row.pk,
        "name": row.name,
        "price": Decimal("12.50"),
        "at": datetime(2025, 1, 15, 9, 30, tzinfo=UTC),
        "uid": UUID(int=os.getpid()),
    }
    return FlexResult(data=data, status_code=201, created=row.pk)


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Send one write with a key, and tell how it was answered."""
    from django_flex.access.actor import Actor
    from django_flex.backends.orm.connection.transactions import writing
    from django_flex.conf import get_settings
    from django_flex.exceptions import FlexError
    from django_flex.idempotency import attempt_for, cached, once
    from django_flex.plan.json_values import encode
    from django_flex.plan.shape import FlexResult

    time.sleep(max(0, job.get("start", 0) - time.time()))
    settings = get_settings()
    attempt = attempt_for(
        job["key"],
        settings=settings,
        actor=Actor(),
        operation="add",
        resource="company",
        payload={"name": job["name"]},
    )
    if job.get("die") == "after the commit":
        cached._KeyEntry.store = lambda *_: kill()  # type: ignore[method-assign]  # the last moment
    try:
        result = once(
            attempt,
            settings,
            "default",
            lambda: writing("default", settings.limits),
            lambda: write(job),
        )
    except FlexError as error:
        result = FlexResult.from_error(error)
    if job.get("die") == "before the reply":
        kill()
    return {
        "status": result.status_code,
        "body": encode(result.data).decode(),
        "replayed": result.headers.get("Idempotency-Replayed"),
    }


def load() -> None:
    """Import what a write needs, so that forty processes need not do it each for itself."""
    from django.core.cache import caches

    from django_flex.backends.orm.connection import transactions
    from django_flex.conf import get_settings
    from django_flex.idempotency import attempts

    get_settings()  # imports what the settings name: REST framework, for one
    # The client of the cache is made, and connects nowhere yet.
    _ = transactions, attempts, caches["default"]._cache  # type: ignore[attr-defined]  # of Django's Redis backend


def send_all(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Send the same write from several processes, at the same moment."""
    processes = job.get("processes", 1)
    if processes == 1:
        return [send(job)]
    load()
    together = {**job, "start": time.time() + 1}
    # All of them wait for the start, so each write has a process of its own.
    with get_context("fork").Pool(processes) as pool:
        return pool.map(send, [together] * processes, chunksize=1)


def migrate(_job: dict[str, Any]) -> None:
    """Create the tables, in a database that pytest knows nothing of."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
