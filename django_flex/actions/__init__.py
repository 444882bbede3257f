"""Model actions: named, permitted, tracked operations on models.

An app of its own: ``INSTALLED_APPS = [..., "django_flex.actions"]``. Public names are imported on
first use (PEP 562), since an app is imported before there are any models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.actions.context import ActionContext
    from django_flex.actions.declaring import Action, action, flex_action
    from django_flex.actions.definitions import ACTION_TYPE, STATUS, ActionDef, Example, Scope
    from django_flex.actions.programmatic import FlexAction
    from django_flex.actions.registry import ActionRegistry
    from django_flex.exceptions import ActionError

__all__ = [
    "ACTION_TYPE",
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
]

_HOMES = {
    "ACTION_TYPE": "django_flex.actions.definitions",
    "STATUS": "django_flex.actions.definitions",
    "Action": "django_flex.actions.declaring",
    "ActionContext": "django_flex.actions.context",
    "ActionDef": "django_flex.actions.definitions",
    "ActionError": "django_flex.exceptions",
    "ActionRegistry": "django_flex.actions.registry",
    "Example": "django_flex.actions.definitions",
    "FlexAction": "django_flex.actions.programmatic",
    "Scope": "django_flex.actions.definitions",
    "action": "django_flex.actions.declaring",
    "flex_action": "django_flex.actions.declaring",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
