"""``FlexQueryView``: one model at one URL, with permissions written on the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import sync_to_async
from django.utils.decorators import classonlymethod
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from django_flex.conf import get_settings
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import model_route
from django_flex.http.view_policy import ViewGrants, view_door

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db import models
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class FlexQueryView(View):
    """Serves one model: a list at its URL, one row where the URL has ``pk``.

    ``model``: the model class. ``flex_permissions``: roles as in an entry of ``EXPOSE``; empty
    denies. ``require_auth``: whether anonymous callers get a 401; the settings decide if ``None``.
    ``allowed_actions``: the operations that the view serves at all. ``version``: whose settings.

    GET, POST and QUERY read. PUT, PATCH and DELETE write, and so does POST where ``_action`` says
    so, as far as ``allowed_actions`` has the operation.
    """

    model: ClassVar[type[models.Model]]
    flex_permissions: ClassVar[Mapping[str, Any]] = {}
    require_auth: bool | None = None
    allowed_actions: ClassVar[tuple[str, ...] | list[str]] = ("get", "list")
    version: str | None = None

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:  # noqa: N805 - as Django's own
        """Return the view; reads by POST and QUERY need no CSRF token, writes check it."""
        return csrf_exempt(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer any method: those that the view does not serve get a JSON 405."""
        pk = kwargs.get("pk", kwargs.get("id"))
        if self.view_is_async:
            return sync_to_async(self._serve, thread_sensitive=True)(request, pk)
        return self._serve(request, pk)

    def _serve(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        door = self.get_door()
        return serve(request, lambda: model_route(pk, door.actions), door)

    def get_door(self) -> Door:
        """Return the door with this view's permissions; override to change them per request."""
        grants = ViewGrants(
            model=self.model,
            permissions=self.flex_permissions,
            place=type(self).__qualname__,
            require_auth=self.require_auth,
            actions=self.allowed_actions,
        )
        return view_door(get_settings(self.version), grants)


class AsyncFlexQueryView(FlexQueryView):
    """The same view for asynchronous projects."""

    view_is_async = True
