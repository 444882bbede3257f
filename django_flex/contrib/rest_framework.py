"""Django REST framework: its authentication for our doors, our queries for its viewsets."""

from __future__ import annotations

import logging
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings

from django_flex.conf import get_settings
from django_flex.exceptions import AuthenticationFailedError, MethodNotAllowedError
from django_flex.http.endpoint import Door, serve
from django_flex.http.rendering import render
from django_flex.http.routing import ADD, DELETE, EDIT, GET, LIST, action_route, fixed_route
from django_flex.http.view_policy import ViewGrants, view_door
from django_flex.permissions.roles import Actor
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db import models
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.routing import Meaning, Route
    from django_flex.permissions.policy import Entry

logger = logging.getLogger("django_flex")
ACTION_VIEWS = frozenset({"list_actions", "run_action", "list_row_actions", "run_row_action"})
ACTION_ID = r"(?P<action_id>[^/]+)"
ACTIONS = frozenset({"list", "retrieve", "create", "update", "partial_update", "destroy"})


class RestFrameworkAuthentication:
    """Runs authentication classes of Django REST framework, as one authenticator of ours."""

    classes: ClassVar[tuple[type[BaseAuthentication], ...]] = ()
    needs_csrf = False

    def get_classes(self) -> tuple[type[BaseAuthentication], ...]:
        """Return the classes to try, in order."""
        return self.classes

    def authenticate(self, request: HttpRequest) -> Any:
        """Return the user of the first class that names one.

        Raises:
            AuthenticationFailedError: one of them refuses the credentials.
        """
        wrapped = Request(request)
        for one in self.get_classes():
            authenticator = _without_csrf(one())
            try:
                found = authenticator.authenticate(wrapped)
            except APIException as error:
                raise AuthenticationFailedError(str(error.detail)) from error
            if found is not None:
                self.needs_csrf = isinstance(authenticator, RestSession)
                return found[0]
        return None

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """Return the challenge of the first class that has one."""
        wrapped = Request(request)
        headers = (one().authenticate_header(wrapped) for one in self.get_classes())
        return next((header for header in headers if header), None)


class DefaultAuthentication(RestFrameworkAuthentication):
    """The classes of ``DEFAULT_AUTHENTICATION_CLASSES``, without sessions: ours come first."""

    def get_classes(self) -> tuple[type[BaseAuthentication], ...]:
        """Return the configured classes that read credentials from the request itself."""
        # The stubs say dotted paths, as in the settings; the object gives what they name.
        classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        return tuple(one for one in classes if not issubclass(one, RestSession))


def adapt(*classes: type[BaseAuthentication]) -> type[RestFrameworkAuthentication]:
    """Return an authenticator for ``AUTHENTICATION`` that tries some classes of REST framework."""
    return type("AdaptedAuthentication", (RestFrameworkAuthentication,), {"classes": classes})


def _without_csrf(authenticator: BaseAuthentication) -> BaseAuthentication:
    """Leave the CSRF check of a session to us: only we know later whether a POST reads or writes."""
    if not isinstance(authenticator, RestSession):
        return authenticator
    # A copy: a project may hand out the same authenticator to views that are not ours.
    ours = copy(authenticator)
    ours.enforce_csrf = lambda request: None  # type: ignore[method-assign]  # of this object alone
    return ours


