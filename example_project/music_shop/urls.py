"""The pages of the music shop; the API itself is served by ``FlexQueryMiddleware``."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from shop.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("admin/", admin.site.urls),
    path("auth/", include("django_flex.tokens.urls")),
    # The API in a browser, which /api/ shows as well.
    path("explorer/", include("django_flex.explorer.urls")),
    # The same grants for clients of Directus.
    path("cms/", include("django_flex.contrib.directus.urls")),
]

# Agents, if `pip install -e '.[mcp]'` has installed the SDK of their protocol.
if find_spec("mcp"):
    urlpatterns.append(path("mcp/", include("django_flex.mcp.urls")))
