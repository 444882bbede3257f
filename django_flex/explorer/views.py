"""The page, for those who may open it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template import Context, Engine
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.exceptions import FlexError
from django_flex.explorer.page import (
    FILES,
    FOLDER,
    config_for,
    content_security_policy,
    language_for,
    url_of,
)
from django_flex.http.authentication import authenticate
from django_flex.http.rendering import VARY
from django_flex.plan.json_values import encode

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.template.base import Template

    from django_flex.conf import Settings


# Who has to be signed in is decided here, by `EXPLORER`.
@login_not_required
@require_safe
def explorer(request: HttpRequest, version: str | None = None) -> HttpResponse:
    """Return the page; anyone who may not open it is sent to sign in, or refused.

    Raises:
        Http404: nobody may open it.
        PermissionDenied: the user is signed in, and not of the staff.
    """
    settings = get_settings(version)
    actor = caller_of(request, settings)
    if may_open(actor, settings):
        return _page(request, settings, actor)
    if settings.explorer.audience == "off":
        raise Http404
    if actor.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.get_full_path(), url_of("admin:login"))


def page_at_api(request: HttpRequest, settings: Settings) -> HttpResponse | None:
    """Return the page at the path of an API, ``None`` for anyone who may not open it."""
    actor = caller_of(request, settings)
    return _page(request, settings, actor) if may_open(actor, settings) else None


def caller_of(request: HttpRequest, settings: Settings) -> Actor:
    """Return who opens the page, as the API would see them."""
    try:
        return authenticate(request, settings)
    except FlexError:
        return Actor(None, request)


def may_open(actor: Actor, settings: Settings) -> bool:
    """Whether a caller is among those whom ``EXPLORER`` names."""
    if settings.explorer.audience == "staff":
        return actor.is_authenticated and bool(getattr(actor.user, "is_staff", False))
    return settings.explorer.audience == "everybody"


def _page(request: HttpRequest, settings: Settings, actor: Actor) -> HttpResponse:
    files = {name: static(f"{FOLDER}/{file}") for name, file in FILES.items()}
    config = encode(config_for(request, settings, actor)).decode()
    language = language_for(request, settings)
    context = Context({"config": config, "language": language, **files})
    response = HttpResponse(_template().render(context))
    response.headers["Content-Language"] = language
    # It names the user, and has their CSRF token.
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = VARY
    response.headers["Content-Security-Policy"] = content_security_policy()
    return response


@cache
def _template() -> Template:
    # An engine of its own: the project may have no templates, and no context processors are wanted.
    folder = Path(__file__).parent / "templates"
    return Engine(dirs=[str(folder)]).get_template("explorer.html")
