"""A process of its own that runs an action: a job as JSON in, outcomes as JSON out."""

from __future__ import annotations

import json
import sys
import time
from multiprocessing import get_context
from typing import Any

from tests.idempotency.worker import configure, kill


def register(job: dict[str, Any]) -> None:
    """Register an action that adds to a company's name, slowly, or dies before the commit."""
    from django_flex.actions import action
    from tests.testapp.models import Company

    @action(Company)
    def grow(ctx: Any, company: Company, by: str) -> None:
        company.name += by
        company.save()
        time.sleep(job.get("pause", 0))
        if job.get("die") == "inside":
            kill()


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Run the action once, as everybody."""
    from django_flex.actions import FlexAction

    time.sleep(max(0, job.get("start", 0) - time.time()))
    one = FlexAction("company", "grow")
    result = one.execute({"by": "!"}, pk=job["pk"], idempotency_key=job["key"])
    return {"status": result.status_code, "headers": dict(result.headers), "body": result.to_dict()}


def main() -> None:
    """Run the job that standard input holds."""
    job = json.load(sys.stdin)
    configure({**job, "stored": True})
    from django.conf import settings

    role = {"fields": ["name"], "ops": ["get", "grow"]}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"company": {"anon": role}},
        # Fifty wait for one row, on a machine with few cores.
        "LOCK_TIMEOUT": 20.0,
        "WRITE_TIMEOUT": 20.0,
    }
    register(job)
    if job["processes"] == 1:
        print(json.dumps([send(job)]))  # noqa: T201 - the answer to the test
        return
    # Imported once, and not by each of them.
    from django_flex.actions import running

    _ = running
    together = {**job, "start": time.time() + 1}
    with get_context("fork").Pool(job["processes"]) as pool:
        found = pool.map(send, [together] * job["processes"], chunksize=1)
    print(json.dumps(found))  # noqa: T201 - the answer to the test


if __name__ == "__main__":
    main()
