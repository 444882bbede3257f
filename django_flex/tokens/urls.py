"""The URLs for signing in: ``path("auth/", include("django_flex.tokens.urls"))``."""

from __future__ import annotations

from django.urls import re_path

from django_flex.tokens import views

app_name = "flex_tokens"

# With or without a slash at the end, since a POST cannot be redirected.
urlpatterns = [
    re_path(r"^login/?$", views.login, name="login"),
    re_path(r"^refresh/?$", views.refresh_tokens, name="refresh"),
    re_path(r"^logout/?$", views.logout, name="logout"),
]
