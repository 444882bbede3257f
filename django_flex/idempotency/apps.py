"""The optional app that stores replies in the database."""

from __future__ import annotations

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex.idempotency"]``."""

    name = "django_flex.idempotency"
    label = "flex_idempotency"
    verbose_name = "django_flex: replies to repeated writes"
    default_auto_field = "django.db.models.BigAutoField"
