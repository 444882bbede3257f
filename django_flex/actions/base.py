"""``BaseActionMixin`` under its name in dj-actions; it needs REST framework."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.contrib.dj_actions.views import BaseActionMixin

__all__ = ["BaseActionMixin"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module("django_flex.contrib.dj_actions.views"), name)
