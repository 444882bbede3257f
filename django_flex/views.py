"""``FlexQueryView``: one model at one URL, with permissions written on the class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import classonlymethod
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from django_flex.conf import get_settings
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import model_route
from django_flex.http.view_policy import ViewGrants, check_model, place_of, view_door

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db import models
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.schema.resources import Resource

DECLARED = ("model", "flex_permissions", "require_auth", "allowed_actions", "version")


class FlexQueryView(View):
    """Exposes one model: a list at its URL, one row if the URL has ``pk``.

    ``model``: the model class, or a declared resource. ``flex_permissions``: roles as in an entry of ``EXPOSE``; if empty,
    everything is denied. ``require_auth``: whether anonymous callers get a 401; with ``None`` the
    settings decide. ``allowed_actions``: the operations that the view supports. ``version``: the
    API version whose settings apply.

    GET, POST and QUERY read. PUT, PATCH, DELETE, and POST with an ``_action`` that writes, write if
    ``allowed_actions`` has the operation.
    """

    model: ClassVar[type[models.Model] | Resource | None] = None
    flex_permissions: ClassVar[Mapping[str, Any]] = {}
    require_auth: bool | None = None
    allowed_actions: ClassVar[tuple[str, ...] | list[str]] = ("get", "list")
    version: str | None = None

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:  # noqa: N805 - as Django's own
        """Return the view; reads by POST and QUERY need no CSRF token, writes check it."""
        # The view itself decides who has to be signed in, and replies with a 401, not a redirect.
        return login_not_required(csrf_exempt(super().as_view(**initkwargs)))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Handle any method; those that the view does not support get a JSON 405."""
        pk = kwargs.get("pk", kwargs.get("id"))
        if self.view_is_async:
            return sync_to_async(self._serve, thread_sensitive=True)(request, pk)
        return self._serve(request, pk)

    def _serve(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        door = self.get_door()
        return serve(request, lambda: model_route(pk, door.actions), door)

    def get_door(self) -> Door:
        """Return the door with this view's permissions; override to change them per request."""
        place = place_of(type(self))
        grants = ViewGrants(
            model=check_model(self.model, place),
            permissions=self.flex_permissions,
            place=place,
            require_auth=self.require_auth,
            actions=self.allowed_actions,
        )
        return view_door(get_settings(self.version), grants)

    @classmethod
    def declared_grants(cls, initkwargs: Mapping[str, Any]) -> ViewGrants | None:
        """Return what the class declares, for the system checks; ``None`` if code decides it.

        Args:
            initkwargs: what ``as_view`` was called with.

        Raises:
            ImproperlyConfigured: the model is missing, or is not one.
        """
        written = {**{name: getattr(cls, name, None) for name in DECLARED}, **initkwargs}
        permissions = written["flex_permissions"]
        if cls.get_door is not FlexQueryView.get_door or not isinstance(permissions, Mapping):
            return None
        return ViewGrants(
            model=check_model(written["model"], place_of(cls)),
            permissions=permissions,
            place=place_of(cls),
            require_auth=written["require_auth"],
            actions=written["allowed_actions"],
            version=written["version"],
        )


class AsyncFlexQueryView(FlexQueryView):
    """The same view for asynchronous projects."""

    view_is_async = True
