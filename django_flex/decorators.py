"""``@flex_query``: a view function that gets the result of the query in its request."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from django_flex.conf import get_settings
from django_flex.exceptions import FlexError
from django_flex.http.endpoint import Door, decode, execute, respond
from django_flex.http.rendering import name_language
from django_flex.http.routing import model_route
from django_flex.http.view_policy import ViewGrants, check_model, place_of, view_door
from django_flex.languages import in_language_of, language_of
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db import models
    from django.http import HttpRequest

    from django_flex.schema.resources import Resource


def flex_query(  # noqa: PLR0913 - all by name, each a part of the grant
    *,
    model: type[models.Model] | Resource,
    allowed_fields: Iterable[str],
    allowed_filters: Iterable[str] = (),
    allowed_ordering: Iterable[str] = (),
    allowed_search: Iterable[str] = (),
    allowed_aggregates: Iterable[str] = (),
    allowed_actions: Iterable[str] = ("get", "list"),
    allowed_files: Mapping[str, Any] | None = None,
    rows: Any = "*",
    require_auth: bool | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the query of the request before the view, with the same grants for every caller.

    The view is called as ``view(request, result=…, query_spec=…)``, and only if the query succeeds;
    errors are returned as JSON. Works with plain and ``async`` functions.

    Args:
        model: the model that is queried, or a declared resource.
        allowed_fields: readable paths, as in ``fields`` of a grant.
        allowed_filters: as in ``filters`` of a grant.
        allowed_ordering: as in ``order_by`` of a grant.
        allowed_search: as in ``search`` of a grant.
        allowed_aggregates: as in ``aggregates`` of a grant.
        allowed_actions: the operations that the view supports, reads and writes.
        allowed_files: as in ``files`` of a grant: the columns that take uploads, with their limits.
        rows: as in ``rows`` of a grant; the default is all rows.
        require_auth: whether anonymous callers get a 401; with ``None`` the settings decide.
        version: the API version whose settings apply.

    Raises:
        ImproperlyConfigured: ``model`` is neither a model class nor a declared resource.
    """
    grant: dict[str, Any] = {
        "fields": list(allowed_fields),
        "filters": list(allowed_filters),
        "order_by": list(allowed_ordering),
        "search": list(allowed_search),
        "aggregates": list(allowed_aggregates),
        "ops": list(allowed_actions),
        "rows": rows,
        "files": allowed_files or {},
    }

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        grants = ViewGrants(
            model=check_model(model, place_of(view)),
            permissions=grant,
            place=place_of(view),
            require_auth=require_auth,
            actions=grant["ops"],
            common=True,
            version=version,
        )
        return _decorated(view, grants)

    return decorate


def _decorated(view: Callable[..., Any], grants: ViewGrants) -> Callable[..., Any]:
    wrap = _wrap_async if iscoroutinefunction(view) else _wrap
    wrapped = wrap(view, lambda: view_door(get_settings(grants.version), grants))
    vars(wrapped)["flex_grants"] = grants  # for the checks, which look at a project's views
    # The view itself decides who has to be signed in, and replies with a 401, not a redirect.
    return login_not_required(csrf_exempt(wrapped))


def _wrap(view: Callable[..., Any], open_door: Callable[[], Door]) -> Callable[..., Any]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = _execute(request, kwargs, open_door())
        if isinstance(found, HttpResponseBase):
            return found
        result, query_spec = found
        return view(request, *args, result=result, query_spec=query_spec, **kwargs)

    return wrapped


def _wrap_async(view: Callable[..., Any], open_door: Callable[[], Door]) -> Callable[..., Any]:
    @wraps(view)
    async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = await sync_to_async(_execute, thread_sensitive=True)(request, kwargs, open_door())
        if isinstance(found, HttpResponseBase):
            return found
        result, query_spec = found
        return await view(request, *args, result=result, query_spec=query_spec, **kwargs)

    return wrapped


def _execute(
    request: HttpRequest, kwargs: Mapping[str, Any], door: Door
) -> HttpResponseBase | tuple[FlexResult, Mapping[str, Any]]:
    """Return the result and the query object as parsed, or the reply of an error."""
    language = language_of(request, accept=door.settings.accept_language)
    with in_language_of(language):
        answered = _answer(request, kwargs, door)
    if not isinstance(answered, tuple):
        name_language(answered, language)
    return answered


def _answer(
    request: HttpRequest, kwargs: Mapping[str, Any], door: Door
) -> HttpResponseBase | tuple[FlexResult, Mapping[str, Any]]:
    pk = kwargs.get("pk", kwargs.get("id"))
    try:
        decoded = decode(request, lambda: model_route(pk, door.actions), door)
    except FlexError as error:
        return respond(request, door.dialect.error(error), door)
    result = execute(request, decoded, door)
    if result.ok:
        return result, decoded.call.payload
    return respond(request, result, door, decoded.call)
