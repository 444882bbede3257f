"""What a process that runs an action does: a job in, outcomes out."""

from __future__ import annotations

import time
from multiprocessing import get_context
from typing import Any

from tests.idempotency.worker import kill

DJANGO_FLEX = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPOSE": {
        "company": {"anon": {"fields": ["name"], "ops": ["get", "grow"]}},
        "tag": {"anon": {"fields": ["slug"], "ops": ["get", "mark"]}},
        "actionevent": {"anon": {"fields": ["state"], "ops": ["get", "cancel", "retry"]}},
    },
    # Forty wait for one row, on a machine with few cores.
    "LOCK_TIMEOUT": 20.0,
    "WRITE_TIMEOUT": 20.0,
}


def register(job: dict[str, Any]) -> None:
    """Register an action that adds to a company's name, slowly, or dies before the commit."""
    from django_flex.actions import action
    from tests.testapp.models import Company, Tag

    @action(Company)
    def grow(ctx: Any, company: Company, by: str) -> None:
        company.name += by
        company.save()
        time.sleep(job.get("pause", 0))
        if job.get("die") == "inside":
            kill()

    @action(Tag, scope="bulk", bulk_mode="each", background="always", chunk_size=100)
    def mark(ctx: Any, tag: Tag) -> None:
        if tag.pk == job.get("die"):
            kill()
        tag.date += "!"
        tag.save(update_fields=["date"])


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Run the action once, as everybody."""
    from django_flex.actions import FlexAction

    time.sleep(max(0, job.get("start", 0) - time.time()))
    one = FlexAction("company", "grow")
    result = one.execute({"by": "!"}, pk=job["pk"], idempotency_key=job["key"])
    return {"status": result.status_code, "headers": dict(result.headers), "body": result.to_dict()}


def run(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the action in this process, or in several at the same moment."""
    prepare(job)
    if job["processes"] == 1:
        return [send(job)]
    # Imported and compiled once, and not by each of them.
    from django.db import connections

    from django_flex.actions import FlexAction

    FlexAction("company", "grow").execute({"by": "!"}, pk=job["pk"], dry_run=True)
    connections.close_all()
    together = {**job, "start": time.time() + 1}
    with get_context("fork").Pool(job["processes"]) as pool:
        return pool.map(send, [together] * job["processes"], chunksize=1)


def run_queued(job: dict[str, Any]) -> None:
    """Run what is queued, as a worker of the project would."""
    from django.core.management import call_command

    prepare(job)
    call_command("db_worker", batch=True, startup_delay=False)


def prepare(job: dict[str, Any]) -> None:
    """Expose the actions, and register what this job wants of them."""
    from django.conf import settings

    settings.DJANGO_FLEX = DJANGO_FLEX
    register(job)
