"""The Django app: registers the system checks, and the functions that SQLite lacks."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created


class DjangoFlexConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex"]``."""

    name = "django_flex"
    verbose_name = "django_flex"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks; the code behind them is loaded when they run."""
        connection_created.connect(_prepare_connection)
        checks.register(_check_settings, checks.Tags.security)
        checks.register(_check_groups, checks.Tags.database)
        checks.register(_check_time_zones, checks.Tags.database)


def _prepare_connection(connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        from django_flex.conf import prepare_connection

        prepare_connection(connection)


def _check_settings(**kwargs: object) -> list[checks.CheckMessage]:
    from django_flex.checks import check_settings

    return check_settings(**kwargs)


def _check_groups(**kwargs: Any) -> list[checks.CheckMessage]:
    from django_flex.checks import check_groups

    return check_groups(**kwargs)


def _check_time_zones(**kwargs: Any) -> list[checks.CheckMessage]:
    from django_flex.checks import check_time_zones

    return check_time_zones(**kwargs)
