"""``ActionMixin`` of dj-actions: the actions of a registry below a viewset.

Where ``EXPOSE`` has the model, the role of the caller has to have the action under ``ops``. Where
it has not, the viewset alone decides, by its permission classes and its ``get_queryset``.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from django.utils.module_loading import import_string
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.response import Response

from django_flex.actions.describing import describe
from django_flex.actions.dj_actions import add_registry, served_by
from django_flex.actions.registry import registry
from django_flex.actions.running import run_action
from django_flex.conf import get_settings
from django_flex.engine import ACTIONS, FlexRequest
from django_flex.engine.programmatic import Trusted
from django_flex.exceptions import ActionNotFoundError, FlexError, ValidationFailedError
from django_flex.http.writes import read_idempotency_key
from django_flex.permissions.compiler import unrestricted
from django_flex.permissions.roles import Actor
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rest_framework.request import Request

#: ``list`` is a word of the URLs, and no action.
_ID = r"(?P<action_id>[^/.]+)"
_PLACE = ":pk"


class BaseActionMixin:
    """What the mixin does, without its routes.

    ``action_registry``: what ``enrich_actions`` gave; ``flex_version``: whose ``EXPOSE`` applies.
    """

    action_registry: ClassVar[Mapping[str, Any] | None] = None
    flex_version: ClassVar[str | None] = None

    def _action(self, request: Request, pk: Any = None, action_id: str | None = None) -> Response:
        """Answer about one action: POST runs it, GET tells of it."""
        try:
            return self._answer(request, pk, str(action_id))
        except FlexError as error:
            return _respond(FlexResult.from_error(error))

    def _answer(self, request: Request, pk: Any, action_id: str) -> Response:
        wanted = "bulk" if pk is None else "instance"
        found = self._configs().get(action_id)
        asks = request.method == "GET"
        if asks or found is None or found.get("type") != wanted:
            known = dict(self._known(request, wanted))
            if action_id not in known:
                raise ActionNotFoundError(hint=f"one of {', '.join(known)}" if known else None)
            found = known[action_id]
        row = None if pk is None else self.get_object()  # type: ignore[attr-defined]  # of the viewset
        if asks:
            return Response(self._told(found, request, request.path, alone=True))
        asked = replace(
            self._asked(request, action_id, self._payload(request, found, row)),
            if_match=request.headers.get("If-Match"),
            idempotency_key=read_idempotency_key(request._request),  # noqa: SLF001 - the documented way
        )
        with served_by(self, request, (self._model(), action_id), found):
            return _respond(self._engine(asked, action_id))

    def _engine(self, asked: FlexRequest, operation: str) -> FlexResult:
        model = self._model()
        settings = get_settings(self.flex_version)
        policy, entry = settings.policy, settings.policy.entries.get(model)
        if entry is None:
            policy, entry = unrestricted(policy, model)
        return (describe if operation == ACTIONS else run_action)(asked, settings, policy, entry)

    def _asked(self, request: Request, operation: str, payload: Mapping[str, Any]) -> FlexRequest:
        exposed = self._model() in get_settings(self.flex_version).policy.entries
        made = Actor if exposed else Trusted
        actor = made(request.user, request._request)  # noqa: SLF001 - the documented way
        return FlexRequest(
            resource=self._model()._meta.label_lower,
            operation=operation,
            payload=payload,
            actor=actor,
        )

    def _payload(self, request: Request, config: Mapping[str, Any], row: Any) -> dict[str, Any]:
        """Return what was sent as an object: control keys, and what the form has a field for."""
        sent: Any = request.data
        if isinstance(sent, QueryDict):
            # A key that is sent twice is a list.
            sent = {k: v if len(v) > 1 else v[0] for k, v in sent.lists() if v}
        if not isinstance(sent, dict):
            raise ParseError("The input of an action is an object")
        names = getattr(import_string(config["form"]), "base_fields", {})
        kept = {k: v for k, v in sent.items() if k in names or str(k).startswith("_")}
        return kept if row is None else {**kept, "_id": row.pk}

    def _model(self) -> Any:
        found: Any = getattr(self, "queryset", None)
        return (self.get_queryset() if found is None else found).model  # type: ignore[attr-defined]  # of the viewset

    def _configs(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the actions of the registry, which are known to ours afterwards.

        Raises:
            ImproperlyConfigured: there is no registry.
        """
        if self.action_registry is None:
            raise ImproperlyConfigured(
                f"{type(self).__qualname__} has no action_registry; without one use "
                "django_flex.contrib.rest_framework.ActionMixin"
            )
        add_registry(self._model(), self.action_registry, place=type(self).__qualname__)
        found: Mapping[str, Mapping[str, Any]] = self.action_registry.get("actions", {})
        return found

    def _known(self, request: Request, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the actions of a type that the caller may run."""
        configs, granted = self._configs(), self._granted(request)
        for name, config in configs.items():
            there = registry.has_own(self._model(), name)
            if config.get("type") == kind and there and (granted is None or name in granted):
                yield name, {**config, "id": name}

    def _granted(self, request: Request) -> set[str] | None:
        """Return the actions in the caller's grant; ``None`` where there are no grants.

        Raises:
            FlexError: the caller may not even ask.
        """
        if self._model() not in get_settings(self.flex_version).policy.entries:
            return None
        told = self._engine(self._asked(request, ACTIONS, {}), ACTIONS)
        if told.error is not None:
            raise told.error
        lists = (found for found in told.data.values() if isinstance(found, list))
        return {one["id"] for found in lists for one in found}

    def _docs(self) -> Response:
        """Answer with the registry: what there is, of which type, at which URL."""
        request: Request = self.request  # type: ignore[attr-defined]  # of the viewset
        base = request.path.removesuffix("actions/list/")
        own = dict(self.action_registry or {})
        own.pop("actions", None)
        places = {"bulk": f"{base}actions/", "instance": f"{base}{_PLACE}/actions/"}
        lists = {
            f"{kind}_actions": [
                self._told(config, request, f"{place}{name}/", alone=False)
                for name, config in self._known(request, kind)
            ]
            for kind, place in places.items()
        }
        return Response({**deepcopy(own), "basepath": own.get("basepath") or base, **lists})

    def _told(
        self, config: Mapping[str, Any], request: Request, url: str, *, alone: bool
    ) -> dict[str, Any]:
        """Return a definition with what can be sent; what is in the registry stays as it is."""
        action_id = str(config["id"])
        with served_by(self, request, (self._model(), action_id), config):
            adapter: Any = registry.get(self._model(), action_id).input  # type: ignore[union-attr]  # found before
            told = {**deepcopy(dict(config)), "url": url}
            told |= {"fields": adapter.fields(), "input": adapter.schema()}
            return {**told, "example_response": self._example(config)} if alone else told

    def _example(self, config: Mapping[str, Any]) -> list[Any]:
        path = config.get("serializer")
        if path is False:
            return []
        kind: Any = import_string(path) if path else self.get_serializer_class()  # type: ignore[attr-defined]  # of the viewset
        return [kind().data]


def _respond(result: FlexResult) -> Response:
    """Return a result as REST framework does; of a form that is not valid, its errors."""
    if isinstance(result.error, ValidationFailedError):
        return Response(result.error.fields, status=400, headers=dict(result.headers))
    return Response(result.to_dict(), status=result.status_code, headers=dict(result.headers))


class ActionMixin(BaseActionMixin):
    """Gives a viewset the actions of its ``action_registry``, at the URLs of dj-actions."""

    @action(detail=False, methods=["get"], url_path="actions/list")
    def action_docs(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Tell which actions the caller may run."""
        try:
            return self._docs()
        except FlexError as error:
            return _respond(FlexResult.from_error(error))

    @action(detail=False, methods=["get", "post"], url_path=f"actions/{_ID}")
    def bulk_actions(self, request: Request, action_id: str, **_kwargs: Any) -> Response:
        """Run an action that is about no single row, or tell of it."""
        return self._action(request, action_id=action_id)

    @action(detail=True, methods=["get", "post"], url_path=f"actions/{_ID}")
    def actions(self, request: Request, action_id: str, **kwargs: Any) -> Response:
        """Run an action on one row, or tell of it."""
        name: Any = self.lookup_url_kwarg or self.lookup_field  # type: ignore[attr-defined]  # of the viewset
        return self._action(request, kwargs[name], action_id)