class _Views:
    """What the mixins have in common: requests of ours are decoded, checked and answered by us."""

    flex_model: ClassVar[type[models.Model] | None] = None
    flex_permissions: ClassVar[Mapping[str, Any] | None] = None
    flex_version: ClassVar[str | None] = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Spare QUERY the CSRF check of other schemes: here it only ever reads."""
        self._is_ours = self._answers(request.method or "")
        if self._is_ours:
            _keep_body(request)
        if request.method == "QUERY":
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's mark for it
        made: Request = super().initialize_request(request, *args, **kwargs)  # type: ignore[misc]  # of the viewset
        return made

    def _answers(self, method: str) -> bool:
        """Whether a method comes to us, and not to an action that the viewset wrote itself."""
        return False

    def get_authenticators(self) -> Any:
        """Return the viewset's authenticators; our actions check the CSRF token of sessions later."""
        found: Any = super().get_authenticators()  # type: ignore[misc]  # of the viewset
        return [_without_csrf(one) for one in found] if getattr(self, "_is_ours", False) else found

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - as there
        """Refuse no ``Accept``: the reply is rendered by us, with the media types of all doors."""
        if getattr(self, "_is_ours", False):
            first: Any = self.get_renderers()[0]  # type: ignore[attr-defined]  # of the viewset
            return first, first.media_type
        return super().perform_content_negotiation(request, force=force)  # type: ignore[misc]  # of the viewset

    def _key(self, kwargs: Mapping[str, Any]) -> str:
        name = str(getattr(self, "lookup_url_kwarg", None) or getattr(self, "lookup_field", "pk"))
        return str(kwargs[name])

    def _flex(self, request: Request, pk: str | None, meaning: Meaning) -> HttpResponseBase:
        return self._serve(request, lambda: fixed_route(pk, meaning), self._door(request))

    def _serve(
        self, request: Request, find_route: Callable[[], Route], door: Door
    ) -> HttpResponseBase:
        http_request = request._request  # noqa: SLF001 - the documented way to the HttpRequest
        return serve(http_request, find_route, door)

    def _door(self, request: Request) -> Door:
        settings = get_settings(self.flex_version)
        model = self.flex_model or self.queryset.model  # type: ignore[attr-defined]  # of the viewset

        def known(http_request: HttpRequest, _settings: Settings) -> Actor:
            by_session = isinstance(request.successful_authenticator, RestSession)
            return Actor(request.user, http_request, needs_csrf=by_session)

        entry = settings.policy.entries.get(model)
        if self.flex_permissions is None and entry is not None:
            return Door(settings=settings, policy=settings.policy, entry=entry, authenticate=known)
        grants = ViewGrants(
            model=model, permissions=self.flex_permissions or {}, place=type(self).__qualname__
        )
        door = view_door(settings, grants)
        return Door(settings=settings, policy=door.policy, entry=door.entry, authenticate=known)


