"""The log of actions, under its names in dj-actions."""

from __future__ import annotations

from django_flex.actions.models import ActionEvent

__all__ = ["ActionEvent", "EventAction"]

#: The name in the README of dj-actions.
EventAction = ActionEvent
