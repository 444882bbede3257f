"""URLs of the test project; tests that need more set ``ROOT_URLCONF`` themselves."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("apidocs/", lambda _request: HttpResponse("docs"))]
