"""Django REST framework: its authentication for our doors, and our queries for its viewsets."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import UnreadablePostError
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.contrib.rest_authentication import (
    DefaultAuthentication,
    RestFrameworkAuthentication,
    adapt,
    without_csrf,
)
from django_flex.contrib.viewset_rules import found_by, object_check, rows_of, visible_key, within
from django_flex.dialects.flex import flex_for
from django_flex.exceptions import (
    FlexError,
    MethodNotAllowedError,
    ObjectNotFoundError,
)
from django_flex.exceptions.places import worded
from django_flex.http.authentication import SESSION_CHALLENGE, admitted
from django_flex.http.endpoint import Door, serve
from django_flex.http.forms import is_form
from django_flex.http.rendering import render
from django_flex.http.routing import ADD, DELETE, EDIT, GET, LIST, action_route, fixed_route
from django_flex.http.view_policy import ViewGrants, check_model, place_of, view_door
from django_flex.plan.json_values import text_of
from django_flex.schema.conversions.keys import shown_key
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db import models
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.dialects.base import MethodOperation
    from django_flex.http.routing import Route

__all__ = [
    "ActionMixin",
    "DefaultAuthentication",
    "FlexViewSetMixin",
    "RestFrameworkAuthentication",
    "adapt",
]

logger = logging.getLogger("django_flex")
ACTION_VIEWS = frozenset({"list_actions", "run_action", "list_row_actions", "run_row_action"})
ACTION_ID = r"(?P<action_id>[^/]+)"
DECLARED = ("queryset", "flex_model", "flex_permissions", "flex_version")
ACTIONS = frozenset({"list", "retrieve", "create", "update", "partial_update", "destroy"})


class _Views:
    """The common part of the mixins: decodes, checks and executes requests to our actions."""

    flex_model: ClassVar[type[models.Model] | None] = None
    flex_permissions: ClassVar[Mapping[str, Any] | None] = None
    flex_version: ClassVar[str | None] = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Skip the CSRF check of other schemes for QUERY, which only reads."""
        self._is_ours = self._answers(request.method or "")
        if self._is_ours:
            _keep_body(request)
        if request.method == "QUERY":
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's mark for it
        made: Request = super().initialize_request(request, *args, **kwargs)  # type: ignore[misc]  # of the viewset
        return made

    def _answers(self, method: str) -> bool:
        """Whether a method calls one of our actions, and not one that the viewset defines."""
        return False

    def get_authenticators(self) -> Any:
        """Return the viewset's authenticators; our actions check CSRF tokens of sessions later."""
        found: Any = super().get_authenticators()  # type: ignore[misc]  # of the viewset
        return [without_csrf(one) for one in found] if getattr(self, "_is_ours", False) else found

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - as there
        """Accept any ``Accept`` header: our renderer decides on the media type, as at all doors."""
        if getattr(self, "_is_ours", False):
            first: Any = self.get_renderers()[0]  # type: ignore[attr-defined]  # of the viewset
            return first, first.media_type
        return super().perform_content_negotiation(request, force=force)  # type: ignore[misc]  # of the viewset

    def _flex(
        self, request: Request, kwargs: Mapping[str, object] | None, meaning: MethodOperation
    ) -> HttpResponseBase:
        """Run the pipeline for all rows, or for the row of the URL."""
        door = self._door(request)
        if kwargs is None:
            return self._serve(request, lambda: fixed_route(None, meaning), door)
        find = self._key(request, kwargs, door, meaning.operation)
        return self._serve(request, lambda: fixed_route(find(), meaning), door)

    def _key(
        self, request: Request, kwargs: Mapping[str, object], door: Door, operation: str | None
    ) -> Callable[[], str]:
        """Return a function that finds the primary key of the row of the URL."""
        get_object: object = getattr(type(self), "get_object", None)
        if get_object not in {None, GenericAPIView.get_object}:
            return self._own_key(request, door, operation)
        field: str = getattr(self, "lookup_field", "pk")
        url_kwarg: str | None = getattr(self, "lookup_url_kwarg", None)
        name = str(url_kwarg or field)
        if name not in kwargs:
            text = f"{place_of(type(self))} needs a URL with '{name}', or another lookup_field"
            raise ImproperlyConfigured(text)
        value = str(kwargs[name])
        if door.key_name is None or door.entry is None:
            return lambda: value

        def find() -> str:
            key = visible_key(request, door, operation, str(field), value)
            return value if key is None else text_of(shown_key(key))

        return find

    def _own_key(self, request: Request, door: Door, operation: str | None) -> Callable[[], str]:
        """Return a function that finds the key of the row that ``get_object`` of the viewset returns.

        A row that the grant hides is treated as missing; other exceptions of ``get_object`` are
        raised.
        """

        def visible(row: Any) -> bool:
            try:
                return visible_key(request, door, operation, "pk", row.pk) is not None
            except ObjectNotFoundError:
                return False

        try:
            own = text_of(shown_key(found_by(self, visible).pk))
        except FlexError as error:
            refusal = error

            def refuse() -> str:
                # If the caller may not do this to any row, the pipeline refuses it.
                if visible_key(request, door, operation, "pk", None) is None:
                    return ""
                raise refusal

            return refuse
        return lambda: own

    def _serve(
        self, request: Request, find_route: Callable[[], Route], door: Door
    ) -> HttpResponseBase:
        http_request = request._request  # noqa: SLF001 - the documented way to the HttpRequest
        return serve(http_request, find_route, door)

    def _door(self, request: Request) -> Door:
        """Return a door with the rows and object permissions of the grant and of the viewset."""
        settings = get_settings(self.flex_version)
        rows = rows_of(self)
        model = self._model(rows)

        def known(http_request: HttpRequest, settings: Settings) -> Actor:
            by_session = isinstance(request.successful_authenticator, RestSession)
            actor = Actor(request.user, http_request, needs_csrf=by_session)
            return admitted(actor, settings)

        entry = settings.policy.entries.get(label_of(model))
        door = Door(
            settings=settings,
            policy=settings.policy,
            entry=entry,
            dialect=flex_for(settings.policy),
        )
        if self.flex_permissions is not None or entry is None:
            door = self._own_door(settings, model)
        entry, check = door.entry, object_check(self, request)
        if entry is not None and (rows is not None or check is not None):
            entry = replace(entry, check_object=check)
            entry = entry if rows is None else within(entry, rows, place_of(type(self)))
            # The same rows if a relation leads back to them.
            entries = {**door.policy.entries, entry.resource.label: entry}
            door = replace(door, policy=replace(door.policy, entries=entries), entry=entry)
        name = self._lookup(model)
        return replace(door, authenticate=known, challenge=self._challenge, key_name=name)

    def _model(self, rows: object) -> type[models.Model]:
        own: object = getattr(self, "queryset", None)
        found: type[models.Model] | None = (
            self.flex_model or getattr(rows, "model", None) or getattr(own, "model", None)
        )
        if found is None:
            raise ImproperlyConfigured(f"{place_of(type(self))} needs flex_model, or a queryset")
        return found

    def _lookup(self, model: type[models.Model]) -> str | None:
        """Return the field that identifies rows in URLs, ``None`` for the primary key."""
        name = str(getattr(self, "lookup_field", "pk"))
        pk = model._meta.pk
        return None if name in {"pk", pk.name, pk.attname} else name

    def _own_door(self, settings: Settings, model: type[models.Model]) -> Door:
        """Return the door for the permissions that the viewset declares."""
        grants = ViewGrants(
            model=model, permissions=self.flex_permissions or {}, place=place_of(type(self))
        )
        return view_door(settings, grants)

    @classmethod
    def declared_grants(cls, initkwargs: Mapping[str, Any]) -> ViewGrants | None:
        """Return what the class declares, for the system checks; ``None`` if code decides it.

        Args:
            initkwargs: what ``as_view`` was called with.
        """
        written = {name: initkwargs.get(name, getattr(cls, name, None)) for name in DECLARED}
        model = written["flex_model"] or getattr(written["queryset"], "model", None)
        permissions = written["flex_permissions"]
        if model is None or not isinstance(permissions, Mapping):
            return None
        return ViewGrants(
            model=check_model(model, place_of(cls)),
            permissions=permissions,
            place=place_of(cls),
            version=written["flex_version"],
        )

    def _challenge(self, request: HttpRequest, _settings: Settings) -> str:
        """Return the challenge of the viewset's authenticators."""
        found: str | None = self.get_authenticate_header(request)  # type: ignore[attr-defined]  # of the viewset
        return found or SESSION_CHALLENGE


