"""The API as URL patterns, for projects that do not want the middleware.

``path("api/", include("django_flex.urls"))``; for a version
``path("api/v1/", include("django_flex.urls"), {"version": "v1"})``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from django_flex.conf import get_settings
from django_flex.http.api import serve_api

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

app_name = "django_flex"


# Reads by POST and QUERY need no CSRF token; writes check it themselves, at every door. The view
# also decides itself who has to be signed in, and replies with a 401, not a redirect.
@login_not_required
@csrf_exempt
def api(request: HttpRequest, rest: str = "", version: str | None = None) -> HttpResponseBase:
    """Return the reply to a request; ``rest`` is the path after the prefix of the include."""
    return serve_api(request, rest, get_settings(version))


urlpatterns = [re_path(r"^(?P<rest>.*)$", api, name="api")]
