"""The app of model actions: its table, its checks, and the actions of all other apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.core import checks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class ActionsConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex.actions"]``."""

    name = "django_flex.actions"
    label = "flex_actions"
    verbose_name = "django_flex: model actions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the actions of the project, now that its models are loaded."""
        from django_flex.actions.background.events import register
        from django_flex.actions.declare.discovery import autodiscover

        register()
        autodiscover()
        checks.register(_check_actions)

    def action_names(self) -> Mapping[str, Collection[str]]:
        """Return the ids of the actions of each model, by its label, for use in grants."""
        from django_flex.actions.declare.registry import registry

        return registry.names()


def _check_actions(**_kwargs: object) -> list[checks.CheckMessage]:
    from django_flex.actions.checks import check_actions

    return check_actions()
