"""The API in the wire form of Directus, as URL patterns.

``path("", include("django_flex.contrib.directus.urls"))``, at any prefix; for a version
``path("cms/", include("django_flex.contrib.directus.urls"), {"version": "cms"})``.
Other URLs below the prefix are left to the patterns that follow. With ``django_flex.tokens`` in
``INSTALLED_APPS`` there is ``/auth``, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from django_flex.conf import get_settings
from django_flex.http.directus.door import FIRST, serve_directus

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

app_name = "directus"


# Reads by SEARCH need no CSRF token; writes check it themselves. The view also decides itself who
# has to be signed in, and replies with an error, not a redirect.
@login_not_required
@csrf_exempt
def api(request: HttpRequest, rest: str, version: str | None = None) -> HttpResponseBase:
    """Return the reply to a request; ``rest`` is the path after the prefix of the include."""
    return serve_directus(request, rest, get_settings(version))


urlpatterns = [re_path(rf"^(?P<rest>(?:{'|'.join(FIRST)})(?:/.*)?)$", api, name="api")]


# A refused refresh token revokes its login, which a transaction of the request would undo.
@login_not_required
@csrf_exempt
@non_atomic_requests
def authentication(request: HttpRequest, rest: str, version: str | None = None) -> HttpResponseBase:
    """Return the reply to a login, a refresh or a logout."""
    # Imported here because its models exist only if the app is installed.
    from django_flex.contrib.directus.authentication import serve_authentication

    return serve_authentication(request, rest, get_settings(version))


if apps.is_installed("django_flex.tokens"):
    urlpatterns.append(re_path(r"^auth/(?P<rest>.*)$", authentication, name="authentication"))
