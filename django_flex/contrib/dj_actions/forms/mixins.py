"""``ActionFormMixin`` of dj-actions, limited to the rows that the caller may act on."""

from __future__ import annotations

from typing import Any

from django.http import Http404


class ActionFormMixin:
    """Mixin for a Django form: the rows that the action is about, selected before validation.

    ``action_instance`` is the row of an instance action, locked. ``action_rows`` are the rows of
    the model that the caller may see, for actions without one.
    """

    action_id: str | None = None
    action_instance: Any = None
    action_rows: Any = None
    action_request: Any = None

    def get_object(self, pk: Any = None) -> Any:
        """Return the row that the action is about.

        Raises:
            Http404: the caller may not see a row of this key.
        """
        row = self.action_instance
        if row is not None and (pk is None or str(row.pk) == str(pk)):
            return row
        if pk is None:
            return None
        found = None if self.action_rows is None else self.action_rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def get_queryset(self) -> Any:
        """Return the rows of the model that the caller may see."""
        return self.action_rows

    def get_stream_message(self, instance: Any) -> str:
        """Return the message for a stream of events."""
        return f"performed {self.action_id} on {instance.pk}"

    def post_process(
        self,
        channel: Any,
        request: Any,
        context_object: Any,
        serializer: Any,
        custom_message: str | None = None,
    ) -> None:
        """Hook for projects: called with the result."""
