"""Processes with a job each, forked from one that is set up for Django and connected to nothing.

A process that starts from nothing imports Django and the test project: most of a second, forty times.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Job = dict[str, Any]
#: Seconds that a process may take, on a busy machine.
PATIENCE = 120

context = get_context("forkserver")
# The server is one for all tests, and imports what they need when the first of them starts it.
context.set_forkserver_preload(["tests.processes.ready", "tests.throttling.counting", "redis"])


@dataclass(frozen=True)
class Started:
    """A process at work."""

    process: BaseProcess
    answers: Connection

    def end(self, *, killed: bool = False) -> Any:
        """Wait for the process, and return what its task returned; ``None`` if it was killed."""
        answered = self.answers.poll(PATIENCE)
        try:
            answer = self.answers.recv() if answered else None
        except EOFError:
            answer = None
        self.process.join(PATIENCE)
        code = self.process.exitcode
        self.answers.close()
        self.process.close()
        assert code == (-signal.SIGKILL if killed else 0)
        return answer


def start(task: Callable[[Job], Any], job: Job) -> Started:
    """Start a process for a task, a function at the top of a module, and a job."""
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(task, job, sending))
    process.start()
    sending.close()  # the process has the other one: its end is seen when it dies
    return Started(process, receiving)


def _work(task: Callable[[Job], Any], job: Job, answers: Connection) -> None:
    import tests.processes.ready  # noqa: F401 - where the server could not load it

    _configure(job)
    answers.send(task(job))
    answers.close()


def _configure(job: Job) -> None:
    """Use the databases and caches of a job, and only the apps that it names, where it names some."""
    from django.apps import apps
    from django.core.cache import caches
    from django.db import connections

    for prepared in connections.all(initialized_only=True):  # with the settings of the server
        del connections[prepared.alias]
    connections.settings = connections.configure_settings(job["databases"])
    caches.settings = caches.configure_settings(job["caches"])
    if "apps" in job:
        apps.set_installed_apps(job["apps"])
