"""System checks: passwords that a page would show, and scripts that have no URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name

from django_flex.conf import configuration, is_debug, static_url

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_explorer() -> list[CheckMessage]:
    """Return a message for each setting with which the explorer is unsafe, or shows nothing."""
    return [*_accounts(), *_files()]


def _accounts() -> Iterator[CheckMessage]:
    for settings in configuration().versions.values():
        if settings.explorer.accounts and not is_debug():
            yield Warning(
                f"{settings.place}['EXPLORER_ACCOUNTS']: Passwords are in the settings; while"
                " DEBUG is off, the explorer does not show them.",
                hint="keep them in the settings of your development only",
                id="django_flex.W048",
            )


def _files() -> Iterator[CheckMessage]:
    audiences = {one.explorer.audience for one in configuration().versions.values()}
    if not static_url() and audiences != {"off"}:
        yield Warning(
            "STATIC_URL: The scripts of the explorer have no URL.",
            hint="STATIC_URL = 'static/', with 'django.contrib.staticfiles' in INSTALLED_APPS",
            id="django_flex.W049",
        )
