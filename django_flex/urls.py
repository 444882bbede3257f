"""The API as URL patterns, for projects that do not want the middleware.

``path("api/", include("django_flex.urls"))``; for a version
``path("api/v1/", include("django_flex.urls"), {"version": "v1"})``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from django_flex.conf import get_settings
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import route

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

app_name = "django_flex"


# Reads by POST and QUERY need no token; writes check it themselves, whatever door they come by.
@csrf_exempt
def api(request: HttpRequest, rest: str = "", version: str | None = None) -> HttpResponseBase:
    """Answer one request; ``rest`` is the path behind the prefix of the include."""
    settings = get_settings(version)
    door = Door(settings=settings, policy=settings.policy)
    return serve(request, lambda: route(rest), door)


urlpatterns = [re_path(r"^(?P<rest>.*)$", api, name="api")]
