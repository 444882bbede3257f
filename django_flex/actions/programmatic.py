"""``FlexAction``: model actions for code, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_flex.access.actor import Actor, Trusted
from django_flex.actions.answer import run_action
from django_flex.conf import get_settings
from django_flex.dialects.flex import flex_for
from django_flex.dialects.flex.parser import as_mapping
from django_flex.engine import Call, find_entry, with_status
from django_flex.exceptions import FlexError, QueryError
from django_flex.plan.shape import FlexResult
from django_flex.policy.compile.entries import unrestricted
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from django.db import models


class FlexAction:
    """Runs a model action from Python code, with the same permissions and reply as any other door.

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
        """Return an action that ignores permissions, for code that bypasses them on purpose."""
        free = FlexAction(self._model, self._action_id, version=self._version)
        free._unrestricted, free._by_operator = True, self._by_operator
        return free

    def by_operator(self) -> FlexAction:
        """Return an action that an operator runs from the command line on behalf of a user.

        It does not count towards the user's rate limits.
        """
        operated = FlexAction(self._model, self._action_id, version=self._version)
        operated._unrestricted, operated._by_operator = self._unrestricted, True
        return operated

    def execute(
        self,
        data: Mapping[str, object] | None = None,
        *,
        pk: object = None,
        user: object = None,
        idempotency_key: str | None = None,
        background: bool | None = None,
        dry_run: bool = False,
    ) -> FlexResult:
        """Run the action as a user; without one the caller is anonymous.

        Args:
            data: input and control keys, as a client would send them.
            pk: the key of the row, instead of ``_id`` in ``data``.
            user: whose permissions apply.
            idempotency_key: as the header of this name.
            background: whether to run it later; with ``None`` the action decides.
            dry_run: whether to roll everything back at the end.

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

    def _run(self, payload: Mapping[str, object], user: object, key: str | None) -> FlexResult:
        settings = get_settings(self._version)
        policy, entry, name = settings.policy, None, str(self._model)
        actor = Actor(user)
        if not isinstance(self._model, str):
            name = label_of(self._model)
            entry = policy.entries.get(name)
        if self._unrestricted:
            by_name = isinstance(self._model, str)
            label = find_entry(policy, name).resource.label if by_name else name
            policy, entry = unrestricted(policy, label)
            actor = Trusted(user)
        if payload.get("_model") not in (None, name, entry.name if entry else name):
            raise QueryError("'_model' is set by FlexAction", path="_model")
        if payload.get("_action") not in (None, self._action_id):
            raise QueryError("'_action' is set by FlexAction", path="_action")
        call = Call(
            settings=settings,
            dialect=flex_for(policy),
            policy=policy,
            entry=entry,
            resource=name,
            operation=self._action_id,
            payload=payload,
            actor=actor,
            idempotency_key=key,
            by_operator=self._by_operator,
        )
        return run_action(call)

    async def aexecute(self, data: Mapping[str, Any] | None = None, **options: Any) -> FlexResult:
        """Run the action from asynchronous code; otherwise like ``execute``."""
        return await sync_to_async(self.execute, thread_sensitive=True)(data, **options)
