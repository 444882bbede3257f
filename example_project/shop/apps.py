"""The Django app of the shop."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Artists, albums, tracks, and who bought them."""

    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"
