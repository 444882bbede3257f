"""The explorer as a URL pattern: ``path("explorer/", include("django_flex.explorer.urls"))``.

For a version ``path("explorer/v1/", include("django_flex.explorer.urls"), {"version": "v1"})``.
"""

from __future__ import annotations

from django.urls import path

from django_flex.explorer.operators import operators
from django_flex.explorer.views import explorer

app_name = "flex_explorer"

urlpatterns = [
    path("", explorer, name="explorer"),
    path("operators/", operators, name="operators"),
]
