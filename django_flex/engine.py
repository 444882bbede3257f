"""The pipeline, whole: parse, authorize, plan, read, shape. Every door ends here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_flex import audit
from django_flex.backends.orm.reads import read
from django_flex.conf import get_settings
from django_flex.exceptions import (
    AuthenticationRequiredError,
    FlexError,
    QueryError,
    ResourceNotFoundError,
    UnsupportedQueryError,
)
from django_flex.permissions.authorize import authorize
from django_flex.permissions.compiler import unrestricted
from django_flex.permissions.roles import Actor
from django_flex.plan.planner import make_plan
from django_flex.plan.shape import FlexResult, shape
from django_flex.query.parser import as_mapping, parse_operation, parse_query
from django_flex.signals import query_executed

if TYPE_CHECKING:
    from django.db import models

    from django_flex.conf import Settings
    from django_flex.permissions.policy import Entry, Policy

READ_OPERATIONS = frozenset({"get", "list"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlexRequest:
    """One question of one caller, from whatever door.

    ``operation`` is canonical (``get``, ``list``); ``payload`` is the untrusted query object.
    """

    resource: str
    operation: str
    payload: Mapping[str, Any]
    actor: Actor
    lenient: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


def run(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
) -> FlexResult:
    """Answer a request; an error of ours becomes a result that says so.

    Args:
        request: what is asked, and by whom.
        settings: of the API version.
        policy: in place of the version's own, for doors with grants of their own.
        entry: the model's entry, when the door knows it already.
    """
    started = time.perf_counter()
    try:
        result = answer(request, settings, policy or settings.policy, entry)
    except FlexError as error:
        result = FlexResult.from_error(error)
    elapsed = (time.perf_counter() - started) * 1_000
    _observe(request, settings, result, elapsed)
    return _with_status(result, settings)


def _with_status(result: FlexResult, settings: Settings) -> FlexResult:
    """Put the status into the object, where every reply is to be HTTP 200."""
    if not settings.always_http_200:
        return result
    return replace(result, data={"status_code": result.status_code, **result.data})


def answer(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry | None
) -> FlexResult:
    """Run the pipeline.

    Raises:
        FlexError: whatever is wrong with the request, or with the database.
    """
    if settings.require_authentication and not request.actor.is_authenticated:
        raise AuthenticationRequiredError
    found = entry or find_entry(policy, request.resource)
    if request.operation not in READ_OPERATIONS:
        raise UnsupportedQueryError(
            f"'{request.operation}' is not supported by this version",
            path="_action",
            hint="one of get, list",
        )
    query = parse_query(
        request.payload,
        settings.limits,
        resource=found.name,
        operation=request.operation,
        lenient=request.lenient,
    )
    authorized = authorize(query, policy, request.actor, found, settings.limits)
    plan = make_plan(authorized)
    return shape(plan, read(plan))


async def arun(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
) -> FlexResult:
    """Answer a request from asynchronous code; the ORM works in Django's own thread."""
    return await sync_to_async(run, thread_sensitive=True)(request, settings, policy, entry)


def find_entry(policy: Policy, name: str) -> Entry:
    """Return the entry that a name in a URL or in ``_model`` stands for.

    Raises:
        ResourceNotFoundError: none does, or the model is not exposed: both look the same.
    """
    entry = policy.names.get(name) or policy.names.get(name.lower())
    if entry is None:
        raise ResourceNotFoundError("There is no such model")
    return entry


def default_operation(payload: Mapping[str, Any]) -> str:
    """Return what a query object asks for: its ``_action``, else get with a key, list without."""
    has_key = "_id" in payload or "id" in payload
    return parse_operation(payload, "get" if has_key else "list")


def _observe(
    request: FlexRequest, settings: Settings, result: FlexResult, milliseconds: float
) -> None:
    if settings.audit_queries:
        audit.record(
            user=request.actor.user,
            resource=request.resource,
            operation=request.operation,
            payload=request.payload,
            status=result.status_code,
            ms=milliseconds,
        )
    if query_executed.receivers:
        query_executed.send_robust(
            sender=None, request=request, result=result, milliseconds=milliseconds
        )


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

    def unrestricted(self) -> FlexQuery:
        """Return a query that no permission narrows, for code that means to bypass them."""
        free = FlexQuery(self._model, version=self._version)
        free._unrestricted = True
        return free

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
            return _with_status(FlexResult.from_error(error), settings)
        return run(request, settings, policy, entry)

    async def aexecute(
        self, spec: Mapping[str, Any] | None = None, *, user: Any = None
    ) -> FlexResult:
        """Run a query object from asynchronous code; otherwise like ``execute``."""
        return await sync_to_async(self.execute, thread_sensitive=True)(spec, user=user)

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
        if payload.get("_model") not in {None, name, entry.name if entry else name}:
            raise QueryError("'_model' is given by the code here", path="_model")
        request = FlexRequest(
            resource=name, operation=default_operation(payload), payload=payload, actor=actor
        )
        return request, policy, entry


class Trusted(Actor):
    """The caller of an unrestricted query: the code itself, whoever the user is."""

    __slots__ = ()

    @property
    def is_authenticated(self) -> bool:
        """Always: the code vouches for the query."""
        return True
