"""Which URLs of a project lead to this package, for the system checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import URLResolver, get_resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "django_flex."
#: Not doors to the data: the URLs for signing in, and a page.
TOKENS = "django_flex.tokens."
NOT_DOORS = (TOKENS, "django_flex.explorer.")
#: The modules whose views are the whole API.
API = frozenset({"django_flex.urls", "django_flex.contrib.directus.urls"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A door of this package in the URLconf: its prefix, and whether it is the whole API."""

    prefix: str
    whole: bool
    view: object


def mounts() -> list[Mount]:
    """Return the URL patterns of the project that lead to a door of this package."""
    return list(_walk(get_resolver(), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Mount]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, prefix + str(pattern.pattern).lstrip("^"))
        elif is_door(pattern.callback):
            whole = getattr(pattern.callback, "__module__", "") in API
            yield Mount(prefix, whole, pattern.callback)


def is_door(view: object) -> bool:
    """Whether a view is one of this package, or wraps one."""
    made_of = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made_of is not None:
        return any(one.__module__.startswith(OURS) for one in made_of.__mro__)
    module = str(view.__module__)
    return hasattr(view, "flex_grants") or (
        module.startswith(OURS) and not module.startswith(NOT_DOORS)
    )
