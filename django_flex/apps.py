"""The Django app: registers the system checks, nothing else."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class DjangoFlexConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex"]``."""

    name = "django_flex"
    verbose_name = "django_flex"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks; the code behind them is loaded when they run."""
        checks.register(_check_settings, checks.Tags.security)


def _check_settings(**kwargs: object) -> list[checks.CheckMessage]:
    from django_flex.checks import check_settings

    return check_settings(**kwargs)
