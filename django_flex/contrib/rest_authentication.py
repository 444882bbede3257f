"""Authentication classes of Django REST framework for our doors."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.settings import api_settings

from django_flex.exceptions import AuthenticationFailedError

if TYPE_CHECKING:
    from django.http import HttpRequest


class RestFrameworkAuthentication:
    """An authenticator that runs authentication classes of Django REST framework."""

    classes: ClassVar[tuple[type[BaseAuthentication], ...]] = ()
    needs_csrf = False

    def get_classes(self) -> tuple[type[BaseAuthentication], ...]:
        """Return the classes to try, in order."""
        return self.classes

    def authenticate(self, request: HttpRequest) -> Any:
        """Return the user of the first class that returns one.

        Raises:
            AuthenticationFailedError: a class refuses the credentials.
        """
        wrapped = Request(request)
        for one in self.get_classes():
            authenticator = without_csrf(one())
            try:
                found = authenticator.authenticate(wrapped)
            except APIException as error:
                raise AuthenticationFailedError(str(error.detail)) from error
            if found is not None:
                self.needs_csrf = isinstance(authenticator, RestSession)
                return found[0]
        return None

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """Return the challenge of the first class that has one."""
        wrapped = Request(request)
        headers = (one().authenticate_header(wrapped) for one in self.get_classes())
        return next((header for header in headers if header), None)


class DefaultAuthentication(RestFrameworkAuthentication):
    """The classes in ``DEFAULT_AUTHENTICATION_CLASSES``, except sessions, which are tried before."""

    def get_classes(self) -> tuple[type[BaseAuthentication], ...]:
        """Return the configured classes that read credentials from the request itself."""
        # The stubs declare dotted paths, as in the settings; the object returns the classes.
        classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        return tuple(one for one in classes if not issubclass(one, RestSession))


def adapt(*classes: type[BaseAuthentication]) -> type[RestFrameworkAuthentication]:
    """Return an authenticator for ``AUTHENTICATION`` that tries classes of REST framework."""
    return type("AdaptedAuthentication", (RestFrameworkAuthentication,), {"classes": classes})


def without_csrf(authenticator: BaseAuthentication) -> BaseAuthentication:
    """Skip the CSRF check of sessions; the door makes it once it knows whether a POST writes."""
    if not isinstance(authenticator, RestSession):
        return authenticator
    # A copy, because the project may use the same authenticator for other views.
    ours = copy(authenticator)
    ours.enforce_csrf = lambda request: None  # type: ignore[method-assign]  # of this object alone
    return ours
