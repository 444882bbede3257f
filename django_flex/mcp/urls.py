"""The server for agents as a URL pattern: ``path("mcp/", include("django_flex.mcp.urls"))``.

For a version ``path("mcp/v1/", include("django_flex.mcp.urls"), {"version": "v1"})``.
"""

from __future__ import annotations

from django.urls import path

from django_flex.mcp.views import mcp

app_name = "django_flex_mcp"

urlpatterns = [path("", mcp, name="mcp")]
