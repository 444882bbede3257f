"""Django's settings as they are written, for the checks and the commands."""

from __future__ import annotations

from difflib import get_close_matches

from django.conf import settings as django_settings

#: The setting of this package.
NAME = "DJANGO_FLEX"
#: How similar a name has to be to ``DJANGO_FLEX`` to be a typo of it.
LIKE_NAME = 0.8


def written_settings() -> object:
    """Return ``DJANGO_FLEX`` as it is written."""
    return getattr(django_settings, NAME, {})


def has_urls() -> bool:
    """Return whether the project has URL patterns."""
    return bool(urls_module())


def is_installed(app: str) -> bool:
    """Return whether an app is in ``INSTALLED_APPS``."""
    return app in django_settings.INSTALLED_APPS


def is_debug() -> bool:
    """Return whether the project runs for development."""
    return bool(django_settings.DEBUG)


def static_url() -> str:
    """Return the URL that static files are under; empty if there is none."""
    return str(django_settings.STATIC_URL or "")


def urls_module() -> str:
    """Return the name of the project's module of URL patterns; empty if it has none."""
    return str(getattr(django_settings, "ROOT_URLCONF", None) or "")


def settings_module() -> str:
    """Return the name of the project's module of settings; empty if they are of no module."""
    return str(getattr(django_settings, "SETTINGS_MODULE", None) or "")


def misspelt_names() -> list[str]:
    """Return the names of other settings that look like ``DJANGO_FLEX``."""
    names = [name for name in dir(django_settings) if name.isupper() and name != NAME]
    return get_close_matches(NAME, names, n=3, cutoff=LIKE_NAME)


def middleware_classes() -> list[str]:
    """Return the project's ``MIDDLEWARE``."""
    return list(django_settings.MIDDLEWARE)
