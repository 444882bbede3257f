"""The optional app that signs users in by tokens."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks


class TokensConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex.tokens"]``."""

    name = "django_flex.tokens"
    label = "flex_tokens"
    verbose_name = "django_flex: tokens"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks; the code behind them is loaded when they run."""
        checks.register(_check_tokens, checks.Tags.security)
        checks.register(_check_cookies, checks.Tags.security, deploy=True)


def _check_tokens(**_kwargs: Any) -> list[checks.CheckMessage]:
    from django_flex.tokens.checks import check_tokens

    return check_tokens()


def _check_cookies(**_kwargs: Any) -> list[checks.CheckMessage]:
    from django_flex.tokens.checks import check_cookies

    return check_cookies()
