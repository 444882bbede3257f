"""A request that is asked about: through the pipeline, up to its plan, and no further."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from django_flex.access.actor import Actor
from django_flex.access.roles import policy_of_role
from django_flex.engine import STAGES, admit, answer
from django_flex.exceptions import FlexError, UnsupportedQueryError
from django_flex.http.actions import has_actions
from django_flex.http.api import door_at
from django_flex.http.endpoint import decode
from django_flex.http.routing import model_route
from django_flex.http.view_policy import view_door
from django_flex.query.operations import ACTIONS, BATCH
from django_flex.why.batches import explain_batch
from django_flex.why.explaining import Seen, explain

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.conf import Settings
    from django_flex.engine import Call, ResolvedCall
    from django_flex.http.view_policy import ViewGrants
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Policy
    from django_flex.why.values import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked about: a request, by a user (``None``: anonymous) or by anyone with a role."""

    method: str
    url: str
    body: str = ""
    user: Any = None
    role: str | None = None


class PlannedError(Exception):
    """A request has got as far as its plan. Internal: here it ends, so that nothing is read or written."""


def explain_request(
    asked: Asked, settings: Settings, view: ViewGrants | None = None, pk: Any = None
) -> Explanation:
    """Return why a request is allowed or refused.

    It is decoded, admitted, authorized and planned like any other. It is not counted, and not
    executed, so nothing is written. Only the row that a key names is looked up.

    Args:
        asked: the request, and who sends it.
        settings: of the API version whose path the URL begins with, or of the view.
        view: the grants of the view that the URL leads to, ``None`` for a URL of the API.
        pk: the key in the URL of a view.

    Raises:
        LookupError: no URL of rows, or something that is asked about in parts.
    """
    seen = Seen(assumed=asked.role is not None)
    request = _request(asked)
    if view is None:
        door, find_route, other = door_at(request.path_info.removeprefix(settings.path), settings)
    else:
        door, other = view_door(settings, view), None
        find_route = partial(model_route, pk, door.actions)
    if other is not None or request.method == "OPTIONS":
        raise LookupError("This URL is about no rows, so there is nothing to explain")
    settings = _watched(replace(door.settings, policy=door.policy), asked.role, seen)
    actor = Actor(asked.user, request)
    door = replace(door, settings=settings, policy=settings.policy, authenticate=lambda *_: actor)
    try:
        call = decode(request, find_route, door).call
    except FlexError as error:
        return explain(asked.method, asked.url, seen, door.dialect.error(error), actor, settings)
    if call.operation == ACTIONS:
        raise LookupError("Ask about each action by itself")
    call = replace(call, counted=False)
    if call.operation == BATCH:
        return explain_batch(f"{asked.method.upper()} {asked.url}", call, partial(_explained, seen))
    return _explained(seen, call, asked.method, asked.url)


def _explained(seen: Seen, call: Call, method: str, url: str) -> Explanation:
    """Take a call through the pipeline, and return what was seen; ``seen`` knows no other call."""
    seen = Seen(assumed=seen.assumed, call=call, answers=seen.answers)
    refusal = _refusal(call, seen)
    result = None if refusal is None else call.dialect.error(refusal)
    return explain(method, url, seen, result, call.actor, call.settings)


def _refusal(call: Call, seen: Seen) -> FlexError | None:
    """Take a call through the pipeline to its plan; return the error that ends it before."""

    def until_planned(resolved: ResolvedCall) -> FlexResult:
        seen.resolved = resolved
        if call.operation in STAGES:
            return answer(_stages(call.operation, seen), resolved)
        return _action(resolved)

    try:
        admit(call, until_planned)
    except PlannedError:
        return None
    except FlexError as error:
        return error
    return None


def _stages(operation: str, seen: Seen) -> Any:
    """Return the stages of an operation, of which the one that reads or writes ends it all."""
    stages = STAGES[operation]

    def authorize(asked: Any, *others: Any) -> Any:
        seen.asked = asked
        return stages.authorize(asked, *others)

    def end(*_stage: object) -> NoReturn:
        raise PlannedError

    return replace(stages, authorize=authorize, read=end, transact=None)


def _action(resolved: ResolvedCall) -> NoReturn:
    """Find a model action, as it is found when it is run."""
    if not has_actions():
        raise UnsupportedQueryError("There are no model actions")
    from django_flex.actions.run.finding import find

    find(resolved)
    raise PlannedError


def _request(asked: Asked) -> HttpRequest:
    request: HttpRequest = RequestFactory().generic(
        asked.method.upper(),
        asked.url,
        asked.body.encode(),
        content_type="application/json" if asked.body else "",
    )
    request.user = asked.user or AnonymousUser()
    return request


def _watched(settings: Settings, role: str | None, seen: Seen) -> Settings:
    """Return the settings with a policy that remembers what the project's resolver returned."""
    policy = settings.policy
    if role is not None:
        # Who has the role is signed in, unless it is that of those who are not.
        return replace(settings, policy=policy_of_role(policy, role), require_authentication=False)
    if policy.resolver is None:
        return settings
    return replace(settings, policy=_watching(policy, seen))


def _watching(policy: Policy, seen: Seen) -> Policy:
    resolver = policy.resolver
    assert resolver is not None  # noqa: S101 - the caller has looked

    def resolve(user: Any, model: str) -> Any:
        found = resolver(user, model)
        seen.answers.setdefault(model, []).append(found)
        return found

    return replace(policy, resolver=resolve)
