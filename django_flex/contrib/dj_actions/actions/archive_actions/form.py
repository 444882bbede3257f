"""The form of ``archive_actions``."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied

from django_flex.actions.models import ActionEvent
from django_flex.contrib.dj_actions.forms.mixins import ActionFormMixin


class ArchiveActionsForm(ActionFormMixin, forms.Form):
    """Deletes events, for superusers."""

    action_id = "actionevent:archive_actions"
    delete_before = forms.DateTimeField()

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], list[Any]]:
        """Delete the events and return their number.

        Raises:
            PermissionDenied: the caller is no superuser.
        """
        if not getattr(request.user, "is_superuser", False):
            raise PermissionDenied("Permission denied.")
        return {"count": ActionEvent.archive(self.cleaned_data["delete_before"])}, []
