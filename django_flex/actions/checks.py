"""System checks: actions that cannot be called, and background actions without a task backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's names

from django_flex.actions.background.queueing import task_api
from django_flex.actions.declare.registry import registry
from django_flex.conf import configuration
from django_flex.policy.problems import Problem

if TYPE_CHECKING:
    from django_flex.conf import Settings

_LEVELS = {"E": Error, "W": Warning}
HINT = "install 'django-flex[tasks]', and name a backend in TASKS"


def check_actions() -> list[CheckMessage]:
    """Return a message for every problem of the registered actions."""
    problems = [*registry.problems]
    manners = {one.background for one in registry}
    for settings in configuration().versions.values():
        # Without a queue, an action that may run in the background runs at once.
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
        task_api().task_backends[alias]
    except Exception as error:  # noqa: BLE001 - a package that is missing, a backend that is not there
        yield Problem("W009", str(error).rstrip("."), f"TASKS[{alias!r}]", HINT)
