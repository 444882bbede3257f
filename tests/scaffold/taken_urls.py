"""URLs of a project that has an API of its own at the usual place."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import include, path, re_path

urlpatterns = [
    path("api/v1/", include([path("things/", lambda request: HttpResponse())])),
    re_path(r"^other/$", lambda request: HttpResponse()),
]
