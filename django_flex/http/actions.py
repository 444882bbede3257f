"""Model actions at the HTTP doors; without their app there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django.apps import apps

from django_flex.engine import ACTIONS, CORE_OPERATIONS
from django_flex.exceptions import NotFoundError
from django_flex.query.parser import OPERATIONS

if TYPE_CHECKING:
    from django_flex.http.routing import Meaning, Route
    from django_flex.plan.shape import FlexResult

APP = "django_flex.actions"
Runner: TypeAlias = "Callable[..., FlexResult]"


def runner(operation: str) -> Runner | None:
    """Return what answers an operation that is about actions, ``None`` for the core's.

    Raises:
        NotFoundError: it is about actions, and there are none.
    """
    if operation in CORE_OPERATIONS and operation != ACTIONS:
        return None
    if not apps.is_installed(APP):
        raise NotFoundError("There is nothing at this URL")
    # Loaded where it is used: its models exist only where the app is installed.
    if operation == ACTIONS:
        from django_flex.actions.describing import describe

        return describe
    from django_flex.actions.running import run_action

    return run_action


def may_be_action(name: Any, meaning: Meaning) -> bool:
    """Whether ``_action`` may name a model action: which there are, only the engine tells.

    Every name that is no core operation goes the same way, so that its reply does not tell whether
    some model has such an action.
    """
    if not isinstance(name, str):
        return False
    if name == meaning.operation:
        return True
    return meaning.choices is None and name not in OPERATIONS and apps.is_installed(APP)


def model_base(path: str, route: Route) -> str:
    """Return the URL of the model from that of an action, or of all of them."""
    parts = path.rstrip("/").split("/")
    behind = 1 if parts[-1] == ACTIONS and route.action is None else 2
    return "/".join(parts[: -(behind + (route.pk is not None))])
