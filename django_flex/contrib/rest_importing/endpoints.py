"""The views of REST framework in the URLs of a project, and which code of theirs is its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.urls import URLResolver, get_resolver
from rest_framework import generics, mixins
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Operation: TypeAlias = Literal["list", "get", "add", "edit", "delete"]
#: What each action of a viewset is here.
OPERATIONS: Mapping[str, Operation] = {
    "list": "list",
    "retrieve": "get",
    "create": "add",
    "update": "edit",
    "partial_update": "edit",
    "destroy": "delete",
}
#: The methods of mixins that do what we do.
_KNOWN: Mapping[str, Any] = {
    "list": mixins.ListModelMixin.list,
    "retrieve": mixins.RetrieveModelMixin.retrieve,
    "create": mixins.CreateModelMixin.create,
    "update": mixins.UpdateModelMixin.update,
    "partial_update": mixins.UpdateModelMixin.partial_update,
    "destroy": mixins.DestroyModelMixin.destroy,
}
#: What every request goes through.
_ALWAYS = (
    *("setup", "dispatch", "initialize_request", "initial"),
    *("determine_version", "perform_content_negotiation", "get_authenticators"),
    *("perform_authentication", "check_permissions", "check_throttles", "finalize_response"),
)
_ROW = ("get_object", "filter_queryset", "check_object_permissions")
#: Further methods that an action calls, and that may do anything.
_CALLED: Mapping[str, tuple[str, ...]] = {
    "list": (
        *("filter_queryset", "paginate_queryset", "paginator", "get_paginated_response"),
        "get_serializer",
    ),
    "retrieve": (*_ROW, "get_serializer"),
    "create": ("get_serializer",),
    "update": (*_ROW, "get_serializer"),
    "partial_update": (*_ROW, "get_serializer", "update"),
    "destroy": (*_ROW, "perform_destroy"),
}
_BASES: tuple[type, ...] = (
    ViewSetMixin,
    mixins.DestroyModelMixin,
    mixins.UpdateModelMixin,
    generics.GenericAPIView,
    APIView,
)
#: The decorators of Django and REST framework that ``as_view`` puts around a view.
_WRAPPED_BY = frozenset(
    {"django.views.decorators.csrf", "django.views.generic.base"}
    | {"rest_framework.views", "rest_framework.viewsets"}
)
#: The functions of the generic views, which call an action each.
_GENERIC = {
    "get": {
        generics.ListAPIView.get: "list",
        generics.ListCreateAPIView.get: "list",
        generics.RetrieveAPIView.get: "retrieve",
        generics.RetrieveUpdateAPIView.get: "retrieve",
        generics.RetrieveDestroyAPIView.get: "retrieve",
        generics.RetrieveUpdateDestroyAPIView.get: "retrieve",
    },
    "post": {generics.CreateAPIView.post: "create", generics.ListCreateAPIView.post: "create"},
    "put": {
        generics.UpdateAPIView.put: "update",
        generics.RetrieveUpdateAPIView.put: "update",
        generics.RetrieveUpdateDestroyAPIView.put: "update",
    },
    "patch": {
        generics.UpdateAPIView.patch: "partial_update",
        generics.RetrieveUpdateAPIView.patch: "partial_update",
        generics.RetrieveUpdateDestroyAPIView.patch: "partial_update",
    },
    "delete": {
        generics.DestroyAPIView.delete: "destroy",
        generics.RetrieveDestroyAPIView.delete: "destroy",
        generics.RetrieveUpdateDestroyAPIView.delete: "destroy",
    },
}
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A view at a URL.

    ``actions`` has the action of each HTTP method, ``lost`` why a method is not understood, and
    ``extra`` the names of further actions.
    """

    view: type[Any]
    initkwargs: Mapping[str, Any]
    route: str
    actions: Mapping[str, str]
    lost: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The dotted path of the class."""
        return f"{self.view.__module__}.{self.view.__qualname__}"


def find_endpoints() -> list[Endpoint]:
    """Return the views of the project, in the order of its URLs; each view with its actions once."""
    found: dict[tuple[object, ...], Endpoint] = {}
    for route, callback in _callbacks(get_resolver(), "/"):
        view = getattr(callback, "cls", None)
        if not isinstance(view, type) or not issubclass(view, APIView) or _is_tool(view):
            continue
        endpoint = _endpoint(route, callback, view)
        key = (view, *sorted(endpoint.actions.items()), *sorted(endpoint.lost.items()))
        found.setdefault(key, endpoint)
    return [*found.values()]


def _callbacks(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _callbacks(pattern, route)
        else:
            yield route, pattern.callback


def _is_tool(view: type) -> bool:
    """Whether a view is one of REST framework itself, or one of ours: the root, the schema."""
    return view.__module__.startswith(("rest_framework.", "django_flex.", "drf_spectacular."))


def _endpoint(route: str, callback: Any, view: type[Any]) -> Endpoint:
    initkwargs: Mapping[str, Any] = getattr(callback, "initkwargs", {})
    allowed = [name.lower() for name in initkwargs.get("http_method_names", view.http_method_names)]
    wanted = _actions(callback, view)
    actions: dict[str, str] = {}
    lost: dict[str, str] = {}
    for method in (one for one in wanted if one in allowed):
        action, reason = wanted[method]
        reason = reason or _wrapper(callback) or _own_code(view, action)
        if reason:
            lost[method] = reason
        else:
            actions[method] = action
    return Endpoint(view, initkwargs, route, actions, lost)


def _actions(callback: Any, view: type[Any]) -> Mapping[str, tuple[str, str]]:
    """Return the action of each method, and why it is not understood."""
    if issubclass(view, ViewSetMixin):
        routed: Mapping[str, str] = getattr(callback, "actions", None) or {}
        return {method: (name, "") for method, name in routed.items() if method in _METHODS}
    found: dict[str, tuple[str, str]] = {}
    for method in _METHODS:
        handler = getattr(view, method, None)
        if handler is not None:
            action = _GENERIC[method].get(handler, "")
            found[method] = action, "" if action else f"'{method}' is code of the view"
    return found


def _wrapper(callback: Any) -> str:
    """Return why a callback does more than its view: it is decorated, so that others may be let in."""
    here = callback
    while here is not None and not isinstance(here, type):
        module = str(getattr(here, "__globals__", {}).get("__name__", ""))
        if module not in _WRAPPED_BY:
            return f"the view is wrapped by code of {module or 'another kind'}"
        here = getattr(here, "__wrapped__", None)
    return ""


def _own_code(view: type[Any], action: str) -> str:
    """Return which method of a view is not that of REST framework."""
    if action not in _KNOWN:
        return f"'{action}' is an action of its own: write it as a model action"
    if getattr(view, action, None) is not _KNOWN[action]:
        return f"'{action}' is code of the view"
    for name in (*_ALWAYS, *_CALLED[action]):
        if not _is_known(view, name):
            return f"'{name}' is code of the view"
    return ""


def _is_known(view: type[Any], name: str) -> bool:
    here = getattr(view, name, None)
    return any(here is getattr(base, name, here) for base in _BASES if hasattr(base, name))
