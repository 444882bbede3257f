"""``FlexAction``: model actions for code, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_flex.actions.running import run_action
from django_flex.conf import get_settings
from django_flex.engine import FlexRequest
from django_flex.engine.pipeline import with_status
from django_flex.engine.programmatic import Trusted
from django_flex.engine.request import find_entry
from django_flex.exceptions import FlexError, QueryError
from django_flex.permissions.compiler import unrestricted
from django_flex.permissions.roles import Actor
from django_flex.plan.shape import FlexResult
from django_flex.query.parser import as_mapping

if TYPE_CHECKING:
    from django.db import models


class FlexAction:
    """The programmatic door: the same action, the same permissions, the same reply.

    Args:
        model: a model class, or its name in ``EXPOSE``.
        action_id: the id of the action.
        version: the API version whose settings apply.
    """

    def __init__(
        self, model: type[models.Model] | str, action_id: str, *, version: str | None = None
    ) -> None:
        self._model = model
        self._action_id = action_id
        self._version = version
        self._unrestricted = False
        self._by_operator = False

    def unrestricted(self) -> FlexAction:
        """Return an action that no permission narrows, for code that means to bypass them."""
        free = FlexAction(self._model, self._action_id, version=self._version)
        free._unrestricted, free._by_operator = True, self._by_operator
        return free

    def by_operator(self) -> FlexAction:
        """Return an action that somebody at the command line runs in the name of a user.

        The limits of rates are the user's own, so it is not counted.
        """
        operated = FlexAction(self._model, self._action_id, version=self._version)
        operated._unrestricted, operated._by_operator = self._unrestricted, True
        return operated

    def execute(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        pk: Any = None,
        user: Any = None,
        idempotency_key: str | None = None,
        background: bool | None = None,
        dry_run: bool = False,
    ) -> FlexResult:
        """Run the action as a user; no user is an anonymous one.

        Args:
            data: input and control keys, as a client would send them.
            pk: the key of the row, which ``_id`` in ``data`` says, too.
            user: whose permissions apply.
            idempotency_key: as the header of this name.
            background: run it later; ``None`` leaves it to the action.
            dry_run: undo everything at the end.

        Returns:
            The result; errors are in it (``ok``, ``error``, ``status_code``), never raised.
        """
        settings = get_settings(self._version)
        try:
            payload = dict(as_mapping(data or {}, "data"))
            payload |= {} if pk is None else {"_id": pk}
            payload |= {} if background is None else {"_background": background}
            payload |= {"_dry_run": True} if dry_run else {}
            return self._run(payload, user, idempotency_key)
        except FlexError as error:
            return with_status(FlexResult.from_error(error), settings)

    def _run(self, payload: Mapping[str, Any], user: Any, key: str | None) -> FlexResult:
        settings = get_settings(self._version)
        policy, entry, name = settings.policy, None, str(self._model)
        actor = Actor(user)
        if not isinstance(self._model, str):
            name = str(self._model._meta.label_lower)
            entry = policy.entries.get(self._model)
        if self._unrestricted:
            model = self._model
            if isinstance(model, str):
                model = find_entry(policy, name).resource.model
            policy, entry = unrestricted(policy, model)
            actor = Trusted(user)
        if payload.get("_model") not in (None, name, entry.name if entry else name):
            raise QueryError("'_model' is given by the code here", path="_model")
        if payload.get("_action") not in (None, self._action_id):
            raise QueryError("'_action' is given by the code here", path="_action")
        request = FlexRequest(
            resource=name,
            operation=self._action_id,
            payload=payload,
            actor=actor,
            idempotency_key=key,
            by_operator=self._by_operator,
        )
        return run_action(request, settings, policy, entry)

    async def aexecute(self, data: Mapping[str, Any] | None = None, **options: Any) -> FlexResult:
        """Run the action from asynchronous code; otherwise like ``execute``."""
        return await sync_to_async(self.execute, thread_sensitive=True)(data, **options)
