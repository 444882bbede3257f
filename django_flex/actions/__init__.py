"""Model actions: named, permitted, tracked operations on models.

An app of its own: ``INSTALLED_APPS = [..., "django_flex.actions"]``. Public names are imported on
first use (PEP 562), since an app is imported before there are any models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.actions.declare.decorators import Action, action, flex_action
    from django_flex.actions.declare.definitions import (
        STATUS,
        ActionContext,
        ActionDef,
        Example,
        Scope,
    )
    from django_flex.actions.declare.registry import ActionRegistry, registry
    from django_flex.actions.programmatic import FlexAction
    from django_flex.exceptions import ActionError

__all__ = [
    "STATUS",
    "Action",
    "ActionContext",
    "ActionDef",
    "ActionError",
    "ActionRegistry",
    "Example",
    "FlexAction",
    "Scope",
    "action",
    "flex_action",
    "registry",
]

_HOMES = {
    "STATUS": "django_flex.actions.declare.definitions",
    "Action": "django_flex.actions.declare.decorators",
    "ActionContext": "django_flex.actions.declare.definitions",
    "ActionDef": "django_flex.actions.declare.definitions",
    "ActionError": "django_flex.exceptions",
    "ActionRegistry": "django_flex.actions.declare.registry",
    "Example": "django_flex.actions.declare.definitions",
    "FlexAction": "django_flex.actions.programmatic",
    "Scope": "django_flex.actions.declare.definitions",
    "action": "django_flex.actions.declare.decorators",
    "flex_action": "django_flex.actions.declare.decorators",
    "registry": "django_flex.actions.declare.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
