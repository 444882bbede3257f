"""The optional app that shows an API in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core import checks

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings


class ExplorerConfig(AppConfig):
    """``INSTALLED_APPS = [..., "django_flex.explorer"]``."""

    name = "django_flex.explorer"
    label = "flex_explorer"
    verbose_name = "django_flex: explorer"

    def ready(self) -> None:
        """Register the check; the code behind it is loaded when it runs."""
        checks.register(_check, checks.Tags.security)

    def page_for(self, request: HttpRequest, settings: Settings) -> HttpResponseBase | None:
        """Return what a browser gets at the path of an API, ``None`` if it may not open the page."""
        from django_flex.explorer.views import page_at_api

        return page_at_api(request, settings)


def _check(**_kwargs: Any) -> list[checks.CheckMessage]:
    from django_flex.explorer.checks import check_explorer

    return check_explorer()
