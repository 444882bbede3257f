"""The app config of model actions for projects that were written for dj-actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.actions.apps import ActionsConfig

if TYPE_CHECKING:
    from django_flex.actions.management.layouts import ActionLayout


class DjActionsConfig(ActionsConfig):
    """``INSTALLED_APPS = [..., "django_flex.contrib.dj_actions"]``, or ``"actions"``.

    Replaces ``django_flex.actions``: it is the same app, with the same label, tables and commands,
    which also registers the actions in registries of dj-actions.
    """

    default = True

    @property
    def action_layout(self) -> ActionLayout:
        """How ``create_action`` writes into registries of dj-actions."""
        from django_flex.contrib.dj_actions.scaffolding import DjActionsLayout

        return DjActionsLayout()

    def ready(self) -> None:
        """Register the actions of the project, and those in registries of dj-actions."""
        super().ready()
        from django_flex.actions.models import ActionEvent
        from django_flex.contrib.dj_actions.actions.action_registry import ACTIONS
        from django_flex.contrib.dj_actions.registries import add_registry, discover

        add_registry(ActionEvent, ACTIONS, place=f"{__package__}.actions")
        discover()
