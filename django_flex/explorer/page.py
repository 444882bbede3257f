"""What the page tells its scripts: where the API is, how to sign in, who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import get_language

from django_flex.conf import configuration, is_debug, middleware_classes
from django_flex.http.served import csrf_header_of
from django_flex.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from django_flex.access.actor import Actor
    from django_flex.conf import Settings

MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"
FOLDER = "django_flex/explorer"
FILES = {"script": "explorer.js", "styles": "explorer.css", "icon": "icon.svg"}


#: The languages that the page has texts in.
LANGUAGES = frozenset({"en", "de", "fr"})


def language_for(request: HttpRequest, settings: Settings) -> str:
    """Return the language of the page: that of the API's replies, English if it has no texts in it."""
    language = language_of(request, accept=settings.accept_language) or get_language() or "en"
    return language if language.split("-")[0] in LANGUAGES else "en"


def config_for(request: HttpRequest, settings: Settings, actor: Actor) -> dict[str, object]:
    """Return what the scripts need to know, as JSON values.

    Args:
        request: for the page.
        settings: of the API version that is shown first.
        actor: who opened the page.
    """
    user = actor.user
    return {
        "apis": list(_apis()),
        "version": settings.version,
        "user": user.get_username() if actor.is_authenticated else None,
        "staff": bool(getattr(user, "is_staff", False)),
        "csrf": {"header": csrf_header_of(settings), "token": get_token(request)},
        "tokens": url_of("flex_tokens:login"),
        "login": url_of("admin:login"),
        "operators": url_of("flex_explorer:operators")
        or url_of("flex_explorer:operators", {"version": settings.version or ""}),
        "debug": is_debug(),
        "language": language_for(request, settings),
        "accounts": dict(settings.explorer.accounts) if is_debug() else {},
    }


def _apis() -> Iterator[dict[str, object]]:
    """Yield the versions that the scripts can speak to: those with a URL, in our own wire form."""
    for version, settings in configuration().versions.items():
        path = path_of(settings)
        if path is not None and settings.dialect == "flex":
            camel = settings.policy.schema.naming is not None
            yield {"version": version, "path": path, "camel": camel}


def path_of(settings: Settings) -> str | None:
    """Return the path of an API version as browsers see it, ``None`` if nothing serves it."""
    if MIDDLEWARE in middleware_classes():
        return get_script_prefix() + settings.path.removeprefix("/")
    given = {} if settings.version is None else {"version": settings.version}
    return url_of("django_flex:api", {"rest": "", **given})


def url_of(name: str, arguments: dict[str, str] | None = None) -> str | None:
    """Return a URL of the project, ``None`` if there is no such one."""
    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return None


def content_security_policy() -> str:
    """Return what the page may load: its own files, and data of its own host.

    Static files may be on another host, which is then the only one beside this.
    """
    parts = urlsplit(static(f"{FOLDER}/{FILES['script']}"))
    files = f"'self' {parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else "'self'"
    rules = {
        "default-src": "'none'",
        "script-src": files,
        "style-src": files,
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
