"""Applies the querysets and object permissions of a viewset of REST framework to an entry."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.views import APIView

from django_flex.engine.objects import find_key
from django_flex.exceptions import (
    AccessDeniedError,
    AuthenticationRequiredError,
    ObjectNotFoundError,
)
from django_flex.schema.model_attributes import column_compared_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model
    from rest_framework.request import Request

    from django_flex.http.endpoint import Door
    from django_flex.policy.model import Entry


class Viewset(Protocol):
    """The parts of a viewset of REST framework that are used."""

    def get_queryset(self) -> object: ...

    def filter_queryset(self, queryset: QuerySet[Model]) -> object: ...

    def get_permissions(self) -> Iterable[BasePermission]: ...

    def get_authenticate_header(self, request: Request) -> str | None: ...

    def check_object_permissions(self, request: Request, obj: object) -> None: ...


logger = logging.getLogger("django_flex.security")


def rows_of(view: object) -> object:
    """Return the rows of a viewset, with its filter backends applied; ``None`` for all rows.

    If the viewset does not return a queryset, the result is an object that ``within`` refuses.
    """
    own: object = getattr(type(view), "get_queryset", None)
    if own is None:
        return None
    if own is GenericAPIView.get_queryset and getattr(view, "queryset", None) is None:
        return None  # it only has a model
    viewset = cast("Viewset", view)
    found = viewset.get_queryset()
    if found is None:
        return ()  # a forgotten return allows nothing
    if not isinstance(found, QuerySet) or _unfit(found) is not None:
        return found
    return viewset.filter_queryset(found)


def within(entry: Entry, rows: object, place: str) -> Entry:
    """Return an entry whose rows also have to be among those of a queryset.

    If the queryset cannot be filtered further, the request is denied and this is logged.
    """
    found: QuerySet[Model] | None = rows if isinstance(rows, QuerySet) else None
    fault = "no queryset" if found is None else _unfit(found)
    if found is None or fault is not None:
        logger.error("%s returns %s, which cannot be filtered; access denied", place, fault)
        return replace(entry, queryset=_nothing)
    if _is_everything(found):
        return entry
    own = entry.queryset
    keys = found.order_by().values("pk")
    if own is None and _is_simple(found):
        return replace(entry, queryset=lambda _user, _request: found)

    def both(user: Any, request: Any) -> Any:
        start = found.model._default_manager.all() if own is None else own(user, request)
        return start.filter(**{f"{column_compared_as(found.model, 'pk')}__in": keys})

    return replace(entry, queryset=both)


def _nothing(_user: Any, _request: Any) -> None:
    """Replace an unusable queryset; not returning one denies."""


def _unfit(rows: QuerySet[Model]) -> str | None:
    query = rows.query
    if query.is_sliced:
        return "a slice"
    if query.combinator:
        return f"a {query.combinator}"
    return "DISTINCT ON" if query.distinct_fields else None


def _is_everything(rows: QuerySet[Model]) -> bool:
    query = rows.query
    return not (query.where or query.extra_tables or query.annotations or len(query.alias_map) > 1)


def _is_simple(rows: QuerySet[Model]) -> bool:
    """Whether a queryset is a plain WHERE that has each row once."""
    query = rows.query
    joined = query.extra_tables or len(query.alias_map) > 1
    return not (joined or query.annotations or query.group_by or query.distinct)


def object_check(view: object, request: Request) -> Callable[[Any], None] | None:
    """Return a function that checks the object permissions of a viewset; ``None`` if it has none."""
    viewset = cast("Viewset", view)
    if not _asks(viewset):
        return None

    def check(row: object) -> None:
        try:
            viewset.check_object_permissions(request, row)
        except NotAuthenticated as error:
            # As in REST framework, a 401 requires that the first authenticator has a challenge.
            if viewset.get_authenticate_header(request):
                raise AuthenticationRequiredError from error
            raise AccessDeniedError(str(error.detail)) from error
        except (Http404, NotFound) as error:
            raise ObjectNotFoundError from error
        except APIException as error:
            raise AccessDeniedError(str(error.detail)) from error
        except PermissionDenied as error:
            raise AccessDeniedError(str(error) or "Access denied") from error

    return check


def _asks(view: Viewset) -> bool:
    """Whether a permission of a viewset, or the viewset itself, checks objects."""
    own: object = type(view).check_object_permissions
    if own is not APIView.check_object_permissions:
        return True
    plain = BasePermission.has_object_permission
    kinds = map(type, view.get_permissions())
    return any(getattr(kind, "has_object_permission", plain) is not plain for kind in kinds)


def found_by(view: Any, visible: Callable[[Any], bool]) -> Any:
    """Return the row that ``get_object`` of a viewset returns, if it is visible.

    Args:
        view: the viewset; its object permissions are only checked for visible rows.
        visible: whether the caller may see a row.

    Raises:
        ObjectNotFoundError: the row does not exist or is hidden.
    """
    asks, shown = view.check_object_permissions, set()

    def check(request: Request, row: Any) -> None:
        if not visible(row):
            raise Http404
        shown.add(row.pk)
        asks(request, row)

    view.check_object_permissions = check
    try:
        row = view.get_object()
    except (Http404, NotFound) as error:
        raise ObjectNotFoundError from error
    finally:
        del view.check_object_permissions
    # Not every `get_object` checks permissions.
    if row.pk not in shown and not visible(row):
        raise ObjectNotFoundError
    return row


def visible_key(request: Request, door: Door, operation: str | None, name: str, value: Any) -> Any:
    """Return the result of ``find_key`` for the caller of a request.

    Raises:
        FlexError: the caller cannot see such a row, or has to sign in.
    """
    if door.entry is None:
        return None
    return find_key(
        policy=door.policy,
        backends=door.settings.backends,
        entry=door.entry,
        actor=door.authenticate(request._request, door.settings),  # noqa: SLF001 - the documented way
        operation=operation,
        name=name,
        value=value,
        limits=door.settings.limits,
    )
