"""``ActionMixin`` in the module where dj-actions has it for old versions of REST framework."""

from __future__ import annotations

from django_flex.contrib.dj_actions.mixins import ActionMixin

__all__ = ["ActionMixin"]