class FlexViewSetMixin(_Views):
    """Gives a viewset the reads and writes of this API, with the same queries and replies.

    The viewset keeps its authentication, permissions and throttles; ``request.user`` is the caller.
    Each action does what its name says, whatever ``_action`` names. ``flex_model`` is the model, by
    default that of the queryset. ``flex_permissions`` has roles as in an entry of ``EXPOSE``; with
    ``None`` the model's entry there applies.
    """

    @classmethod
    def as_view(cls, actions: Mapping[str, str] | None = None, **initkwargs: Any) -> Any:
        """Return the view; QUERY (RFC 10008) is routed like GET for lists."""
        served = dict(actions or {})
        names = list(initkwargs.pop("http_method_names", getattr(cls, "http_method_names", [])))
        if served.get("get") in {"list", "retrieve"} and "get" in names:
            served.setdefault("query", served["get"])
            names.append("query")
        parent: Callable[..., Any] = super().as_view  # type: ignore[misc]  # of the viewset
        return parent(served, http_method_names=list(dict.fromkeys(names)), **initkwargs)

    def _answers(self, method: str) -> bool:
        """Whether a method calls one of our actions, and not one that the viewset defines."""
        names: Mapping[str, str] = getattr(self, "action_map", {})
        action = names.get(method.lower())
        own: object = getattr(FlexViewSetMixin, str(action), None)
        ours = action is None or (action in ACTIONS and getattr(type(self), action) is own)
        return ours or super()._answers(method)

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Return a list."""
        return self._flex(request, None, LIST)

    def retrieve(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return one row."""
        return self._flex(request, kwargs, GET)

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Add a row; a list as body adds several rows."""
        return self._flex(request, None, ADD)

    def update(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Edit a row; fields that are not sent do not change."""
        return self._flex(request, kwargs, EDIT)

    def partial_update(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Edit a row."""
        return self._flex(request, kwargs, EDIT)

    def destroy(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Delete a row."""
        return self._flex(request, kwargs, DELETE)

    def options(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Describe the model as the caller sees it."""
        response = self._flex(request, None, LIST)
        response.headers["Allow"] = self._allow()
        return response

    def http_method_not_allowed(
        self, request: Request, *_args: Any, **_kwargs: Any
    ) -> HttpResponseBase:
        """Refuse a method that the viewset does not support, with the usual error object."""
        error = MethodNotAllowedError(
            "This URL does not support this method",
            hint=worded("one of {}", self._allow()),
            headers={"Allow": self._allow()},
        )
        settings = get_settings(self.flex_version)
        result = flex_for(settings.policy).error(error)
        return render(request._request, result, settings)  # noqa: SLF001 - the documented way

    def _allow(self) -> str:
        names: list[str] = self.allowed_methods  # type: ignore[attr-defined]  # of the viewset
        return ", ".join(names)


class ActionMixin(_Views):
    """Gives a viewset the model actions of its model, at the same URLs as the other doors.

    These are ``GET actions/list/``, ``GET`` and ``POST actions/{id}/`` for the model and for a row,
    and ``GET {pk}/actions/``. The grants apply, and in addition the viewset's permissions (also
    those for objects), its throttles, and the rows of its ``get_queryset``.
    """

    @action(detail=False, methods=["get"], url_path="actions/list")
    def list_actions(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Describe the actions that the caller may run."""
        return self._act(request, None, None)

    @action(detail=False, methods=["get", "post"], url_path=rf"actions/{ACTION_ID}")
    def run_action(
        self, request: Request, action_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponseBase:
        """Run an action that is not on a single row, or describe any action."""
        return self._act(request, None, action_id)

    @action(detail=True, methods=["get"], url_path="actions")
    def list_row_actions(self, request: Request, *_args: Any, **kwargs: Any) -> HttpResponseBase:
        """Describe the actions that are available for a row now."""
        return self._act(request, kwargs, None)

    @action(detail=True, methods=["get", "post"], url_path=rf"actions/{ACTION_ID}")
    def run_row_action(
        self, request: Request, action_id: str, *_args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Run an action on one row."""
        return self._act(request, kwargs, action_id)

    def _answers(self, method: str) -> bool:
        """Whether a method calls a model action."""
        names: Mapping[str, str] = getattr(self, "action_map", {})
        found = names.get(method.lower())
        return found in ACTION_VIEWS or super()._answers(method)

    def _act(
        self, request: Request, kwargs: Mapping[str, object] | None, action_id: str | None
    ) -> HttpResponseBase:
        door = self._door(request)
        if kwargs is None:
            return self._serve(request, lambda: action_route(None, None, action_id), door)
        find = self._key(request, kwargs, door, None)
        return self._serve(request, lambda: action_route(None, find(), action_id), door)


def _keep_body(request: HttpRequest) -> None:
    """Read the body before REST framework does, because it can only be read once.

    A form is left to Django's parser, which keeps its files out of memory.
    """
    if is_form(request):
        return
    try:
        request.body  # noqa: B018 - Django keeps what this reads
    except (RequestDataTooBig, UnreadablePostError):
        logger.debug(
            "The body at %r cannot be read in advance; decoding it will report why", request.path
        )
