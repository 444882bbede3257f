"""A data API for Django: ``EXPOSE`` declares who may see what, and front ends query it.

Public names are imported on first use (PEP 562), so that ``import django_flex`` needs no settings
and a client-side process never loads Django.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.decorators import flex_query
    from django_flex.exceptions import FlexError
    from django_flex.middleware import FlexQueryMiddleware
    from django_flex.plan.shape import FlexResult
    from django_flex.programmatic import FlexQuery
    from django_flex.views import FlexQueryView

__version__ = "0.1.0"

__all__ = [
    "FlexError",
    "FlexQuery",
    "FlexQueryMiddleware",
    "FlexQueryView",
    "FlexResult",
    "flex_query",
]

_HOMES = {
    "FlexError": "django_flex.exceptions",
    "FlexQuery": "django_flex.programmatic",
    "FlexQueryMiddleware": "django_flex.middleware",
    "FlexQueryView": "django_flex.views",
    "FlexResult": "django_flex.plan.shape",
    "flex_query": "django_flex.decorators",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
