"""System checks: every mistake in ``DJANGO_FLEX``, with its place and what would be right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004 - Django's names

from django_flex.conf import configuration, middleware_classes
from django_flex.permissions.review import review

if TYPE_CHECKING:
    from django_flex.permissions.problems import Problem

_LEVELS = {"E": Error, "W": Warning, "I": Info}
MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"
USER_MIDDLEWARE = "django.contrib.auth.middleware.AuthenticationMiddleware"


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Return a message for every problem of every API version, each once."""
    found = configuration()
    problems = [*found.problems, *_middleware_problems()]
    for settings in found.versions.values():
        problems += settings.problems
        reviewed = review(settings.policy, require_authentication=settings.require_authentication)
        problems += (replace(p, place=f"{settings.place}: {p.place}") for p in reviewed)
    return [_message(problem) for problem in dict.fromkeys(problems)]


def _message(problem: Problem) -> CheckMessage:
    text = f"{problem.place}: {problem.message}."
    return _LEVELS[problem.id[0]](text, hint=problem.hint, id=f"django_flex.{problem.id}")


def _middleware_problems() -> list[Problem]:
    from django_flex.permissions.problems import Problem

    names = middleware_classes()
    if MIDDLEWARE not in names:
        return []
    if USER_MIDDLEWARE not in names[: names.index(MIDDLEWARE)]:
        text = "FlexQueryMiddleware needs AuthenticationMiddleware before it"
        return [Problem("E013", text, "MIDDLEWARE", f"put it after '{USER_MIDDLEWARE}'")]
    return []
