"""One contender in a process of its own, asked in lines of JSON: ``python -m tests.performance.worker``."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from tests.performance import project
from tests.performance.contenders import CONTENDERS
from tests.performance.contenders.settings import APPS, settings_of


class Worker:
    """Answers the parent's orders; each method is one of them."""

    def __init__(self, name: str) -> None:
        self.module = import_module(CONTENDERS[name].path)
        self.asked: Any = None

    def prepare(self, case: str, **wanted: Any) -> Any:
        """Make a case the one that is run; return its rows, and what they took."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from tests.performance.asked import answered

        self.asked = self.module.ask(case, **wanted)
        if self.asked is None:
            return None
        request = self.asked.request()
        with CaptureQueriesContext(connection) as captured:
            reply = self.asked.view(request)
        if reply.status_code not in {200, 201}:
            raise ValueError(f"{reply.status_code}: {reply.content[:500]!r}")
        statements = [one["sql"] for one in captured]
        return {"rows": answered(case, reply.content), "statements": statements}

    def url(self, case: str, **wanted: Any) -> str:
        """Return the URL of a case, for the contender's server."""
        found: str = self.module.ask(case, **wanted).url
        return found

    def run(self, repeat: int) -> dict[str, float]:
        """Return the seconds of one request: of the processor in this process, and of the clock."""
        asked = self.asked
        requests = [asked.request() for _ in range(repeat)]
        # A run does not pay for what another left behind, nor for the walk of the collector through all
        # that is there, which empties the processor's caches of what a running server has in them.
        gc.collect()
        gc.freeze()
        cpu, wall = time.process_time(), time.perf_counter()
        reply: Any = None
        for request in requests:
            reply = asked.view(request)
        taken = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        if reply.status_code not in {200, 201}:
            raise ValueError(f"{reply.status_code}: {reply.content[:500]!r}")
        return {name: seconds / repeat for name, seconds in taken.items()}

    def peak(self) -> int:
        """Return how many bytes one request has allocated at its highest."""
        for _ in range(3):
            self.asked.view(self.asked.request())
        request = self.asked.request()
        gc.collect()
        tracemalloc.start()
        try:
            self.asked.view(request)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def call(self, function: str, **arguments: Any) -> Any:
        """Call ``module:function`` here and return what it returns."""
        module, _, name = function.partition(":")
        return getattr(import_module(module), name)(**arguments)


def serve(name: str, changes: dict[str, Any]) -> None:
    """Answer orders until the parent is gone."""
    # Whatever prints goes to standard error; the replies have the pipe for themselves.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module = CONTENDERS[name].module
    worker: Any = None

    def start() -> dict[str, str]:
        nonlocal worker
        project.set_up(APPS.get(module, ()), settings_of(module, changes))
        worker = Worker(name)
        return project.about()

    print(json.dumps(_answer(start)), file=replies)
    for line in sys.stdin:
        order = json.loads(line)
        method = getattr(worker, order.pop("do"))
        print(json.dumps(_answer(partial(method, **order))), file=replies)


def _answer(make: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"answer": make()}
    except Exception:  # noqa: BLE001  # whatever it is, the parent says so
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    serve(sys.argv[1], json.loads(sys.argv[2]))
