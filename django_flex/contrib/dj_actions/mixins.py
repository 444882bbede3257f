"""``ActionMixin`` of dj-actions: the URLs at which a viewset runs and lists its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.decorators import action

from django_flex.contrib.dj_actions.base import BaseActionMixin
from django_flex.exceptions import FlexError
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

#: The id of an action in a URL.
_ID = r"(?P<action_id>[^/.]+)"


class ActionMixin(BaseActionMixin):
    """Gives a viewset the actions of its ``action_registry``, at the URLs of dj-actions."""

    @action(detail=False, methods=["get"], url_path="actions/list")
    def action_docs(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Describe the actions that the caller may run."""
        try:
            return self._docs()
        except FlexError as error:
            return self._respond(FlexResult.from_error(error))

    @action(detail=False, methods=["get", "post"], url_path=f"actions/{_ID}")
    def bulk_actions(self, request: Request, action_id: str, **_kwargs: Any) -> Response:
        """Run or describe an action that is not about a single row."""
        return self._action(request, action_id=action_id)

    @action(detail=True, methods=["get", "post"], url_path=f"actions/{_ID}")
    def actions(self, request: Request, action_id: str, **kwargs: Any) -> Response:
        """Run or describe an action on one row."""
        name: Any = self.lookup_url_kwarg or self.lookup_field  # type: ignore[attr-defined]  # of the viewset
        return self._action(request, kwargs[name], action_id)
