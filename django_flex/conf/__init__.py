"""Settings: one frozen ``Settings`` per API version, built from ``DJANGO_FLEX``.

Everything below receives values, never Django's settings.
"""

from __future__ import annotations

from django_flex.backends.orm.django_internals.text_lookups import (
    add_functions as prepare_connection,
)
from django_flex.conf.declared import BY_NAME, SETTINGS, VERSION_SETTINGS, Setting
from django_flex.conf.groups import Actions, Idempotency, Tokens
from django_flex.conf.loading import (
    NAME,
    Configuration,
    Settings,
    configuration,
    get_settings,
    has_urls,
    middleware_classes,
    misspelt_names,
)

__all__ = [
    "BY_NAME",
    "NAME",
    "SETTINGS",
    "VERSION_SETTINGS",
    "Actions",
    "Configuration",
    "Idempotency",
    "Setting",
    "Settings",
    "Tokens",
    "configuration",
    "get_settings",
    "has_urls",
    "middleware_classes",
    "misspelt_names",
    "prepare_connection",
]
