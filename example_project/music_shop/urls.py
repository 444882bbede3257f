"""The pages of the music shop; the API itself is served by ``FlexQueryMiddleware``."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from shop.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("admin/", admin.site.urls),
]
