"""``@flex_query``: a view function that gets the result of the query in its request."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from django_flex.conf import get_settings
from django_flex.exceptions import FlexError
from django_flex.http.endpoint import Door, execute, understand
from django_flex.http.rendering import render
from django_flex.http.routing import model_route
from django_flex.http.view_policy import ViewGrants, view_door
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db import models
    from django.http import HttpRequest


def flex_query(  # noqa: PLR0913 - all by name, each a part of the grant
    *,
    model: type[models.Model],
    allowed_fields: Iterable[str],
    allowed_filters: Iterable[str] = (),
    allowed_ordering: Iterable[str] = (),
    allowed_search: Iterable[str] = (),
    allowed_aggregates: Iterable[str] = (),
    allowed_actions: Iterable[str] = ("get", "list"),
    rows: Any = "*",
    require_auth: bool | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the request's query before the view, under grants that are the same for every caller.

    The view is called as ``view(request, result=…, query_spec=…)``, and only on success; every
    error is answered in the usual JSON shape. Works on plain and on ``async`` functions.

    Args:
        model: the model that is queried.
        allowed_fields: readable paths, as ``fields`` of a grant.
        allowed_filters: as ``filters`` of a grant.
        allowed_ordering: as ``order_by`` of a grant.
        allowed_search: as ``search`` of a grant.
        allowed_aggregates: as ``aggregates`` of a grant.
        allowed_actions: the operations that the view serves, reads and writes.
        rows: as ``rows`` of a grant; default all rows.
        require_auth: whether anonymous callers get a 401; the settings decide if ``None``.
        version: whose settings apply.
    """
    actions = list(allowed_actions)
    grant = {
        "fields": list(allowed_fields),
        "filters": list(allowed_filters),
        "order_by": list(allowed_ordering),
        "search": list(allowed_search),
        "aggregates": list(allowed_aggregates),
        "ops": actions,
        "rows": rows,
    }

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        grants = ViewGrants(
            model=model,
            permissions=grant,
            place=view.__qualname__,
            require_auth=require_auth,
            actions=actions,
            common=True,
        )

        def open_door() -> Door:
            return view_door(get_settings(version), grants)

        return csrf_exempt(
            _wrap_async(view, open_door) if iscoroutinefunction(view) else _wrap(view, open_door)
        )

    return decorate


def _wrap(view: Callable[..., Any], open_door: Callable[[], Door]) -> Callable[..., Any]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        answer = _answer(request, kwargs, open_door())
        if isinstance(answer, HttpResponseBase):
            return answer
        result, query_spec = answer
        return view(request, *args, result=result, query_spec=query_spec, **kwargs)

    return wrapped


def _wrap_async(view: Callable[..., Any], open_door: Callable[[], Door]) -> Callable[..., Any]:
    @wraps(view)
    async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        answer = await sync_to_async(_answer, thread_sensitive=True)(request, kwargs, open_door())
        if isinstance(answer, HttpResponseBase):
            return answer
        result, query_spec = answer
        return await view(request, *args, result=result, query_spec=query_spec, **kwargs)

    return wrapped


def _answer(
    request: HttpRequest, kwargs: Mapping[str, Any], door: Door
) -> HttpResponseBase | tuple[FlexResult, Mapping[str, Any]]:
    """Return the result and the query object as it was understood, or the reply to an error."""
    pk = kwargs.get("pk", kwargs.get("id"))
    try:
        asked = understand(request, lambda: model_route(pk, door.actions), door)
    except FlexError as error:
        return render(request, FlexResult.from_error(error), door.settings)
    result = execute(request, asked, door)
    if result.ok:
        return result, asked.flex_request.payload
    return render(request, result, door.settings, asked.flex_request)
