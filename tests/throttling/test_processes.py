"""Processes that share a cache share a limit, and none slips through between them."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest

from tests.processes import context
from tests.throttling.processes import attempt

PROCESSES = 30


@pytest.mark.exhaustive
@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="no other cache here is shared")
def test_thirty_processes_at_once_are_counted_exactly() -> None:
    barrier, answers = context.Barrier(PROCESSES), context.Queue()
    arguments = (barrier, answers, str(uuid4()))
    others = [
        context.Process(target=attempt, args=arguments, daemon=True) for _ in range(PROCESSES - 1)
    ]
    for process in others:
        process.start()
    attempt(*arguments)
    passed = [answers.get(timeout=60) for _ in range(PROCESSES)]
    first, many = (sum(counts) for counts in zip(*passed, strict=True))
    for process in others:
        process.join(timeout=60)
    assert [0] * len(others) == [process.exitcode for process in others]
    assert (5, 100) == (first, many)
