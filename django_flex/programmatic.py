"""``FlexQuery``: the pipeline for code, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_flex.access.actor import Actor, Trusted
from django_flex.access.roles import policy_of_role
from django_flex.conf import get_settings
from django_flex.dialects.flex import flex_for
from django_flex.dialects.flex.operations import default_operation
from django_flex.dialects.flex.parser import as_mapping
from django_flex.engine import Call, execute, execute_or_raise, find_entry, with_status
from django_flex.exceptions import FlexError, QueryError
from django_flex.plan.shape import FlexResult
from django_flex.policy.compile.entries import unrestricted
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from django.db import models

    from django_flex.conf import Settings
    from django_flex.plan.streams import Stream


class FlexQuery:
    """Runs queries from Python code, with the same permissions and reply as any other door.

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
        self._role: str | None = None
        self._door: str | None = None
        self._operator: object = None

    def unrestricted(self) -> FlexQuery:
        """Return a query that ignores permissions, for code that bypasses them on purpose."""
        free = FlexQuery(self._model, version=self._version)
        free._unrestricted, free._by_operator = True, self._by_operator
        free._role, free._door, free._operator = self._role, self._door, self._operator
        return free

    def by_operator(
        self, role: str | None = None, *, door: str | None = None, operator: object = None
    ) -> FlexQuery:
        """Return a query that may ``explain`` and ``export`` whatever the user may list or get.

        For the command line: fields and rows are still those of the user, and no rate limit counts
        it.

        Args:
            role: what the user is on each model that names this role, whatever else is known of it.
            door: where the query came in, for the log.
            operator: the user who asks in the name of another one, for the log.
        """
        operated = FlexQuery(self._model, version=self._version)
        operated._unrestricted, operated._by_operator = self._unrestricted, True
        operated._role, operated._door, operated._operator = role, door, operator
        return operated

    def execute(
        self, spec: Mapping[str, object] | None = None, *, user: object = None
    ) -> FlexResult:
        """Run a query object as a user; without one the caller is anonymous.

        Args:
            spec: the query, as a client would send it; ``_action`` and ``_id`` work.
            user: whose permissions apply.

        Returns:
            The result. Errors of the query or the database are in it and not raised (``ok``,
                ``error``, ``status_code``).

        Raises:
            Exception: raised by code of the project, unless it refuses a write: see "Exceptions in
                the project's code" in the documentation.
        """
        settings = get_settings(self._version)
        try:
            call = self._call(spec or {}, user, settings)
        except FlexError as error:
            return with_status(FlexResult.from_error(error), settings)
        return execute(call)

    async def aexecute(
        self, spec: Mapping[str, object] | None = None, *, user: object = None
    ) -> FlexResult:
        """Run a query object from asynchronous code; otherwise like ``execute``."""
        return await sync_to_async(self.execute, thread_sensitive=True)(spec, user=user)

    def stream(self, spec: Mapping[str, object] | None = None, *, user: object = None) -> Stream:
        """Return a list as a stream of bytes; iterate over it, then close it.

        Args:
            spec: the query; its ``format`` is ``ndjson`` (the default), ``csv`` or ``json``.
            user: whose permissions apply.

        Raises:
            FlexError: the query is invalid; while reading, an error that ends a stream of CSV or
                JSON.
        """
        settings = get_settings(self._version)
        call = self._call(spec or {}, user, settings)
        if call.operation != "list":
            raise QueryError("Only a list can be streamed", path="_action")
        result = execute_or_raise(replace(call, streams=True, accepts="ndjson"))
        if result.stream is None:
            raise QueryError("The plan of a query cannot be streamed", path="explain")
        return result.stream

    def _call(self, spec: Mapping[str, object], user: object, settings: Settings) -> Call:
        payload = as_mapping(spec, "spec")
        policy, entry, name = settings.policy, None, str(self._model)
        if self._role is not None:
            policy = policy_of_role(policy, self._role)
            # The role is what was asked for; nobody has to have signed in for it.
            settings = replace(settings, require_authentication=False)
        actor: Any = Actor(user)
        if not isinstance(self._model, str):
            name = label_of(self._model)
            entry = policy.entries.get(name)
        elif self._unrestricted:
            entry = find_entry(policy, name)
        if self._unrestricted:
            by_name = isinstance(self._model, str) and entry is not None
            policy, entry = unrestricted(
                policy, entry.resource.label if by_name and entry else name
            )
            actor = Trusted(user)
        # A tuple, since the value may not be hashable.
        if payload.get("_model") not in (None, name, entry.name if entry else name):
            raise QueryError("'_model' is set by FlexQuery", path="_model")
        return Call(
            settings=settings,
            dialect=flex_for(policy),
            policy=policy,
            entry=entry,
            resource=name,
            operation=default_operation(payload),
            payload=payload,
            actor=actor,
            by_operator=self._by_operator,
            door=self._door,
            operator=self._operator,
        )
