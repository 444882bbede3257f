"""The Django app of the shop."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from music_shop.database import IN_MEMORY


class ShopConfig(AppConfig):
    """Artists, albums, tracks, and who bought them."""

    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the API serve the plays, if there is a database for them."""
        if not settings.DYNAMODB_URL:
            return
        # Imported here, since only this part of the shop needs the extra `dynamodb`.
        from django_flex.backends.dynamodb import register
        from shop.plays import Play

        if settings.DYNAMODB_URL == IN_MEMORY:
            from moto import mock_aws

            mock_aws().start()
        register(Play)
