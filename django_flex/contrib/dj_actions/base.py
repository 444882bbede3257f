"""``ActionMixin`` of dj-actions: the actions of a registry below a viewset.

If the model is in ``EXPOSE``, the caller's role needs the action under ``ops``. If it is not, the
viewset alone decides, by its permission classes and its ``get_queryset``.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from django.utils.module_loading import import_string
from rest_framework.exceptions import ParseError
from rest_framework.response import Response

from django_flex.access.actor import Actor, Trusted
from django_flex.actions.answer import run_action
from django_flex.actions.declare.registry import registry
from django_flex.actions.run.describing import describe
from django_flex.actions.run.finding import available, find
from django_flex.actions.run.locking import may_run_on
from django_flex.conf import get_settings
from django_flex.contrib.dj_actions.registries import add_registry, on_behalf_of
from django_flex.contrib.viewset_rules import found_by
from django_flex.dialects.flex import flex_for
from django_flex.engine import ACTIONS, Call, resolve_call
from django_flex.exceptions import (
    ActionNotFoundError,
    AuthenticationError,
    FlexError,
    ValidationFailedError,
)
from django_flex.exceptions.places import worded
from django_flex.http.authentication import SESSION_CHALLENGE
from django_flex.http.writes import read_idempotency_key
from django_flex.plan.shape import FlexResult
from django_flex.policy.compile.entries import unrestricted
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from django.db.models import Model, QuerySet
    from rest_framework.request import Request

    from django_flex.conf import Settings
    from django_flex.contrib.dj_actions.interfaces import ActionConfig, SerializerClass, Viewset
    from django_flex.engine import ResolvedCall
    from django_flex.policy.model import Entry, Policy

_ROW_KEY = ":pk"


class BaseActionMixin:
    """The mixin without its routes.

    ``action_registry`` is the return value of ``enrich_actions``; ``flex_version`` the API version
    whose ``EXPOSE`` applies.
    """

    action_registry: ClassVar[Mapping[str, Any] | None] = None
    flex_version: ClassVar[str | None] = None

    def _action(
        self, request: Request, pk: str | None = None, action_id: str | None = None
    ) -> Response:
        """Run one action (POST), or describe it (GET)."""
        try:
            return self._answer(request, pk, str(action_id))
        except FlexError as error:
            return self._respond(FlexResult.from_error(error))

    def _answer(self, request: Request, pk: str | None, action_id: str) -> Response:
        wanted = "bulk" if pk is None else "instance"
        found = self._configs().get(action_id)
        asks = request.method == "GET"
        if (
            asks
            or found is None
            or found.get("type") != wanted
            or action_id not in self._runnable(request)
        ):
            known = dict(self._known(request, wanted))
            if action_id not in known:
                raise ActionNotFoundError(
                    hint=worded("one of {}", ", ".join(known)) if known else None
                )
            found = known[action_id]
        row = None if pk is None else self._row(request, action_id)
        if asks:
            return Response(self._describe(found, request, request.path, alone=True))
        asked = replace(
            self._call(request, action_id, self._payload(request, found, row)),
            if_match=request.headers.get("If-Match"),
            idempotency_key=read_idempotency_key(request._request),  # noqa: SLF001 - the documented way
        )
        with on_behalf_of(self._viewset(), request, (self._model(), action_id), found):
            return self._respond(self._engine(asked, action_id))

    def _row(self, request: Request, action_id: str) -> Model:
        """Return the row of the URL. Object permissions are not checked for hidden rows.

        Raises:
            ObjectNotFoundError: the row of an exposed model does not exist or is hidden.
        """
        settings = get_settings(self.flex_version)
        if settings.policy.entries.get(label_of(self._model())) is None:
            return self._viewset().get_object()
        resolved = self._resolved(request, action_id)
        backend = settings.backends.of(resolved.entry.resource)
        _, reach = find(resolved)
        row: Model = found_by(self, lambda row: may_run_on(backend, reach, row.pk, settings.limits))
        return row

    def _respond(self, result: FlexResult) -> Response:
        """Return a result as a response; for an invalid form, its errors by field."""
        headers = dict(result.headers)
        if isinstance(result.error, AuthenticationError):
            found = self._viewset().get_authenticate_header(self._viewset().request)
            headers["WWW-Authenticate"] = found or SESSION_CHALLENGE
        if isinstance(result.error, ValidationFailedError):
            return Response(result.error.fields, status=400, headers=headers)
        return Response(result.to_dict(), status=result.status_code, headers=headers)

    def _engine(self, call: Call, operation: str) -> FlexResult:
        return (describe if operation == ACTIONS else run_action)(call)

    def _policy(self, settings: Settings) -> tuple[Policy, Entry]:
        """Return the policy and the model's entry in it; without one, an unrestricted entry."""
        entry = settings.policy.entries.get(label_of(self._model()))
        if entry is None:
            return unrestricted(settings.policy, label_of(self._model()))
        return settings.policy, entry

    def _runnable(self, request: Request) -> set[str]:
        """Return the actions that the caller may run, without counting a request."""
        return {one.id for one in available(self._resolved(request, ACTIONS))}

    def _resolved(self, request: Request, operation: str) -> ResolvedCall:
        """Return the call for a request, and the caller's grant on the model."""
        _, entry = self._policy(get_settings(self.flex_version))
        call = self._call(request, operation, {})
        return resolve_call(call, call.entry or entry)

    def _call(self, request: Request, operation: str, payload: Mapping[str, object]) -> Call:
        settings = get_settings(self.flex_version)
        policy, entry = self._policy(settings)
        exposed = settings.policy.entries.get(label_of(self._model())) is not None
        made = Actor if exposed else Trusted
        actor = made(request.user, request._request)  # noqa: SLF001 - the documented way
        return Call(
            settings=settings,
            dialect=flex_for(settings.policy),
            policy=policy,
            entry=entry,
            resource=self._model()._meta.label_lower,
            operation=operation,
            payload=payload,
            actor=actor,
        )

    def _payload(
        self, request: Request, config: ActionConfig, row: Model | None
    ) -> dict[str, object]:
        """Return the payload: control keys, and inputs that the form has fields for."""
        sent: object = request.data
        if isinstance(sent, QueryDict):
            # A repeated key is a list.
            sent = {k: v if len(v) > 1 else v[0] for k, v in sent.lists() if v}
        if not isinstance(sent, dict):
            raise ParseError("The input of an action has to be an object")
        names: Container[object] = getattr(import_string(config["form"]), "base_fields", {})
        known = {k: v for k, v in sent.items() if k in names or str(k).startswith("_")}
        return known if row is None else {**known, "_id": row.pk}

    def _viewset(self) -> Viewset:
        return cast("Viewset", self)

    def _model(self) -> type[Model]:
        found: QuerySet[Model] | None = getattr(self, "queryset", None)
        return (self._viewset().get_queryset() if found is None else found).model

    def _configs(self) -> Mapping[str, ActionConfig]:
        """Return the actions of the registry, after registering them.

        Raises:
            ImproperlyConfigured: there is no registry.
        """
        if self.action_registry is None:
            raise ImproperlyConfigured(
                f"{type(self).__qualname__} has no action_registry; without one use "
                "django_flex.contrib.rest_framework.ActionMixin"
            )
        add_registry(self._model(), self.action_registry, place=type(self).__qualname__)
        found: Mapping[str, ActionConfig] = self.action_registry.get("actions", {})
        return found

    def _known(self, request: Request, kind: str) -> Iterator[tuple[str, ActionConfig]]:
        """Yield the actions of a type that the caller may run."""
        configs, granted = self._configs(), self._granted(request)
        for name, config in configs.items():
            there = registry.has_own(self._model(), name)
            if config.get("type") == kind and there and name in granted:
                yield name, {**config, "id": name}

    def _granted(self, request: Request) -> set[str]:
        """Return the ids of the granted actions; all of them if the model is not exposed.

        Raises:
            FlexError: the caller may not use the model.
        """
        if get_settings(self.flex_version).policy.entries.get(label_of(self._model())) is None:
            return self._runnable(request)
        described = self._engine(self._call(request, ACTIONS, {}), ACTIONS)
        if described.error is not None:
            raise described.error
        lists = (found for found in described.data.values() if isinstance(found, list))
        return {one["id"] for found in lists for one in found}

    def _docs(self) -> Response:
        """Return the actions of the registry by type, with their URLs."""
        request = self._viewset().request
        base = request.path.removesuffix("actions/list/")
        own: dict[str, object] = dict(self.action_registry or {})
        own.pop("actions", None)
        urls = {"bulk": f"{base}actions/", "instance": f"{base}{_ROW_KEY}/actions/"}
        lists = {
            f"{kind}_actions": [
                self._describe(config, request, f"{url}{name}/", alone=False)
                for name, config in self._known(request, kind)
            ]
            for kind, url in urls.items()
        }
        return Response({**deepcopy(own), "basepath": own.get("basepath") or base, **lists})

    def _describe(
        self, config: ActionConfig, request: Request, url: str, *, alone: bool
    ) -> dict[str, object]:
        """Return a copy of a definition with its fields and the schema of its input."""
        action_id = str(config["id"])
        with on_behalf_of(self._viewset(), request, (self._model(), action_id), config):
            adapter = registry.get(self._model(), action_id).input  # type: ignore[union-attr]  # found before
            described: dict[str, object] = {**deepcopy(dict(config)), "url": url}
            described |= {"fields": adapter.fields(), "input": adapter.schema()}
            return {**described, "example_response": self._example(config)} if alone else described

    def _example(self, config: ActionConfig) -> list[object]:
        path = config.get("serializer")
        if path is False:
            return []
        kind: SerializerClass = (
            import_string(path) if path else self._viewset().get_serializer_class()
        )
        return [kind().data]
