"""Settings: one frozen ``Settings`` per API version, built from ``DJANGO_FLEX``.

Everything below receives values, never Django's settings.
"""

from __future__ import annotations

from django_flex.backends.orm.django_internals.text_lookups import (
    add_functions as prepare_connection,
)
from django_flex.conf.declared import BY_NAME, SETTINGS, VERSION_SETTINGS, Setting
from django_flex.conf.groups import AGENT_TOOLS, Actions, Agents, Explorer, Idempotency, Tokens
from django_flex.conf.loading import (
    Configuration,
    Settings,
    build_configuration,
    configuration,
    get_settings,
)
from django_flex.conf.project import (
    NAME,
    has_urls,
    is_debug,
    is_installed,
    middleware_classes,
    misspelt_names,
    settings_module,
    static_url,
    urls_module,
    written_settings,
)

__all__ = [
    "AGENT_TOOLS",
    "BY_NAME",
    "NAME",
    "SETTINGS",
    "VERSION_SETTINGS",
    "Actions",
    "Agents",
    "Configuration",
    "Explorer",
    "Idempotency",
    "Setting",
    "Settings",
    "Tokens",
    "build_configuration",
    "configuration",
    "get_settings",
    "has_urls",
    "is_debug",
    "is_installed",
    "middleware_classes",
    "misspelt_names",
    "prepare_connection",
    "settings_module",
    "static_url",
    "urls_module",
    "written_settings",
]
