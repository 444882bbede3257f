"""The pages of the music shop; the API itself is served by ``FlexQueryMiddleware``."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from shop.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("admin/", admin.site.urls),
    path("auth/", include("django_flex.tokens.urls")),
    # The same grants for clients of Directus.
    path("cms/", include("django_flex.contrib.directus.urls")),
]
