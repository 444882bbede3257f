"""The app of model actions: its table, its checks, and the actions of all other apps."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class ActionsConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex.actions"]``."""

    name = "django_flex.actions"
    label = "flex_actions"
    verbose_name = "django_flex: model actions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Find the actions of the project, now that all models are there."""
        from django_flex.actions.discovery import autodiscover
        from django_flex.actions.dj_actions import discover

        autodiscover()
        discover()
        checks.register(_check_actions)


def _check_actions(**_kwargs: object) -> list[checks.CheckMessage]:
    from django_flex.actions.checks import check_actions

    return check_actions()
