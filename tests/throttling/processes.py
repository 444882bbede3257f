"""What a process of its own does."""

from __future__ import annotations

from typing import Any

#: Requests of each process to a second counter, so that a lost count has many chances to show.
MANY = 20


def attempt(barrier: Any, answers: Any, pk: str) -> None:
    """Make a request at the moment when all the other processes do, then many."""
    import tests.processes.ready  # noqa: F401 - before whatever needs Django
    from tests.throttling.counting import limits, passes, user

    somebody = user(pk)
    barrier.wait(timeout=60)
    first = passes(limits(5), somebody)
    many = [passes(limits(100), somebody, operation="get") for _ in range(MANY)]
    answers.put((first, sum(many)))
