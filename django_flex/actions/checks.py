"""System checks of model actions: those that cannot be called, and those that nothing would run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's names

from django_flex.actions.queueing import tasks
from django_flex.actions.registry import registry
from django_flex.conf import configuration
from django_flex.permissions.problems import Problem

if TYPE_CHECKING:
    from django_flex.conf import Settings

_LEVELS = {"E": Error, "W": Warning}
HINT = "install 'django-flex[tasks]', and name a backend in TASKS"


def check_actions() -> list[CheckMessage]:
    """Return a message for every problem of the registered actions."""
    problems = [*registry.problems]
    manners = {one.background for one in registry}
    for settings in configuration().versions.values():
        # What only may run later runs at once where there is no queue, unless one was named.
        named = settings.actions.task_backend != "default" and "allowed" in manners
        if named or "always" in manners:
            problems += _background(settings)
    return [
        _LEVELS[one.id[0]](
            f"{one.place}: {one.message}.", hint=one.hint, id=f"django_flex.{one.id}"
        )
        for one in dict.fromkeys(problems)
    ]


def _background(settings: Settings) -> Iterator[Problem]:
    alias = settings.actions.task_backend
    try:
        tasks().task_backends[alias]
    except Exception as error:  # noqa: BLE001 - a package that is missing, a backend that is not there
        yield Problem("W009", str(error).rstrip("."), f"TASKS[{alias!r}]", HINT)
