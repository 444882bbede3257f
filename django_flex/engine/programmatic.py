"""``FlexQuery``: the pipeline for code, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_flex.conf import get_settings
from django_flex.engine.pipeline import observed, run, with_status
from django_flex.engine.request import FlexRequest, default_operation, find_entry
from django_flex.exceptions import FlexError, QueryError
from django_flex.permissions.compiler import unrestricted
from django_flex.permissions.roles import Actor
from django_flex.plan.shape import FlexResult
from django_flex.query.parser import as_mapping

if TYPE_CHECKING:
    from django.db import models

    from django_flex.conf import Settings
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.plan.streams import Stream


class FlexQuery:
    """The programmatic door: the same query, the same permissions, the same reply.

    Args:
        model: a model class, or its name in ``EXPOSE``.
        version: the API version whose settings apply.

    Raises:
        KeyError: there is no such version.
    """

    def __init__(self, model: type[models.Model] | str, *, version: str | None = None) -> None:
        self._model = model
        self._version = version
        self._unrestricted = False
        self._by_operator = False

    def unrestricted(self) -> FlexQuery:
        """Return a query that no permission narrows, for code that means to bypass them."""
        free = FlexQuery(self._model, version=self._version)
        free._unrestricted, free._by_operator = True, self._by_operator
        return free

    def by_operator(self) -> FlexQuery:
        """Return a query that may ``explain`` and ``export`` whatever the user may list or get.

        For command lines: fields and rows stay those of the user, no rate limit counts it.
        """
        operated = FlexQuery(self._model, version=self._version)
        operated._unrestricted, operated._by_operator = self._unrestricted, True
        return operated

    def execute(self, spec: Mapping[str, Any] | None = None, *, user: Any = None) -> FlexResult:
        """Run a query object as a user; no user is an anonymous one.

        Args:
            spec: the query, as a client would send it; ``_action`` and ``_id`` work.
            user: whose permissions apply.

        Returns:
            The result; errors are in it (``ok``, ``error``, ``status_code``), never raised.
        """
        settings = get_settings(self._version)
        try:
            request, policy, entry = self._prepare(spec or {}, user, settings)
        except FlexError as error:
            return with_status(FlexResult.from_error(error), settings)
        return run(request, settings, policy, entry)

    async def aexecute(
        self, spec: Mapping[str, Any] | None = None, *, user: Any = None
    ) -> FlexResult:
        """Run a query object from asynchronous code; otherwise like ``execute``."""
        return await sync_to_async(self.execute, thread_sensitive=True)(spec, user=user)

    def stream(self, spec: Mapping[str, Any] | None = None, *, user: Any = None) -> Stream:
        """Return a list as a stream of bytes; iterate over it, then close it.

        Args:
            spec: the query; its ``format`` is ``ndjson`` (the default), ``csv`` or ``json``.
            user: whose permissions apply.

        Raises:
            FlexError: what is wrong with the query; later, what ends a stream of CSV or JSON.
        """
        settings = get_settings(self._version)
        request, policy, entry = self._prepare(spec or {}, user, settings)
        if request.operation != "list":
            raise QueryError("Only a list can be streamed", path="_action")
        asked = replace(request, streams=True, accepts="ndjson")
        result = observed(asked, settings, policy, entry)
        if result.stream is None:
            raise QueryError("The plan of a query cannot be streamed", path="explain")
        return result.stream

    def _prepare(
        self, spec: Mapping[str, Any], user: Any, settings: Settings
    ) -> tuple[FlexRequest, Policy, Entry | None]:
        payload = as_mapping(spec, "spec")
        policy, entry, name = settings.policy, None, str(self._model)
        actor: Any = Actor(user)
        if not isinstance(self._model, str):
            name = str(self._model._meta.label_lower)
            entry = policy.entries.get(self._model)
        elif self._unrestricted:
            entry = find_entry(policy, name)
        if self._unrestricted:
            model = entry.resource.model if isinstance(self._model, str) and entry else self._model
            policy, entry = unrestricted(policy, model)  # type: ignore[arg-type]  # a class by now
            actor = Trusted(user)
        # A tuple, since what was sent need not be hashable.
        if payload.get("_model") not in (None, name, entry.name if entry else name):
            raise QueryError("'_model' is given by the code here", path="_model")
        request = FlexRequest(
            resource=name,
            operation=default_operation(payload),
            payload=payload,
            actor=actor,
            by_operator=self._by_operator,
        )
        return request, policy, entry


class Trusted(Actor):
    """The caller of an unrestricted query: the code itself, whoever the user is."""

    __slots__ = ()

    @property
    def is_authenticated(self) -> bool:
        """Always: the code vouches for the query."""
        return True