class FlexViewSetMixin(_Views):
    """Gives a viewset our actions, reads and writes: same query, permissions and reply.

    The viewset keeps its own authentication, permissions and throttles; ``request.user`` decides
    what is seen. Each action does what it is called, whatever ``_action`` says. ``flex_model``: the model; else that of ``queryset``. ``flex_permissions``: roles
    as in an entry of ``EXPOSE``; the model's own entry there if ``None``.
    """

    @classmethod
    def as_view(cls, actions: Mapping[str, str] | None = None, **initkwargs: Any) -> Any:
        """Return the view; where GET lists, QUERY does too (RFC 10008)."""
        served = dict(actions or {})
        if served.get("get") in {"list", "retrieve"}:
            served.setdefault("query", served["get"])
        names = [*getattr(cls, "http_method_names", []), "query"]
        parent: Callable[..., Any] = super().as_view  # type: ignore[misc]  # of the viewset
        return parent(served, http_method_names=list(dict.fromkeys(names)), **initkwargs)

    def _answers(self, method: str) -> bool:
        """Whether a method comes to us, and not to an action that the viewset wrote itself."""
        action = getattr(self, "action_map", {}).get(method.lower())
        own = getattr(FlexViewSetMixin, str(action), None)
        ours = action is None or (action in ACTIONS and getattr(type(self), action) is own)
        return ours or super()._answers(method)

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Answer a list."""
        return self._flex(request, None, LIST)

    def retrieve(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a get."""
        return self._flex(request, self._key(kwargs), GET)

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Answer an add; a list as body adds several rows."""
        return self._flex(request, None, ADD)

    def update(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer an edit; what is not sent stays as it is."""
        return self._flex(request, self._key(kwargs), EDIT)

    def partial_update(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer an edit."""
        return self._flex(request, self._key(kwargs), EDIT)

    def destroy(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a delete."""
        return self._flex(request, self._key(kwargs), DELETE)

    def options(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Describe the model as the caller sees it."""
        response = self._flex(request, None, LIST)
        response.headers["Allow"] = self._allow()
        return response

    def http_method_not_allowed(
        self, request: Request, *_args: Any, **_kwargs: Any
    ) -> HttpResponseBase:
        """Answer a method that the viewset does not serve, in the usual shape."""
        error = MethodNotAllowedError(
            "This URL does not serve this method",
            hint=f"one of {self._allow()}",
            headers={"Allow": self._allow()},
        )
        result, settings = FlexResult.from_error(error), get_settings(self.flex_version)
        return render(request._request, result, settings)  # noqa: SLF001 - the documented way

    def _allow(self) -> str:
        names: list[str] = self.allowed_methods  # type: ignore[attr-defined]  # of the viewset
        return ", ".join(names)


class ActionMixin(_Views):
    """Gives a viewset the model actions of its model, at the URLs of all doors.

    ``GET actions/list/``, ``GET`` and ``POST actions/{id}/`` for the model and for a row, and ``GET
    {pk}/actions/``. Grants decide, as everywhere, and the viewset besides: its permissions, those
    for objects, too, its throttles, and the rows of its ``get_queryset``.
    """

    @action(detail=False, methods=["get"], url_path="actions/list")
    def list_actions(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Tell which actions the caller may run."""
        return self._act(request, None, None)

    @action(detail=False, methods=["get", "post"], url_path=rf"actions/{ACTION_ID}")
    def run_action(
        self, request: Request, action_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponseBase:
        """Run an action that is about no single row, or tell of any."""
        return self._act(request, None, action_id)

    @action(detail=True, methods=["get"], url_path="actions")
    def list_row_actions(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Tell what may be done with one row now."""
        return self._act(request, self._key(kwargs), None)

    @action(detail=True, methods=["get", "post"], url_path=rf"actions/{ACTION_ID}")
    def run_row_action(
        self, request: Request, action_id: str, *_args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Run an action on one row."""
        return self._act(request, self._key(kwargs), action_id)

    def _answers(self, method: str) -> bool:
        """Whether a method comes to an action."""
        found = getattr(self, "action_map", {}).get(method.lower())
        return found in ACTION_VIEWS or super()._answers(method)

    def _act(self, request: Request, pk: str | None, action_id: str | None) -> HttpResponseBase:
        if pk is not None and self._asks_objects():
            self.get_object()  # type: ignore[attr-defined]  # of the viewset; raises what they say
        door = self._door(request)
        rows = self._own_rows()
        if rows is not None and door.entry is not None:
            door = replace(door, entry=_within(door.entry, rows))
        return self._serve(request, lambda: action_route(None, pk, action_id), door)

    def _asks_objects(self) -> bool:
        """Whether a permission of the viewset wants to see the row."""
        found: Any = self.get_permissions()  # type: ignore[attr-defined]  # of the viewset
        plain = BasePermission.has_object_permission
        return any(getattr(type(one), "has_object_permission", plain) is not plain for one in found)

    def _own_rows(self) -> QuerySet[Any] | None:
        """Return the rows that the viewset serves, ``None`` if these are all."""
        own = getattr(type(self), "get_queryset", None)
        if own is None:
            return None
        if own is not GenericAPIView.get_queryset:
            rows: QuerySet[Any] = self.get_queryset()  # type: ignore[attr-defined]  # of the viewset
            return rows
        queryset: Any = getattr(self, "queryset", None)
        plain = queryset is None or not queryset.query.where
        return None if plain else queryset.all()


def _within(entry: Entry, rows: QuerySet[Any]) -> Entry:
    """Return an entry whose rows are those of a queryset, and its own."""
    own = entry.queryset
    if own is None:
        return replace(entry, queryset=lambda _user, _request: rows)

    def both(user: Any, request: Any) -> Any:
        found = own(user, request)
        return found.filter(pk__in=rows.order_by().values("pk"))

    return replace(entry, queryset=both)


def _keep_body(request: HttpRequest) -> None:
    """Read the body before REST framework does, which leaves none behind for us."""
    try:
        request.body  # noqa: B018 - Django keeps what this reads
    except (RequestDataTooBig, UnreadablePostError):
        logger.debug("The body at %r cannot be kept; decoding it says why", request.path)
